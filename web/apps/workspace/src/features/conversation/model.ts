// The conversation of a ticket, or of a thread that has none: the state machine of @kanal/convo, fed from the workspace API.

import { Convo, type Entry, type PageOf, type Stored } from '@kanal/convo'
import { get, Problem, request, type Message, type Page, type Party, type TimelineItem } from '@kanal/api'

/** What the composer hands over. */
export interface Reply {
  thread_id: string
  type: 'reply' | 'comment'
  html: string
  text: string
  to: Party[]
  cc: Party[]
  bcc: Party[]
  subject: string
  attachments: { id: string; name: string; size: number; type: string }[]
  mentions: string[]
  in_reply_to?: string | undefined
  set_status?: string | undefined
  draft_id?: string | undefined
  seen_seq?: number | undefined
  /** refuse it when somebody else has written since seen_seq */
  if_unchanged?: boolean | undefined
  from_account?: string | undefined
  team_mentions?: string[] | undefined
  forward_of?: string | undefined
  carry_attachments?: boolean | undefined
  undo?: boolean | undefined
  send_at?: string | undefined
  only_if_quiet?: boolean | undefined
  snooze?: boolean | undefined
  snooze_until?: string | undefined
  macro_id?: string | undefined
  quick?: { label?: string; value?: string; url?: string }[] | undefined
}

export type TicketConvo = Convo<TimelineItem, Reply>

export const keyOf = (i: TimelineItem): string => (i.kind === 'message' ? `m${i.message.id.padStart(18, '0')}` : `e${i.event.id.padStart(18, '0')}`)
/** Put off or held back: it stands at the end until it has left. */
export const waits = (m: Message): boolean => (m.send_rule ?? '').startsWith('later') && (m.status === 'queued' || m.status_reason.startsWith('held:'))
/** Where something stands in the story: what was put off stands at its time, and then where it left. */
export const atOf = (i: TimelineItem): string => (i.kind === 'event' ? i.event.at : waits(i.message) ? (i.message.send_at ?? i.message.created_at) : i.message.direction === 'outgoing' && i.message.send_at ? (i.message.sent_at ?? i.message.created_at) : i.message.created_at)
export const entryOf = (i: TimelineItem): Entry<TimelineItem> => ({ key: keyOf(i), at: atOf(i), value: i })

/** Events that say what the message beside them says already. */
const told = new Set(['message.received', 'message.queued', 'message.sent', 'message.delivered', 'message.read', 'message.retried', 'message.updated', 'comment.added', 'thread.opened', 'contact.created', 'draft.saved', 'ticket.followed', 'ticket.unfollowed', 'ticket.left', 'thread.seen', 'visitor.updated', 'consent.recorded'])
/** Conversations that a merge or a split moved: that says it once. */
const along = new Set(['merged', 'unmerged', 'split', 'unsplit'])

export const worthALine = (i: TimelineItem): boolean => i.kind === 'message' || !(told.has(i.event.type) || i.event.type.startsWith('message.') || (i.event.type === 'thread.moved' && along.has(String((i.event.data as { reason?: string } | null)?.reason))))

function outbox(id: string) {
  const key = `kanal.outbox.${id}`
  return {
    read: (): Stored<Reply>[] => { try { return JSON.parse(localStorage.getItem(key) ?? '[]') as Stored<Reply>[] } catch { return [] } },
    write: (all: Stored<Reply>[]) => { try { if (all.length) localStorage.setItem(key, JSON.stringify(all)); else localStorage.removeItem(key) } catch { /* full or private: the draft on the server remains */ } },
  }
}

/** Whose conversation it is: a ticket's, with all its threads, or one thread's. */
export type ConvoOf = 'tickets' | 'threads'

function makeConvo(id: string, of: ConvoOf): TicketConvo {
  return new Convo<TimelineItem, Reply>({
    load: async (cursor): Promise<PageOf<TimelineItem>> => {
      const p = await get<Page<TimelineItem>>(`/api/${of}/${id}/timeline`, { cursor, limit: 60, order: 'desc' })
      return { entries: (p.items ?? []).map(entryOf), next: p.next ?? '' }
    },
    send: async (draft, key): Promise<Entry<TimelineItem>> => {
      const { thread_id, attachments, from_account, ...rest } = draft
      const message = await request<Message>('POST', `/api/threads/${thread_id}/messages`, {
        body: { ...rest, attachments: attachments.map((a) => a.id), ...(from_account ? { channel_account_id: from_account } : {}) },
        headers: { 'Idempotency-Key': key },
      })
      return entryOf({ kind: 'message', message })
    },
    refused: (err) => err instanceof Problem && err.status >= 400 && err.status < 500 && err.status !== 408 && err.status !== 429,
    outbox: outbox(id),
    newKey: () => randomKey(),
    now: () => Date.now(),
  })
}

/** crypto.randomUUID exists on secure origins only; a help desk on plain HTTP in an office is not one. */
function randomKey(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  return [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
}

const kept = new Map<string, TicketConvo>()

/** The conversation of a ticket or a thread, whose ids differ; the last thirty stay in memory, so that going back is instant. */
export function convoOf(id: string, of: ConvoOf = 'tickets'): TicketConvo {
  let c = kept.get(id)
  if (c) { kept.delete(id); kept.set(id, c); return c }
  c = makeConvo(id, of)
  kept.set(id, c)
  for (const [k, old] of kept) { if (kept.size <= 30) break; if (!old.unsettled && k !== id) kept.delete(k) }
  return c
}

/** A thread got a ticket: what was not sent goes along, under its keys, so that nothing is filed twice. */
export function moveOutbox(from: string, to: string): void {
  const waiting = outbox(from).read()
  if (waiting.length > 0) {
    outbox(to).write([...outbox(to).read(), ...waiting])
    outbox(from).write([])
    kept.delete(to)
  }
  kept.delete(from)
}

export const knownConvo = (id: string): TicketConvo | undefined => kept.get(id)
export function forgetConvos(): void { kept.clear() }
export function syncAll(): void { for (const c of kept.values()) void c.sync() }
