import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery, type InfiniteData } from '@tanstack/react-query'
import { get, patch, post, type Assignment, type LedgerStep, type Page, type Priority, type Ticket, type TicketRow } from '@kanal/api'
import type { ListAsk } from '@/features/views/index.ts'
import { queries } from '@/shell/client.ts'
import { without, type ListPage } from './model.ts'

/** What is asked of the server for a list: see features/views. The plain ask of a view is its id alone. */
export const askOf = (view: string): ListAsk => ({ view, filter: '', sort: '', group: '', people: false, at: '' })

/** An ask as the server takes it; empty parts are left out. */
export const askParams = (a: ListAsk) => ({ view: a.view + a.at, ...(a.filter ? { filter: a.filter } : {}), ...(a.sort ? { sort: a.sort } : {}), ...(a.group ? { group: a.group } : {}), ...(a.people ? { people: true } : {}) })

/** Whether a list stands by newest activity: only then the browser knows where a row belongs. */
export const byTime = (a: ListAsk): boolean => (a.sort === '' || a.sort === '-last_activity' || a.sort === '-last_activity_at') && a.group === '' && a.view !== 'recently_closed'

export async function readPage(a: ListAsk, cursor: string, limit: number, signal?: AbortSignal): Promise<ListPage> {
  const p = await get<Page<TicketRow>>('/api/tickets', { ...askParams(a), cursor, limit }, signal)
  return { items: p.items ?? [], next: p.next ?? '' }
}

export const listQuery = (view: string, ask: ListAsk = askOf(view)) => infiniteQueryOptions({
  queryKey: ['tickets', view, ask] as const,
  queryFn: ({ pageParam, signal }): Promise<ListPage> => readPage(ask, pageParam, 50, signal),
  initialPageParam: '',
  getNextPageParam: (last) => last.next || undefined,
})

export const useTicketList = (view: string, ask: ListAsk) => useInfiniteQuery(listQuery(view, ask))

export const ticketQuery = (id: string) => queryOptions({
  queryKey: ['ticket', id],
  queryFn: ({ signal }) => get<Ticket>(`/api/tickets/${encodeURIComponent(id)}`, undefined, signal),
})
export const useTicket = (id: string) => useQuery(ticketQuery(id))

export const whyQuery = (id: string) => queryOptions({
  queryKey: ['why', id],
  queryFn: async () => { const b = await get<Page<Assignment> | Assignment[]>(`/api/tickets/${id}/why`); return Array.isArray(b) ? b : (b.items ?? []) },
})
export const ledgerQuery = (id: string) => queryOptions({
  queryKey: ['ledger', id],
  queryFn: async () => {
    const b = await get<Page<LedgerStep> & { steps?: LedgerStep[] } | LedgerStep[]>(`/api/tickets/${id}/ledger`)
    return Array.isArray(b) ? b : (b.items ?? b.steps ?? [])
  },
})

export type Change = {
  subject?: string; description?: string; status_id?: string; priority?: Priority; category?: string; language?: string
  add_tags?: string[]; remove_tags?: string[]
  owner_id?: string | null; team_id?: string | null; properties?: Record<string, unknown>; hidden?: '' | 'spam' | 'trash'
}

/** Changes lie over the cached ticket at once, and are taken back when the server refuses. */
export async function updateTicket(ticket: Ticket, change: Change, shown: Partial<Ticket> = {}): Promise<Ticket> {
  const key = ticketQuery(ticket.id).queryKey
  const before = queries.getQueryData(key)
  const overlay = { ...ticket, ...(change as Partial<Ticket>), ...shown, ...(change.properties ? { properties: { ...ticket.properties, ...change.properties } } : {}) }
  queries.setQueryData(key, overlay)
  patchRow(overlay)
  try {
    const only = Object.keys(change).every((k) => k === 'owner_id' || k === 'team_id')
    const after = only
      ? await post<Ticket>(`/api/tickets/${ticket.id}/assign`, change)
      : await patch<Ticket>(`/api/tickets/${ticket.id}`, change)
    if (after && after.id) { queries.setQueryData(key, (now) => ({ ...(now ?? ticket), ...after })); patchRow({ ...overlay, ...after }) }
    else await queries.invalidateQueries({ queryKey: key })
    void queries.invalidateQueries({ queryKey: ['why', ticket.id] })
    return after ?? overlay
  } catch (err) {
    queries.setQueryData(key, before)
    if (before) patchRow(before)
    void queries.invalidateQueries({ queryKey: key })
    throw err
  }
}

type Lists = InfiniteData<ListPage, string>

/** Puts a ticket's new look into every list that shows it, in place. */
export function patchRow(t: TicketRow): void {
  queries.setQueriesData<Lists>({ queryKey: ['tickets'] }, (d) => d && {
    ...d, pages: d.pages.map((p) => (p.items.some((r) => r.id === t.id) ? { ...p, items: p.items.map((r) => (r.id === t.id ? { ...r, ...rowOf(t) } : r)) } : p)),
  })
}

function rowOf(t: TicketRow): Partial<TicketRow> {
  const { subject, open, owner_id, owner, team_id, team, priority, category, tags, status_id, status, hidden, snoozed, snoozed_until } = t
  return { subject, open, owner_id, owner, team_id, team, priority, category, tags, status_id, status, hidden, ...(snoozed === undefined ? {} : { snoozed }), ...(snoozed_until === undefined ? {} : { snoozed_until }) }
}

export function dropFromList(view: string, id: string): void {
  queries.setQueriesData<Lists>({ queryKey: ['tickets', view] }, (d) => d && { ...d, pages: without(d.pages, id) })
}

function dropEverywhere(id: string): void {
  queries.setQueriesData<Lists>({ queryKey: ['tickets'] }, (d) => d && { ...d, pages: without(d.pages, id) })
}

export async function joinTicket(ticketId: string, otherId: string): Promise<Ticket> {
  const after = await post<Ticket>(`/api/tickets/${ticketId}/join`, { other_id: otherId })
  dropEverywhere(ticketId)
  await queries.invalidateQueries({ queryKey: ['ticket'] })
  return after
}
