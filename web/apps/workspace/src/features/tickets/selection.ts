// What is picked in a list, for work on many tickets at once: single tickets, or all that a view with its filter holds.

import { useSyncExternalStore } from 'react'
import { get } from '@kanal/api'
import type { ListAsk } from '@/features/views/index.ts'
import { defineAction } from '@/shell/actions.ts'

export interface Selection {
  ids: ReadonlySet<string>
  /** everything that view with filter holds, also what is not loaded */
  all: boolean
  view: string
  at: string
  filter: string
  count: number
  capped: boolean
  clear(): void
}

interface State { list: string; view: string; at: string; filter: string; ids: ReadonlySet<string>; all: boolean; anchor: string | null; total: { count: number; capped: boolean } }
const nothing: State = { list: '', view: '', at: '', filter: '', ids: new Set(), all: false, anchor: null, total: { count: 0, capped: false } }
let now = nothing
const listeners = new Set<() => void>()
function put(next: State): void { now = next; for (const fn of listeners) fn() }
const follow = (fn: () => void) => { listeners.add(fn); return () => { listeners.delete(fn) } }

export const clearSelection = (): void => { if (now !== nothing) put(nothing) }
const keyOf = (a: ListAsk) => `${a.view}${a.at} ${a.filter}`

/** Begins with nothing picked when another list is on the screen. */
export function selectionFor(ask: ListAsk): void { if (now !== nothing && now.list !== keyOf(ask)) clearSelection() }

/** Picks or drops a row; with through, everything between it and the one picked before. */
export function pick(ask: ListAsk, id: string, through: string[] | null = null): void {
  const same = now.list === keyOf(ask) ? now : { ...nothing, list: keyOf(ask), view: ask.view, at: ask.at, filter: ask.filter }
  const ids = new Set(same.ids)
  const from = through && same.anchor ? through.indexOf(same.anchor) : -1
  const to = through ? through.indexOf(id) : -1
  if (through && from >= 0 && to >= 0) for (const x of through.slice(Math.min(from, to), Math.max(from, to) + 1)) ids.add(x)
  else if (ids.has(id)) ids.delete(id)
  else ids.add(id)
  if (ids.size === 0) clearSelection()
  else put({ ...same, ids, all: false, anchor: id })
}

/** Picks what is loaded; once more, all that the view holds. */
export function pickAll(ask: ListAsk, loaded: string[], more: boolean): void {
  if (loaded.length === 0) return
  if (now.list === keyOf(ask) && !now.all && now.ids.size >= loaded.length && more) { void pickView(ask); return }
  put({ ...nothing, list: keyOf(ask), view: ask.view, at: ask.at, filter: ask.filter, ids: new Set(loaded), anchor: loaded[0]! })
}

export async function pickView(ask: ListAsk): Promise<void> {
  const list = keyOf(ask)
  const total = await get<{ count: number; capped: boolean }>('/api/tickets/count', { view: ask.view + ask.at, filter: ask.filter })
  if (now.list === list) put({ ...now, all: true, total })
}

export function useSelection(): Selection {
  const st = useSyncExternalStore(follow, () => now)
  return { ids: st.ids, all: st.all, view: st.view, at: st.at, filter: st.filter, count: st.all ? st.total.count : st.ids.size, capped: st.all && st.total.capped, clear: clearSelection }
}

export const usePicked = (id: string): boolean => useSyncExternalStore(follow, () => now.all || now.ids.has(id))

defineAction({ id: 'select.toggle', label: 'action.select', group: 'list', icon: 'check', shortcut: 'x', when: (c) => !!c.selection, run: (c) => c.selection!.toggle() })
defineAction({ id: 'select.all', label: 'action.select_all', group: 'list', icon: 'check', shortcut: '*', when: (c) => !!c.selection, run: (c) => c.selection!.all() })
defineAction({ id: 'select.clear', label: 'select.clear', group: 'list', icon: 'x', shortcut: 'escape', when: (c) => !!c.selection && c.selection.count > 0, run: (c) => c.selection!.clear() })
