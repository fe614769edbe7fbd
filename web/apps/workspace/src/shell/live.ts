// Where events meet the cache: the one place. Every event marks what it touches; a moment later the marked things are read
// again, once. Lists take news in without moving (features/tickets/model.ts).

import type { InfiniteData } from '@tanstack/react-query'
import { get, SharedStream, type KanalEvent, type Page, type Session, type StreamState, type Ticket, type TicketRow } from '@kanal/api'
import { knownConvo, syncAll } from '@/features/conversation/index.ts'
import { conversationQuery, refreshConversations } from '@/features/conversations/index.ts'
import { hearNews } from '@/features/notify/index.ts'
import { hearPresence } from '@/features/presence/index.ts'
import { reconcile, ticketQuery, type ListPage } from '@/features/tickets/index.ts'
import { viewsQuery } from '@/features/views/index.ts'
import { queries } from './client.ts'

type Lists = InfiniteData<ListPage, string>

let stream: SharedStream | null = null
let session: Session | null = null
let state: StreamState = 'connecting'
const listeners = new Set<() => void>()

function setState(next: StreamState): void {
  state = next
  for (const fn of listeners) fn()
}

/** A request said that nobody is signed in. The screen stays, with what was being written, and offers to sign in again. */
export function markSignedOut(): void { setState('signed_out') }

export const streamState = (): StreamState => state
export function onStreamState(fn: () => void): () => void { listeners.add(fn); return () => { listeners.delete(fn) } }

export function startLive(s: Session): () => void {
  session = s
  stream = new SharedStream(s.user.id, {
    event: touch,
    presence: hearPresence,
    reload: () => { void queries.invalidateQueries(); syncAll() },
    state: setState,
  })
  setState('connecting')
  stream.start(s.seq)
  return () => { stream?.close(); stream = null }
}

const dirty = new Set<string>()
const dirtyThreads = new Set<string>()
const keys = new Set<string>()
let countsDue = false
let timer: ReturnType<typeof setTimeout> | undefined

/** What else an event type makes stale, by the noun before the dot. */
const stale: Record<string, string[]> = {
  user: ['users', 'session'], team: ['teams'], settings: ['pipelines', 'inboxes', 'properties', 'teams', 'company', 'my-notifications', 'notification-defaults'], channel_account: ['channel-accounts', 'verification'], inbound: ['inbound'], token: ['tokens'], contact: ['contact'], inbox: ['inboxes'], notification: ['notifications'],
}

function touch(ev: KanalEvent): void {
  hearNews(ev)
  const noun = ev.type.split('.')[0] ?? ''
  if (ev.ticket_id) {
    dirty.add(ev.ticket_id)
    void knownConvo(ev.ticket_id)?.sync()
  }
  if (ev.thread_id) {
    dirtyThreads.add(ev.thread_id)
    void knownConvo(ev.thread_id)?.sync()
  }
  if (/^(ticket|message\.received|comment|thread)/.test(ev.type)) countsDue = true
  for (const k of stale[noun] ?? []) keys.add(k)
  if (ev.type === 'ticket.assigned' && ev.ticket_id) keys.add('why')
  timer ??= setTimeout(() => { timer = undefined; void flush() }, 120)
}

let flushing = false

async function flush(): Promise<void> {
  if (flushing) { timer ??= setTimeout(() => { timer = undefined; void flush() }, 120); return }
  flushing = true
  const ids = [...dirty]
  dirty.clear()
  const threads = new Set(dirtyThreads)
  dirtyThreads.clear()
  const names = [...keys]
  keys.clear()
  const counts = countsDue
  countsDue = false
  try {
    await Promise.all([
      counts ? queries.invalidateQueries({ queryKey: viewsQuery.queryKey }) : null,
      ...names.map((k) => queries.invalidateQueries({ queryKey: [k] })),
      ids.length ? refreshLists(ids) : null,
      ids.length || threads.size ? refreshConversations((r) => threads.has(r.id) || (!!r.ticket_id && ids.includes(r.ticket_id))) : null,
      ...[...threads].map((id) => conversationQuery(id).queryKey).filter((key) => queries.getQueryData(key)).map((queryKey) => queries.invalidateQueries({ queryKey })),
      ...ids.filter((id) => queries.getQueryData(ticketQuery(id).queryKey)).map((id) => refreshTicket(id)),
      ...ids.map((id) => queries.invalidateQueries({ queryKey: ['ledger', id] })),
    ])
  } catch { /* the next event, or the reconnect, tries again */ } finally { flushing = false }
}

async function refreshTicket(id: string): Promise<void> {
  if (queries.isMutating() === 0) await queries.invalidateQueries({ queryKey: ticketQuery(id).queryKey })
}

/** Reads the head of every list on screen, and the touched tickets that a list shows further down. */
async function refreshLists(ids: string[]): Promise<void> {
  const lists = queries.getQueryCache().findAll({ queryKey: ['tickets'] })
  await Promise.all(lists.map(async (q) => {
    if (!q.isActive()) { if (q.state.data) q.invalidate(); return }
    const view = String(q.queryKey[1])
    const head = (await get<Page<TicketRow>>('/api/tickets', { view, limit: 30, sort: '-last_activity' })).items ?? []
    const shown = new Set((q.state.data as Lists | undefined)?.pages.flatMap((p) => p.items.map((t) => t.id)))
    const elsewhere = ids.filter((id) => shown.has(id) && !head.some((t) => t.id === id)).slice(0, 20)
    const changed = (await Promise.all(elsewhere.map((id) => get<Ticket>(`/api/tickets/${id}`).catch(() => null)))).filter((t): t is Ticket => t !== null)
    queries.setQueryData<Lists>(q.queryKey, (d) => d && { ...d, pages: reconcile(d.pages, head, changed, view, session?.user.id ?? '') })
  }))
}
