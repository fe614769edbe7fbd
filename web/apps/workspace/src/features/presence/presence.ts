// Who else looks at a ticket, and who types (WS-11). Unnumbered: it comes and goes beside the event stream.

import { useEffect, useSyncExternalStore } from 'react'
import { request, type Presence, type PresenceState, type Viewer } from '@kanal/api'

/** holds: since when they write the answer, where that holds a ticket (WS-11); the last of several is who does. */
interface Seen { name: string; state: PresenceState; at: number; typingAt: number; holds?: number | false | undefined }
// The server says when somebody stops or leaves; this only guards against a word that got lost.
const viewingFor = 30 * 60_000
const typingFor = 5 * 60_000

const tickets = new Map<string, Map<string, Seen>>()
const listeners = new Set<() => void>()
let snapshots = new Map<string, Viewer[]>()

/** What is known of a ticket, for who shows more of it than faces. */
export const seen = (id: string): ReadonlyMap<string, Seen> | undefined => tickets.get(id)
export const follow = (fn: () => void) => { listeners.add(fn); return () => { listeners.delete(fn) } }

function changed(): void { snapshots = new Map(); for (const fn of listeners) fn() }

export function hearPresence(p: Presence): void {
  // a visitor's: whoever shows a chat listens
  if (!p.user) { dispatchEvent(new CustomEvent('kanal:visitor', { detail: p })); return }
  const t = tickets.get(p.ticket_id) ?? new Map<string, Seen>()
  tickets.set(p.ticket_id, t)
  if (p.state === 'left') t.delete(p.user.id)
  else t.set(p.user.id, { name: p.user.name, state: p.state, at: Date.now(), typingAt: p.state === 'typing' ? Date.now() : 0, holds: p.holds ? performance.now() : p.holds ?? t.get(p.user.id)?.holds })
  changed()
}

export function seedPresence(ticketId: string, viewers: Viewer[]): void {
  tickets.delete(ticketId)
  changed()
  for (const v of viewers) hearPresence({ ticket_id: ticketId, user: { id: v.id, name: v.name }, state: v.state ?? 'viewing', ...(v.holds ? { holds: true } : {}) })
}

const none: Viewer[] = []
function others(ticketId: string, me: string): Viewer[] {
  const key = `${ticketId}/${me}`
  const cached = snapshots.get(key)
  if (cached) return cached
  const now = Date.now()
  const out: Viewer[] = []
  for (const [id, s] of tickets.get(ticketId) ?? []) {
    if (id === me || now - s.at > viewingFor) continue
    out.push({ id, name: s.name, state: now - s.typingAt < typingFor ? 'typing' : 'viewing' })
  }
  const result = out.length ? out : none
  snapshots.set(key, result)
  return result
}

/** The others on this ticket; telling them of us is usePresence's other half. */
export function useOthers(ticketId: string, me: string): Viewer[] {
  useEffect(() => { const timer = setInterval(changed, 3_000); return () => clearInterval(timer) }, [])
  return useSyncExternalStore(follow, () => others(ticketId, me))
}

function say(id: string, state: PresenceState, keepalive = false, of: 'ticket' | 'thread' = 'ticket', comment = false): void {
  void request('POST', '/api/presence', { body: { [`${of}_id`]: id, state, ...(comment ? { in: 'comment' } : {}) }, keepalive }).catch(() => { /* a lost hint is no harm */ })
}

/** Tells the others that we look at this ticket, or conversation without one, while the tab is in view. */
export function useAnnounce(ticketId: string, of: 'ticket' | 'thread' = 'ticket'): void {
  useEffect(() => {
    const tell = () => { if (!document.hidden) say(ticketId, 'viewing', false, of) }
    // Whoever walks through a list by key is nowhere until they stay.
    let told = false
    const stays = setTimeout(() => { told = true; tell() }, 350)
    const timer = setInterval(tell, 30_000)
    const onVisible = () => say(ticketId, document.hidden ? 'left' : 'viewing', true, of)
    document.addEventListener('visibilitychange', onVisible)
    return () => { clearTimeout(stays); clearInterval(timer); document.removeEventListener('visibilitychange', onVisible); if (told) say(ticketId, 'left', true, of) }
  }, [ticketId, of])
}

let lastTyping = 0
export function announceTyping(id: string, of: 'ticket' | 'thread' = 'ticket', comment = false): void {
  if (Date.now() - lastTyping < 3_000) return
  lastTyping = Date.now()
  say(id, 'typing', false, of, comment)
}

/** Who else looks at a ticket of a list, as one text; '' nobody. Follows what is heard, and tells nothing. */
export function useSeen(ticketId: string): string {
  return useSyncExternalStore(follow, () => {
    const t = tickets.get(ticketId)
    if (!t?.size) return ''
    const now = Date.now()
    return [...t].filter(([id, s]) => id !== self && now - s.at <= viewingFor).map(([, s]) => s.name).join(', ')
  })
}

let self = ''
/** Whose browser this is: one's own presence is no news. */
export function setSelf(id: string): void { self = id }
