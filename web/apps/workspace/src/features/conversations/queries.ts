import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery, type InfiniteData } from '@tanstack/react-query'
import { get, post, type Conversation, type Page, type ThreadRow, type Ticket } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import { takeIn, ticketQuery, type PageOf } from '@/features/tickets/index.ts'
import { leftOf, rowOf, type Row } from './model.ts'

type Lists = InfiniteData<PageOf<Row>, string>

/** Where they are: an inbox, or spam and trash, whose conversations are those without a ticket. */
const where = (place: string) => (place === 'bots' ? { bot: true } : place === 'spam' || place === 'trash' ? { hidden: place } : { inbox_id: place, with_ticket: true })

const read = (place: string, cursor: string, limit: number, signal?: AbortSignal) =>
  get<Page<ThreadRow>>('/api/threads', { ...where(place), space: queries.getQueryData<{ space?: string }>(['preferences', 'views'])?.space, cursor, limit }, signal).then((p): PageOf<Row> => ({ items: (p.items ?? []).map(rowOf), next: p.next ?? '' }))

/** The open conversations of an inbox, with a ticket and without. */
export const conversationsQuery = (inboxId: string) => infiniteQueryOptions({
  queryKey: ['conversations', inboxId],
  queryFn: ({ pageParam, signal }) => read(inboxId, pageParam, 50, signal),
  initialPageParam: '',
  getNextPageParam: (last) => last.next || undefined,
})
export const useConversations = (inboxId: string) => useInfiniteQuery(conversationsQuery(inboxId))

export const conversationQuery = (id: string) => queryOptions({
  queryKey: ['conversation', id],
  queryFn: ({ signal }) => get<Conversation>(`/api/threads/${encodeURIComponent(id)}`, undefined, signal),
})
export const useConversation = (id: string) => useQuery(conversationQuery(id))

/** Opens a ticket for a conversation; its row says so at once. */
export async function makeTicket(c: Conversation): Promise<Ticket> {
  const ticket = await post<Ticket>(`/api/threads/${c.id}/ticket`)
  queries.setQueryData(ticketQuery(ticket.id).queryKey, ticket)
  queries.setQueryData(conversationQuery(c.id).queryKey, (now) => now && { ...now, ticket_id: ticket.id })
  queries.setQueriesData<Lists>({ queryKey: ['conversations'] }, (d) => d && {
    ...d, pages: d.pages.map((p) => (p.items.some((r) => r.id === c.id) ? { ...p, items: p.items.map((r) => (r.id === c.id ? { ...r, ticket_id: ticket.id, ticket_number: ticket.number } : r)) } : p)),
  })
  return ticket
}

/** Takes news into the lists on screen: their heads are read again, as far down as a touched row may stand. The others are read when shown. */
export async function refreshConversations(touched: (r: Row) => boolean): Promise<void> {
  await Promise.all(queries.getQueryCache().findAll({ queryKey: ['conversations'] }).map(async (q) => {
    if (!q.isActive()) { if (q.state.data) q.invalidate(); return }
    const rows = (q.state.data as Lists | undefined)?.pages.flatMap((p) => p.items) ?? []
    const deep = rows.findLastIndex(touched) >= 25
    const head = await read(String(q.queryKey[1]), '', deep ? 200 : 30)
    queries.setQueryData<Lists>(q.queryKey, (d) => d && { ...d, pages: takeIn(d.pages, head.items, leftOf(d.pages.flatMap((p) => p.items), head, touched), () => false) })
  }))
}
