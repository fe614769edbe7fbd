// What this browser remembers for us, where it lets us: in a frame on somebody else's page storage may be blocked, and everything then lasts as long as the page.

export function keeper(open: () => Storage) {
  const memory = new Map<string, string>() // what the store did not take: it may be full, or closed since
  let store: Storage | null = null
  let kept = false
  try {
    store = open()
    store.getItem('kanal.probe')
    store.setItem('kanal.probe', '1')
    store.removeItem('kanal.probe')
    kept = true
  } catch { /* a full store can be read still */ }
  const gone = '\0'
  return {
    kept,
    get(key: string): string {
      const mine = memory.get(key)
      if (mine !== undefined) return mine === gone ? '' : mine
      try { return store?.getItem(key) ?? '' } catch { return '' }
    },
    set(key: string, value: string): void {
      try { if (!store) throw new Error('none'); store.setItem(key, value); memory.delete(key) } catch { memory.set(key, value) }
    },
    del(key: string): void {
      memory.delete(key)
      try { store?.removeItem(key) } catch { memory.set(key, gone) }
    },
    keys(prefix: string): string[] {
      let all: string[] = []
      try { all = store ? Object.keys(store) : [] } catch { /* as above */ }
      return [...new Set([...all, ...memory.keys()])].filter((k) => k.startsWith(prefix) && memory.get(k) !== gone)
    },
  }
}

/** Until the visitor clears it, and until the tab closes. */
export const lasting = keeper(() => localStorage)
export const passing = keeper(() => sessionStorage)

export function readJSON<T>(text: string, otherwise: T): T {
  try { return text ? (JSON.parse(text) as T) : otherwise } catch { return otherwise }
}
