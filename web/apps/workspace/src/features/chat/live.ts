// Which chats of a list have somebody there, and since when they wait. Rows on screen ask together, and hear of who comes and goes.

import { useEffect, useSyncExternalStore } from 'react'
import { get, type Page } from '@kanal/api'
import type { Sign } from './model.ts'

export interface Live { thread_id: string; ticket_id: string | null; visitor_id: string; online: boolean; waits_since: string | null }
export type Of = { tickets?: string; threads?: string }

const known = new Map<string, Live | null>()
const shown = new Map<string, number>()
const listeners = new Set<() => void>()
const tell = () => { for (const fn of listeners) fn() }
const keyOf = (of: Of): string => (of.tickets ? `t${of.tickets}` : `h${of.threads ?? ''}`)

const wanted = new Set<string>()
let timer: ReturnType<typeof setTimeout> | undefined
function ask(key: string): void {
  wanted.add(key)
  timer ??= setTimeout(() => { timer = undefined; void read() }, 80)
}
async function read(): Promise<void> {
  const keys = [...wanted].slice(0, 100)
  for (const k of keys) wanted.delete(k)
  if (wanted.size) timer ??= setTimeout(() => { timer = undefined; void read() }, 80)
  const of = (kind: string) => keys.filter((k) => k.startsWith(kind)).map((k) => k.slice(1)).join(',') || undefined
  try {
    const { items } = await get<Page<Live>>('/api/visitors/online', { tickets: of('t'), threads: of('h') })
    for (const k of keys) {
      // the last of a ticket's chats is the one that goes on
      const found = (items ?? []).filter((x) => (k.startsWith('t') ? x.ticket_id === k.slice(1) : x.thread_id === k.slice(1))).at(-1)
      known.set(k, found ?? null)
    }
    tell()
  } catch { /* the next look says it */ }
}

addEventListener('kanal:visitor', (e) => {
  const sign = (e as CustomEvent<Sign>).detail
  let changed = false
  for (const [k, v] of known) {
    const online = sign.state !== 'offline'
    if (v && v.visitor_id === sign.visitor_id && v.online !== online) { known.set(k, { ...v, online }); changed = true }
  }
  if (changed) tell()
})
// What got lost on the way is made up for.
setInterval(() => { if (!document.hidden) for (const k of shown.keys()) ask(k) }, 60_000)
document.addEventListener('visibilitychange', () => { if (!document.hidden) for (const k of shown.keys()) ask(k) })

/** A row's chat; asked again whenever something was said in it. undefined: not known yet. */
export function useLive(of: Of, at: string): Live | null | undefined {
  const key = keyOf(of)
  useEffect(() => {
    shown.set(key, (shown.get(key) ?? 0) + 1)
    return () => { const n = (shown.get(key) ?? 1) - 1; if (n > 0) shown.set(key, n); else { shown.delete(key); known.delete(key) } }
  }, [key])
  useEffect(() => ask(key), [key, at])
  return useSyncExternalStore((fn) => { listeners.add(fn); return () => { listeners.delete(fn) } }, () => known.get(key))
}
