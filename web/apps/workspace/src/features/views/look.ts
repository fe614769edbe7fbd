// What a list shows and how: the view, the filter over it (saved, or being tried out in the address), order, groups, columns, layout.

import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Filter, SavedView } from '@kanal/api'
import type { Look } from './arrange.ts'
import { isEmpty, parseFilter } from './filter.ts'
import { arrange, useArrangement, useSaved } from './queries.ts'

/** What is asked of the server. filter narrows view; at is @SPACE, or nothing. */
export interface ListAsk { view: string; filter: string; sort: string; group: string; people: boolean; at: string }

export const usualColumns = ['contact.name', 'subject', 'status_id', 'priority', 'owner_id', 'last_activity_at']
const fromContact = (c: string) => c.startsWith('contact.') && c !== 'contact.name' && c !== 'contact.email'

export interface ViewState {
  look: Look
  ask: ListAsk
  saved: SavedView | undefined
  /** a saved view is being read, or is gone */
  missing: boolean
  /** the filter as it is now, the unsaved one first */
  filter: Filter
  /** something differs from what the view says by itself */
  dirty: boolean
  setFilter(f: Filter | null): void
  setLook(l: Partial<Look>): Promise<void>
  /** forgets what differs */
  discard(): void
}

export function useViewState(view: string): ViewState {
  const { saved, known } = useSaved(view)
  const { looks, space } = useArrangement()
  const own = looks?.[view]
  const search = useSearch({ strict: false }) as { filter?: string }
  const navigate = useNavigate()
  const look = useMemo<Look>(() => ({
    layout: own?.layout ?? (saved?.layout || 'split'), sort: own?.sort ?? saved?.sort ?? '', group: own?.group ?? saved?.group ?? '',
    columns: own?.columns ?? (saved?.columns.length ? saved.columns : usualColumns),
  }), [own, saved])
  const draft = useMemo(() => parseFilter(search.filter), [search.filter])
  const filter = draft ?? saved?.filter ?? {}
  const text = draft && !isEmpty(draft) ? JSON.stringify(draft) : ''
  const of = saved?.space_id || space
  const at = of ? `@${of}` : ''
  const people = (look.layout === 'table' && look.columns.some(fromContact)) || fromContact(look.group)
  const ask = useMemo<ListAsk>(() => ({
    // A saved view that is being changed is asked for by what its filter would be.
    view: draft && view.startsWith('custom:') ? 'all' : view, filter: text, sort: look.sort, group: look.group, people, at,
  }), [view, draft, text, look.sort, look.group, people, at])
  const setFilter = (f: Filter | null) => void navigate({ to: '.', search: (s: Record<string, unknown>) => ({ ...s, filter: f ? JSON.stringify(f) : undefined }), replace: true } as never)
  const dirty = draft !== null || (!!saved && !!own && (['layout', 'sort', 'group', 'columns'] as const).some((k) => own[k] !== undefined && JSON.stringify(own[k]) !== JSON.stringify(saved[k] || (k === 'layout' ? 'split' : k === 'columns' ? usualColumns : ''))))
  return {
    look, ask, saved, missing: known && view.startsWith('custom:') && !saved, filter, dirty, setFilter,
    setLook: (l) => arrange((a) => ({ ...a, looks: { ...a.looks, [view]: { ...a.looks?.[view], ...l } } })),
    discard: () => {
      setFilter(null)
      if (saved && own) void arrange((a) => { const { [view]: _, ...rest } = a.looks ?? {}; return { ...a, looks: rest } })
    },
  }
}
