// What this browser remembers for us, where it lets us: in a frame on somebody else's page storage may be blocked, and everything then lasts as long as the page.

function keeper(open: () => Storage) {
  const memory = new Map<string, string>()
  let store: Storage | null = null
  try {
    store = open()
    store.setItem('kanal.probe', '1')
    store.removeItem('kanal.probe')
  } catch { store = null }
  return {
    kept: store !== null,
    get(key: string): string { try { return (store ? store.getItem(key) : memory.get(key)) ?? '' } catch { return memory.get(key) ?? '' } },
    set(key: string, value: string): void { memory.set(key, value); try { store?.setItem(key, value) } catch { /* full, or closed since */ } },
    del(key: string): void { memory.delete(key); try { store?.removeItem(key) } catch { /* as above */ } },
    keys(prefix: string): string[] { try { return (store ? Object.keys(store) : [...memory.keys()]).filter((k) => k.startsWith(prefix)) } catch { return [] } },
  }
}

/** Until the visitor clears it, and until the tab closes. */
export const lasting = keeper(() => localStorage)
export const passing = keeper(() => sessionStorage)

export function readJSON<T>(text: string, otherwise: T): T {
  try { return text ? (JSON.parse(text) as T) : otherwise } catch { return otherwise }
}
