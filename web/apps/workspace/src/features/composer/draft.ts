// A draft is kept three times: on the screen, in this browser at every keystroke (a crash loses nothing), and on the server
// a moment later (another machine goes on with it). Which of two copies counts is decided by its time.

import { del, get, Problem, put, type Draft, type Page, type Party } from '@kanal/api'

export interface DraftBody {
  html: string
  text: string
  to: Party[]
  cc: Party[]
  bcc: Party[]
  subject: string
  attachments: { id: string; name: string; size: number; type: string }[]
  mentions: string[]
  /** the newest entry of the timeline when writing began */
  begunAt: string
  /** the message that is passed on */
  forwardOf?: string | undefined
  teamMentions?: string[] | undefined
  /** the template whose actions are done with the send */
  macro?: { id: string; name: string; does: string } | undefined
}

export interface DraftPlace { user: string; ticket: string; thread: string; type: 'reply' | 'comment' | 'new' | 'forward' }
type Stored = DraftBody & { savedAt: number }

const keyOf = (p: DraftPlace) => `kanal.draft.${p.user}.${p.ticket}.${p.thread}.${p.type}`

export function readLocal(p: DraftPlace): Stored | null {
  try { const raw = localStorage.getItem(keyOf(p)); return raw ? (JSON.parse(raw) as Stored) : null } catch { return null }
}

// Conversations whose drafts go along to their ticket: the composer there saves them, and the one that leaves does not write beside it.
const leaving = new Set<string>()
export function handOver(thread: string): void { leaving.add(thread) }

/** A conversation got a ticket: what this browser keeps goes along, as the server's copy does. */
export function moveLocal(from: DraftPlace, ticket: string): void {
  leaving.delete(from.thread)
  try {
    const raw = localStorage.getItem(keyOf(from))
    if (raw) localStorage.setItem(keyOf({ ...from, ticket }), raw)
    localStorage.removeItem(keyOf(from))
  } catch { /* the server has it */ }
}

export function isEmpty(b: Pick<DraftBody, 'text' | 'html' | 'attachments'>): boolean {
  return b.text.trim() === '' && !/<img/.test(b.html) && b.attachments.length === 0
}

/** A file taken out goes from the text as well, where it stood as a picture. */
export function without(b: DraftBody, id: string): Pick<DraftBody, 'attachments' | 'html'> {
  return { attachments: b.attachments.filter((a) => a.id !== id), html: b.html.replace(new RegExp(`<img\\b[^>]*src="/api/attachments/${id}\\b[^>]*>`, 'g'), '') }
}

/** The newer of the browser's and the server's copy. */
export function newer(local: Stored | null, server: Draft | null | undefined): DraftBody | null {
  const serverAt = server?.updated_at ? new Date(server.updated_at).getTime() : 0
  if (local && local.savedAt >= serverAt) return local
  if (!server || !(server.text || server.html)) return local
  return {
    html: server.html ?? '', text: server.text ?? '', to: server.to ?? [], cc: server.cc ?? [], bcc: server.bcc ?? [], subject: server.subject ?? '',
    attachments: (server.attachments ?? []).map((id) => local?.attachments.find((a) => a.id === id) ?? { id, name: '', size: 0, type: '' }),
    mentions: local?.mentions ?? [], begunAt: local?.begunAt ?? '', forwardOf: server.forward_of ?? local?.forwardOf,
  }
}

export type DraftState = 'clean' | 'dirty' | 'saving' | 'saved' | 'local' | 'conflict'

/** Makes a body the draft of this browser, before a composer opens that reads it. */
export function writeLocal(p: DraftPlace, b: DraftBody): void {
  try { localStorage.setItem(keyOf(p), JSON.stringify({ ...b, savedAt: Date.now() } satisfies Stored)) } catch { /* full: the server has it */ }
}

/** Tells of another tab of this browser that kept (or dropped) this draft. */
export function onOtherTab(p: DraftPlace, fn: (b: DraftBody | null) => void): () => void {
  const hear = (e: StorageEvent) => { if (e.key === keyOf(p)) fn(e.newValue ? (JSON.parse(e.newValue) as Stored) : null) }
  addEventListener('storage', hear)
  return () => removeEventListener('storage', hear)
}

/** Writes one draft: here at once, at the server after a pause. */
export class DraftKeeper {
  private timer: ReturnType<typeof setTimeout> | undefined
  private body: DraftBody | null = null
  private closed = false
  /** the server's copy that this one goes on from: '' none, undefined not known, and then the last one wins */
  base: string | undefined
  private readonly place: DraftPlace
  private readonly onState: (s: DraftState) => void
  private readonly save: typeof saveToServer
  private readonly remove: (p: DraftPlace) => Promise<unknown>

  constructor(place: DraftPlace, onState: (s: DraftState) => void, save: typeof saveToServer = saveToServer, remove = removeFromServer) {
    this.place = place
    this.onState = onState
    this.save = save
    this.remove = remove
  }

  change(body: DraftBody): void {
    this.body = body
    if (isEmpty(body)) { this.clear(); return }
    writeLocal(this.place, body)
    this.onState('dirty')
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.flush(), 800)
  }

  async flush(last = false): Promise<void> {
    clearTimeout(this.timer)
    const body = this.body
    if (!body || this.closed) return
    this.body = null
    if (!last) this.onState('saving')
    try {
      const kept = await this.save(this.place, body, this.base)
      if (kept?.updated_at) this.base = kept.updated_at
      if (!this.body) this.onState('saved')
    } catch (err) {
      if (err instanceof Problem && err.reason === 'draft.changed') { this.onState('conflict'); return }
      this.onState('local')
      if (this.closed || last) return
      this.body ??= body
      this.timer = setTimeout(() => void this.flush(), 5_000)
    }
  }

  /** Keeps this one over what another window wrote. */
  insist(body: DraftBody): void { this.base = undefined; this.change(body); void this.flush() }

  /** The draft was sent or thrown away. */
  clear(): void {
    clearTimeout(this.timer)
    this.body = null
    this.base = ''
    try { localStorage.removeItem(keyOf(this.place)) } catch { /* nothing to remove */ }
    this.onState('clean')
    void this.remove(this.place).catch(() => {})
  }

  close(): void {
    if (!this.place.ticket && leaving.has(this.place.thread)) clearTimeout(this.timer)
    else void this.flush(true)
    this.closed = true
  }
}

const query = (p: DraftPlace) => ({ ticket_id: p.ticket || undefined, thread_id: p.thread || undefined, type: p.type })

/** What the server keeps for a place now. */
export const readServer = async (p: DraftPlace): Promise<Draft | null> => ((await get<Page<Draft>>('/api/drafts', query(p))).items ?? []).find((d) => d.type === p.type && (d.thread_id ?? '') === p.thread && (d.ticket_id ?? '') === p.ticket) ?? null

function saveToServer(p: DraftPlace, b: DraftBody, base?: string): Promise<{ updated_at?: string | null } | undefined> {
  return put('/api/drafts', {
    ticket_id: p.ticket || null, thread_id: p.thread || null, type: p.type, to: b.to, cc: b.cc, bcc: b.bcc, subject: b.subject, html: b.html, text: b.text, attachments: b.attachments.map((a) => a.id), forward_of: b.forwardOf ?? null,
    ...(base === undefined ? {} : { base }),
  }, query(p))
}
const removeFromServer = (p: DraftPlace): Promise<unknown> => del('/api/drafts', query(p))
