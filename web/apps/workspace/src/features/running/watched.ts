// Kept in the browser, so that progress survives a reload; filled by whoever starts a run and by the stream, so that other tabs show it too.

import { useSyncExternalStore } from 'react'
import type { KanalEvent } from '@kanal/api'

const place = 'kanal.bulk'
const none: readonly string[] = []
const listeners = new Set<() => void>()

function read(): readonly string[] {
  try {
    const v: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(v) && v.length ? v.filter((x): x is string => typeof x === 'string') : none
  } catch { return none }
}

let ids = read()
const dismissed = new Set<string>()

function write(next: readonly string[]): void {
  ids = next
  try { localStorage.setItem(place, JSON.stringify(next)) } catch { /* private mode: it then lasts as long as the page */ }
  for (const fn of listeners) fn()
}

export function watchRun(id: string): void {
  dismissed.delete(id)
  if (!ids.includes(id)) write([...ids, id].slice(-5))
}

export function unwatchRun(id: string): void {
  dismissed.add(id)
  if (ids.includes(id)) write(ids.filter((x) => x !== id))
}

export const useWatched = (): readonly string[] => useSyncExternalStore((fn) => { listeners.add(fn); return () => { listeners.delete(fn) } }, () => ids)

/** A run of one's own that another tab or device began is shown here too, unless it was put away. */
export function hearRun(ev: KanalEvent): void {
  if (ev.type !== 'bulk.progressed') return
  const d = ev.data as { id?: unknown; state?: unknown }
  const id = String(d.id ?? '')
  if (id && (d.state === 'collecting' || d.state === 'running') && !dismissed.has(id)) watchRun(id)
}
