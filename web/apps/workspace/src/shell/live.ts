// Where events meet the cache: the one place. Every event marks what it touches; a moment later the marked things are read
// again, once. Lists take news in without moving (features/tickets/model.ts).

import type { InfiniteData } from '@tanstack/react-query'
import { get, SharedStream, type KanalEvent, type Page, type Session, type StreamState, type TicketRow } from '@kanal/api'
import { knownConvo, syncAll } from '@/features/conversation/index.ts'
import { conversationQuery, refreshConversations } from '@/features/conversations/index.ts'
import { hearNews } from '@/features/notify/index.ts'
import { hearPresence, setSelf } from '@/features/presence/index.ts'
import { hearRun } from '@/features/running/index.ts'
import { askParams, byTime, dim, readPage, takeIn, ticketQuery, type ListPage } from '@/features/tickets/index.ts'
import { viewsQuery, type ListAsk } from '@/features/views/index.ts'
import { queries } from './client.ts'

type Lists = InfiniteData<ListPage, string>

let stream: SharedStream | null = null
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
  setSelf(s.user.id)
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
const people = new Set<string>()
const listed = new Set<string>()
const talked = new Set<string>()
let countsDue = false
let timer: ReturnType<typeof setTimeout> | undefined

/** What else an event type makes stale, by the noun before the dot. */
const stale: Record<string, string[]> = {
  tag: ['tags', 'tickets', 'ticket'], chatflow: ['chatflows'], form: ['forms'], submission: ['forms', 'submissions', 'submission'],
  user: ['users', 'availability', 'session', 'preferences', 'skills', 'capacity'], customview: ['views'], space: ['views', 'spaces', 'tickets'], team: ['teams', 'roles', 'availability', 'views', 'tickets'], role: ['roles', 'users'], settings: ['ticketing', 'availability', 'worktime', 'skills', 'capacity', 'pipelines', 'inboxes', 'properties', 'teams', 'company', 'my-notifications', 'notification-defaults', 'spam'], channel_account: ['channel-accounts', 'verification'], channel: ['moves', 'channel-accounts'], inbound: ['inbound'], token: ['tokens'], contact: ['contact', 'contacts', 'duplicates'], inbox: ['inboxes'], snippet: ['snippets'], bulk: ['bulk'], notification: ['notifications'], visitor: ['visitor'], consent: ['visitor'], keeping: ['keeping'], hold: ['holds'],
}

function touch(ev: KanalEvent): void {
  hearNews(ev)
  hearRun(ev)
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
  if (ev.contact_id) people.add(ev.contact_id)
  for (const k of stale[noun] ?? []) keys.add(k)
  if (ev.type.endsWith('.assigned')) keys.add('why')
  if (ev.type.endsWith('queued')) keys.add('queue')
  if (noun === 'message') keys.add('scheduled')
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
  const persons = new Set(people)
  people.clear()
  const counts = countsDue
  countsDue = false
  try {
    await Promise.all([
      counts ? recount() : null,
      persons.size ? queries.invalidateQueries({ queryKey: ['contact'], predicate: (q) => persons.has(String(q.queryKey[1])) }) : null,
      ...names.map((k) => queries.invalidateQueries({ queryKey: [k] })),
      relist(ids, threads),
      ...[...threads].map((id) => conversationQuery(id).queryKey).filter((key) => queries.getQueryData(key)).map((queryKey) => queries.invalidateQueries({ queryKey })),
      ...ids.filter((id) => queries.getQueryData(ticketQuery(id).queryKey)).map((id) => refreshTicket(id)),
      ids.length ? queries.invalidateQueries({ queryKey: ['ledger'], predicate: (q) => ids.includes(String(q.queryKey[1])) }) : null,
    ])
  } catch { /* the next event, or the reconnect, tries again */ } finally { flushing = false }
}

let countedAt = 0
let recounting: ReturnType<typeof setTimeout> | undefined

/** Reads the counts again, at most once a second: while much happens, a number a moment old is better than a busy server. */
function recount(): void {
  recounting ??= setTimeout(() => {
    recounting = undefined
    countedAt = Date.now()
    void queries.invalidateQueries({ queryKey: viewsQuery.queryKey, exact: true })
    void queries.invalidateQueries({ queryKey: ['capacity'] })
  }, Math.max(0, countedAt + 1_000 - Date.now()))
}

let listedAt = 0
let listing: ReturnType<typeof setTimeout> | undefined

/** Reads the lists on screen again: at once after a quiet second, and at most once a second while much happens, as when ten thousand tickets are closed together. */
function relist(ids: Iterable<string>, threads: Iterable<string>): void {
  for (const id of ids) listed.add(id)
  for (const id of threads) talked.add(id)
  if (!listed.size && !talked.size) return
  listing ??= setTimeout(() => { void readListed().finally(() => { listing = undefined; relist([], []) }) }, Math.max(0, listedAt + 1_000 - Date.now()))
}

async function readListed(): Promise<void> {
  listedAt = Date.now()
  const ids = [...listed]
  const threads = new Set(talked)
  listed.clear()
  talked.clear()
  try {
    const left = ids.length ? await refreshLists(ids) : []
    if (ids.length) void queries.invalidateQueries({ queryKey: ['tickets-count'] })
    for (const id of left) listed.add(id)
    const touched = new Set(ids)
    await refreshConversations((r) => threads.has(r.id) || (!!r.ticket_id && touched.has(r.ticket_id)))
  } catch { /* the next event, or the reconnect, tries again */ }
}

async function refreshTicket(id: string): Promise<void> {
  if (queries.isMutating() === 0) await queries.invalidateQueries({ queryKey: ticketQuery(id).queryKey })
}

const askedOnce = 200

/**
 * Reads the head of every list on screen, and which of the touched tickets that it shows further down still belong to it: the server knows every
 * filter. Gives back the tickets that were too many for one request.
 */
async function refreshLists(ids: string[]): Promise<Set<string>> {
  const left = new Set<string>()
  const lists = queries.getQueryCache().findAll({ queryKey: ['tickets'] })
  await Promise.all(lists.map(async (q) => {
    if (!q.isActive()) { if (q.state.data) q.invalidate(); return }
    const ask = q.queryKey[2] as ListAsk
    const head = (await readPage(ask, '', 30)).items
    const shown = new Set((q.state.data as Lists | undefined)?.pages.flatMap((p) => p.items.map((t) => t.id)))
    const deeper = ids.filter((id) => shown.has(id) && !head.some((t) => t.id === id))
    const below = deeper.slice(0, askedOnce)
    for (const id of deeper.slice(askedOnce)) left.add(id)
    const still = below.length ? ((await get<Page<TicketRow>>('/api/tickets', { ...askParams(ask), ids: below.join(','), limit: askedOnce })).items ?? []) : []
    const gone = new Set(below.filter((id) => !still.some((t) => t.id === id)))
    queries.setQueryData<Lists>(q.queryKey, (d) => d && { ...d, pages: dim(takeIn(d.pages, head, still, () => true, byTime(ask)), gone) })
  }))
  return left
}
