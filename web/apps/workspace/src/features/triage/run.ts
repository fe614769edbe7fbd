// What the actions do: one call each, what it shows at once, and the toast that takes it back.

import { get, patch, post, type Conversation, type Ticket } from '@kanal/api'
import { conversationQuery } from '@/features/conversations/index.ts'
import { belongs, dropFromList, patchRow, ticketQuery, ticketTitle } from '@/features/tickets/index.ts'
import { loadMore, t, type Key } from '@/locales/index.ts'
import { actionContext, type ActionContext } from '@/shell/actions.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { afterCloseKey, leave, type AfterClose } from '@/shell/leave.ts'
import { toast } from '@/shell/toast.tsx'
import { showFocus } from './focus.ts'

export type Done = Ticket & { undo: { merge_ids: string[] | null; split_id: string | null; blocked: string } }

/** Does something to a ticket; what it answers lies over what the screen knows. */
export async function act(ticketId: string, what: string, body: unknown = {}): Promise<Done> {
  const after = await post<Done>(`/api/tickets/${ticketId}/${what}`, body)
  keep(after)
  return after
}

function keep(after: Ticket): void {
  queries.setQueryData(ticketQuery(after.id).queryKey, (now) => now && { ...now, ...after, viewers: now.viewers, draft: now.draft, seq: now.seq, contact: now.contact, threads: now.threads })
  void queries.invalidateQueries({ queryKey: ticketQuery(after.id).queryKey })
  patchRow(after)
}

/** Says what was done, with the way back. */
async function told(key: Key, params: Record<string, string | number>, undo?: () => Promise<unknown>): Promise<void> {
  await loadMore()
  toast(t(key, params), undo ? { action: { label: t('action.undo'), run: () => { void undo().then(() => queries.invalidateQueries({ queryKey: ['tickets'] })).catch(toastError) } } } : {})
}

/** When a ticket has left the shown list by what was done, the person's choice opens and its row goes. */
function leaves(ticket: Ticket, after: Ticket): void {
  const ctx = actionContext()
  const me = ctx.session?.user.id ?? ''
  if (ctx.view === null || belongs(ctx.view, ticket, me) !== true || belongs(ctx.view, after, me) !== false) return
  if (ctx.ticket?.id === ticket.id) leave(ctx)
  dropFromList(ctx.view, ticket.id)
}

export async function snooze(ticket: Ticket, until: string | null): Promise<void> {
  const after = await act(ticket.id, 'snooze', { until })
  leaves(ticket, after)
  const back = () => (ticket.snoozed ? act(ticket.id, 'snooze', { until: ticket.snoozed_until ?? null }) : act(ticket.id, 'wake'))
  await told(until ? 'triage.snoozed' : 'triage.snoozed_reply', { subject: ticketTitle(ticket), time: until ? dateTime(until) : '' }, back)
}

export async function wake(ticket: Ticket): Promise<void> {
  await act(ticket.id, 'wake')
  await told('triage.woken', { subject: ticketTitle(ticket) }, () => act(ticket.id, 'snooze', { until: ticket.snoozed_until ?? null }))
}

export async function follow(ticket: Ticket, on: boolean): Promise<void> {
  await act(ticket.id, on ? 'follow' : 'unfollow', undefined)
  await told(on ? 'triage.followed' : 'triage.unfollowed', { subject: ticketTitle(ticket) }, () => act(ticket.id, on ? 'unfollow' : 'follow', undefined))
}

export async function spam(ticket: Ticket, _c: ActionContext, block: 'none' | 'sender' | 'domain' = 'none'): Promise<void> {
  const after = await act(ticket.id, 'spam', { block })
  leaves(ticket, after)
  await told(after.undo.blocked ? 'triage.spam_blocked' : 'triage.spam', { subject: ticketTitle(ticket), value: after.undo.blocked }, () => act(ticket.id, 'not_spam', { unblock: block !== 'none' }))
}

export async function notSpam(ticket: Ticket, allow: boolean): Promise<void> {
  const after = await act(ticket.id, 'not_spam', { allow, unblock: !allow })
  leaves(ticket, after)
  await told('triage.not_spam', { subject: ticketTitle(ticket) }, () => act(ticket.id, 'spam', { block: 'none' }))
}

export async function trash(ticket: Ticket, _c: ActionContext): Promise<void> {
  const after = await act(ticket.id, 'trash', undefined)
  leaves(ticket, after)
  await told('triage.trashed', { subject: ticketTitle(ticket) }, () => act(ticket.id, 'restore', undefined))
}

export async function restore(ticket: Ticket): Promise<void> {
  const was = ticket.hidden
  const after = was === 'spam' ? await act(ticket.id, 'not_spam', {}) : await act(ticket.id, 'restore', undefined)
  leaves(ticket, after)
  await told('triage.restored', { subject: ticketTitle(ticket) }, () => (was === 'spam' ? act(ticket.id, 'spam', { block: 'none' }) : act(ticket.id, 'trash', undefined)))
}

/** Merges others into one and shows it. */
export async function merge(into: string, from: { id: string; number: number }[]): Promise<void> {
  const ctx = actionContext()
  const after = await post<Done>(`/api/tickets/${into}/merge`, { from: from.map((f) => f.id) })
  for (const f of from) { if (ctx.view) dropFromList(ctx.view, f.id); void queries.invalidateQueries({ queryKey: ticketQuery(f.id).queryKey }) }
  keep(after)
  if (ctx.ticket && ctx.ticket.id !== after.id) show(after.id)
  await told('triage.merged', { n: from.length, number: after.number }, () => unmergeAll(after.undo.merge_ids ?? []))
}

async function unmergeAll(ids: string[]): Promise<void> {
  for (const id of ids) await unmerge(id)
}

/** Takes a merged ticket out again. */
export async function unmerge(mergeId: string): Promise<void> {
  const back = await post<Done>(`/api/merges/${mergeId}/undo`)
  await queries.invalidateQueries({ queryKey: ['ticket'] })
  await told('triage.unmerged', { number: back.number })
}

export async function split(ticket: Ticket, messages: string[], subject: string): Promise<void> {
  const made = await post<Done>(`/api/tickets/${ticket.id}/split`, { message_ids: messages, ...(subject.trim() ? { subject: subject.trim() } : {}) })
  await queries.invalidateQueries({ queryKey: ticketQuery(ticket.id).queryKey })
  show(made.id)
  await told('triage.split', { number: made.number }, async () => {
    const home = await post<Done>(`/api/splits/${made.undo.split_id}/undo`)
    await queries.invalidateQueries({ queryKey: ['ticket'] })
    show(home.id)
  })
}

export async function link(ticketId: string, otherId: string, kind: string, remove = false): Promise<void> {
  await act(ticketId, 'links', { other_id: otherId, kind, remove })
  void queries.invalidateQueries({ queryKey: ticketQuery(otherId).queryKey })
  await told(remove ? 'triage.unlinked' : 'triage.linked', {}, () => act(ticketId, 'links', { other_id: otherId, kind, remove: !remove }))
}

export async function move(ticket: Ticket, inbox: { id: string; name: string }): Promise<void> {
  const before = ticket.inbox_id
  const owner = { owner_id: ticket.owner_id, team_id: ticket.team_id }
  await post(`/api/tickets/${ticket.id}/move`, { inbox_id: inbox.id })
  leaves(ticket, { ...ticket, inbox_id: inbox.id })
  await queries.invalidateQueries({ queryKey: ['ticket'] })
  await told('triage.moved', { subject: ticketTitle(ticket), inbox: inbox.name }, async () => {
    await post(`/api/tickets/${ticket.id}/move`, { inbox_id: before })
    if (owner.owner_id || owner.team_id) await post(`/api/tickets/${ticket.id}/assign`, owner)
    await queries.invalidateQueries({ queryKey: ['ticket'] })
  })
}

export async function transfer(ticket: Ticket, to: { owner_id?: string; team_id?: string; name: string }, note: string): Promise<void> {
  const { name, ...who } = to
  const after = await act(ticket.id, 'transfer', { ...who, note })
  leaves(ticket, after)
  await told('triage.transferred', { name }, () => post(`/api/tickets/${ticket.id}/assign`, { owner_id: ticket.owner_id, team_id: ticket.team_id }).then(() => queries.invalidateQueries({ queryKey: ['ticket'] })))
}

export const setFollowers = (ticketId: string, add: string[], remove: string[]): Promise<Done> => act(ticketId, 'followers', { add, remove })

function show(ticketId: string): void {
  const ctx = actionContext()
  ctx.navigate(`/tickets/${ctx.view ?? 'open'}/${ticketId}`)
}

// conversations without a ticket

async function onThread(id: string, what: string, body: unknown = {}): Promise<void> {
  const after = await post<Conversation>(`/api/threads/${id}/${what}`, body)
  queries.setQueryData(conversationQuery(id).queryKey, (now) => now && { ...now, open: after.open, hidden: after.hidden, owner_id: after.owner_id, team_id: after.team_id, inbox_id: after.inbox_id, ticket_id: after.ticket_id })
}

export async function turnThread(c: ActionContext, open: boolean): Promise<void> {
  const { id } = c.conversation!
  await onThread(id, open ? 'reopen' : 'close')
  if (!open) leave(c)
  await told(open ? 'triage.thread_open' : 'triage.thread_closed', {}, () => onThread(id, open ? 'close' : 'reopen'))
}

export async function hideThread(c: ActionContext, hidden: '' | 'spam' | 'trash'): Promise<void> {
  const { id, thread } = c.conversation!
  const was = thread?.hidden ?? ''
  await onThread(id, hidden || 'restore', !hidden && was === 'spam' ? { unblock: true } : {})
  if (hidden) leave(c)
  await told(hidden === 'spam' ? 'triage.thread_spam' : hidden === 'trash' ? 'triage.thread_trash' : 'triage.thread_back', {}, () => onThread(id, was || 'restore'))
}

export const assignThread = (id: string, owner: string | null, team: string | null = null): Promise<void> => onThread(id, 'assign', { owner_id: owner, team_id: team })

export async function moveThread(id: string, inbox: { id: string; name: string }): Promise<void> {
  const before = queries.getQueryData(conversationQuery(id).queryKey)?.inbox_id
  const after = await post<Conversation>(`/api/threads/${id}/move`, { inbox_id: inbox.id })
  if (after.ticket_id) { show(after.ticket_id); await told('triage.thread_moved', { inbox: inbox.name }); return }
  await queries.invalidateQueries({ queryKey: conversationQuery(id).queryKey })
  await told('triage.thread_moved', { inbox: inbox.name }, () => post(`/api/threads/${id}/move`, { inbox_id: before }).then(() => queries.invalidateQueries({ queryKey: conversationQuery(id).queryKey })))
}

// a person's own habits

export async function setAfterClose(choice: AfterClose): Promise<void> {
  localStorage.setItem(afterCloseKey, choice)
  await patch('/api/me', { preferences: { after_close: choice } })
  await told(`after_close.${choice}`, {})
}

export async function setAutoFollow(on: boolean): Promise<void> {
  await patch('/api/me', { preferences: { auto_follow: on } })
  await told(on ? 'auto_follow.on' : 'auto_follow.off', {})
}

/** The choice follows the person to other browsers. */
export async function learnHabits(): Promise<void> {
  const p = await get<{ after_close?: string; focus?: boolean }>('/api/me/preferences')
  if (p.focus !== undefined) showFocus(p.focus)
  if (p.after_close) localStorage.setItem(afterCloseKey, p.after_close)
}
