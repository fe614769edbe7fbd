// Pure rules of the board: its columns, what a column asks for, and where a card stands.

import type { Filter, Pipeline, Priority, Property } from '@kanal/api'
import { byTime, type ListPage, type Row } from '@/features/tickets/index.ts'
import { both, parseFilter, type ListAsk } from '@/features/views/index.ts'

/** What a move changes, as the server takes it. */
export type CardChange = { status_id?: string; priority?: Priority; owner_id?: string | null; team_id?: string | null; properties?: Record<string, unknown> }

export interface Column {
  key: string
  label: string
  /** what its cards have in common */
  filter: Filter
  /** what makes a ticket stand here */
  change: CardChange
  /** how such a ticket looks until the server has answered */
  shown: Partial<Row>
  /** only tickets of this pipeline may stand here */
  pipeline?: string
  closed?: boolean
}

/** What the columns are made from. The names are the reader's. */
export interface Parts {
  pipelines: Pipeline[]
  users: { id: string; name: string; active: boolean }[]
  teams: { id: string; name: string }[]
  property: Pick<Property, 'name' | 'options'> | undefined
  priorities: readonly Exclude<Priority, ''>[]
  priorityName(p: Priority): string
  unassigned: string
  none: string
}

const is = (field: string, value: string): Filter => (value === '' ? { field, op: 'empty' } : { field, op: 'is', value })

export function columnsOf(field: string, p: Parts): Column[] {
  switch (field) {
    case 'owner_id': return [null, ...p.users.filter((u) => u.active)].map((u) => ({
      key: u?.id ?? '', label: u?.name ?? p.unassigned, filter: is(field, u?.id ?? ''), change: { owner_id: u?.id ?? null }, shown: { owner_id: u?.id ?? null, owner: u ? { id: u.id, name: u.name } : null },
    }))
    case 'team_id': return [null, ...p.teams].map((x) => ({
      key: x?.id ?? '', label: x?.name ?? p.none, filter: is(field, x?.id ?? ''), change: { team_id: x?.id ?? null }, shown: { team_id: x?.id ?? null, team: x ? { id: x.id, name: x.name } : null },
    }))
    case 'priority': return [...p.priorities, '' as const].map((x) => ({ key: x, label: p.priorityName(x), filter: is(field, x), change: { priority: x }, shown: { priority: x } }))
    case 'status_id': return p.pipelines.flatMap((pipe) => pipe.statuses.map((st) => ({
      key: st.id, label: p.pipelines.length > 1 ? `${st.name} · ${pipe.name}` : st.name, filter: is(field, st.id), change: { status_id: st.id },
      shown: { status_id: st.id, status: st, open: st.state === 'open' }, pipeline: pipe.id, closed: st.state === 'closed',
    })))
  }
  const name = p.property?.name ?? ''
  return [...(p.property?.options ?? []), ''].map((x) => ({ key: x, label: x || p.none, filter: is(field, x), change: { properties: { [name]: x || null } }, shown: {} }))
}

/** In which column a ticket stands. */
export function columnKey(row: Row, field: string): string {
  switch (field) {
    case 'status_id': return row.status_id
    case 'owner_id': return row.owner_id ?? ''
    case 'team_id': return row.team_id ?? ''
    case 'priority': return row.priority
  }
  const v = row.properties?.[field.slice('property.'.length)]
  return v === undefined || v === null ? '' : String(v)
}

/** Of views that hold open tickets only: what else they say. */
function openView(view: string): Filter | null {
  if (view === 'open') return {}
  if (view === 'mine') return { field: 'owner_id', op: 'is', value: 'me' }
  if (view === 'unassigned') return { field: 'owner_id', op: 'empty' }
  return view.startsWith('inbox:') ? { field: 'inbox_id', op: 'is', value: view.slice(6) } : null
}

/** What a closed column of a view of open tickets shows instead of nothing: what was closed these days. */
export const showsRecent = (view: string, c: Column): boolean => !!c.closed && openView(view) !== null

/** What a column asks of the server. */
export function columnAsk(ask: ListAsk, c: Column): ListAsk {
  const narrowed = both(parseFilter(ask.filter) ?? {}, c.filter)
  const plain = { ...ask, group: '', people: false }
  if (!showsRecent(ask.view, c)) return { ...plain, filter: JSON.stringify(narrowed) }
  return { ...plain, view: 'recently_closed', filter: JSON.stringify(both(openView(ask.view)!, narrowed)) }
}

/** Whether a ticket may be put into a column. */
export const takes = (c: Column, row: Row): boolean => !c.pipeline || c.pipeline === row.pipeline_id

/** What puts a ticket back to where it stands now. */
export function wayBack(row: Row, c: CardChange): CardChange {
  const back: CardChange = {}
  if (c.status_id !== undefined) back.status_id = row.status_id
  if (c.priority !== undefined) back.priority = row.priority
  if (c.owner_id !== undefined) back.owner_id = row.owner_id
  if (c.team_id !== undefined) back.team_id = row.team_id
  if (c.properties) back.properties = Object.fromEntries(Object.keys(c.properties).map((k) => [k, row.properties?.[k] ?? null]))
  return back
}

/** Puts a card where it belongs by its time, or on top of a column in another order. It stands there once. */
export function put(pages: ListPage[], row: Row, timed: boolean): ListPage[] {
  const clean = pages.map((p) => ({ ...p, items: p.items.filter((r) => r.id !== row.id), ...(p.fresh ? { fresh: p.fresh.filter((r) => r.id !== row.id) } : {}) }))
  let done = false
  return clean.map((p, n) => {
    if (done) return p
    const at = timed ? p.items.findIndex((r) => r.last_activity_at < row.last_activity_at || (r.last_activity_at === row.last_activity_at && Number(r.id) < Number(row.id))) : 0
    if (at < 0 && n < clean.length - 1) return p
    done = true
    return { ...p, items: at < 0 ? [...p.items, row] : [...p.items.slice(0, at), row, ...p.items.slice(at)] }
  })
}

/** The column beside another that takes the ticket; by is 1 or -1. */
export function beside(columns: Column[], key: string, by: number, row: Row): string {
  for (let i = columns.findIndex((c) => c.key === key) + by; i >= 0 && i < columns.length; i += by) if (takes(columns[i]!, row)) return columns[i]!.key
  return key
}

export const timedIn = byTime
