// What can be done to a ticket beside answering it, as actions. What they do loads when it is first done.

import type { Ticket } from '@kanal/api'
import { startPicking } from '@/features/conversation/index.ts'
import type { Key } from '@/locales/index.ts'
import { defineAction, type ActionContext } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import { afterClose } from '@/shell/leave.ts'
import { openDialog, type DialogName } from './store.ts'

const can = (c: ActionContext, p: string) => !!c.session?.permissions.includes(p as never)
const edits = (c: ActionContext) => !!c.ticket && can(c, 'tickets.edit')
const shown = (c: ActionContext) => edits(c) && !c.ticket!.hidden
const bare = (c: ActionContext, p = 'tickets.edit') => !c.ticket && !!c.conversation?.thread && can(c, p)
const run = () => import('./run.ts')
const doing = (fn: (m: typeof import('./run.ts')) => Promise<unknown>) => void run().then(fn).catch(toastError)

type Defined = Parameters<typeof defineAction>[0]
const ticket = (id: string, label: Key, icon: Defined['icon'], shortcut: string, when: Defined['when'], go: ((t: Ticket, c: ActionContext) => void) & { types?: boolean }) =>
  defineAction({ id: `ticket.${id}`, label, group: 'ticket', ...(go.types ? { types: true } : {}), ...(icon ? { icon } : {}), ...(shortcut ? { shortcut } : {}), when, run: (c) => go(c.ticket!, c) })
const dialog = (name: DialogName) => Object.assign((t: Ticket) => openDialog(name, t.id), { types: true })

ticket('snooze', 'action.snooze', 'clock', 'h', (c) => shown(c) && c.ticket!.open, dialog('snooze'))
ticket('wake', 'action.wake', 'sun', 'shift+h', (c) => shown(c) && !!c.ticket!.snoozed, (t) => doing((m) => m.wake(t)))
ticket('follow', 'action.follow', 'bell', 'w', (c) => !!c.ticket && !c.ticket.following && c.ticket.hidden !== 'merged', (t) => doing((m) => m.follow(t, true)))
ticket('unfollow', 'action.unfollow', 'bell', 'shift+w', (c) => !!c.ticket?.following, (t) => doing((m) => m.follow(t, false)))
ticket('followers', 'action.followers', 'users', 'i', (c) => !!c.ticket && can(c, 'tickets.comment'), dialog('followers'))
ticket('transfer', 'action.transfer', 'forward', 'shift+t', (c) => !!c.ticket && can(c, 'tickets.assign') && !c.ticket.hidden, dialog('transfer'))
ticket('rotate', 'action.rotate', 'team', '', (c) => shown(c) && can(c, 'tickets.assign') && c.ticket!.open, (t) => doing(async () => (await import('@/features/waiting/model.ts')).rotate(t)))
ticket('merge', 'action.merge', 'copy', 'm', shown, dialog('merge'))
ticket('split', 'action.split', 'archive', 'shift+m', (c) => shown(c) && c.ticket!.message_count > 1, (t) => { startPicking(t.id); openDialog('split', t.id) })
ticket('link', 'action.link', 'link', 'l', shown, dialog('link'))
ticket('tags', 'action.tags', 'flag', 'shift+l', edits, dialog('tags'))
ticket('move', 'action.move', 'inbox', 'shift+i', (c) => edits(c) && c.ticket!.hidden !== 'merged' && (c.session?.inboxes.length ?? 0) > 1, dialog('move'))
ticket('spam', 'action.spam', 'spam', '!', shown, (t, c) => doing((m) => m.spam(t, c)))
ticket('block', 'action.block', 'shield', 'b', shown, dialog('block'))
ticket('trash', 'action.trash', 'trash', '#', (c) => !!c.ticket && can(c, 'tickets.delete') && !c.ticket.hidden, (t, c) => doing((m) => m.trash(t, c)))
ticket('redact', 'action.redact', 'shield', 'shift+x', (c) => !!c.ticket && can(c, 'tickets.delete') && c.ticket.message_count > 0, dialog('redact'))
ticket('hold', 'action.hold', 'shield', '', (c) => !!c.ticket && can(c, 'contacts.erase'), dialog('hold'))
ticket('restore', 'action.restore', 'refresh', 'y', (c) => edits(c) && (c.ticket!.hidden === 'spam' || c.ticket!.hidden === 'trash'), (t) => doing((m) => m.restore(t)))

const conversation = (id: string, label: Key, icon: Defined['icon'], shortcut: string, when: Defined['when'], go: (c: ActionContext) => void) =>
  defineAction({ id: `conversation.${id}`, label, group: 'ticket', ...(icon ? { icon } : {}), shortcut, when, run: go })

conversation('close', 'action.close_conversation', 'check', 'e', (c) => bare(c) && c.conversation!.thread!.open && !c.conversation!.thread!.hidden, (c) => doing((m) => m.turnThread(c, false)))
conversation('reopen', 'action.reopen_conversation', 'refresh', 'shift+e', (c) => bare(c) && !c.conversation!.thread!.open && !c.conversation!.thread!.hidden, (c) => doing((m) => m.turnThread(c, true)))
conversation('assign', 'action.assign', 'user', 'a', (c) => bare(c, 'tickets.assign') && !!c.menu, (c) => c.menu!.open('assign'))
conversation('take', 'action.take', 'user', 'shift+a', (c) => bare(c, 'tickets.assign') && c.conversation!.thread!.owner_id !== c.session?.user.id, (c) => doing((m) => m.assignThread(c.conversation!.id, c.session!.user.id)))
conversation('spam', 'action.spam', 'spam', '!', (c) => bare(c) && !c.conversation!.thread!.hidden, (c) => doing((m) => m.hideThread(c, 'spam')))
conversation('trash', 'action.trash', 'trash', '#', (c) => bare(c, 'tickets.delete') && !c.conversation!.thread!.hidden, (c) => doing((m) => m.hideThread(c, 'trash')))
conversation('restore', 'action.restore', 'refresh', 'y', (c) => bare(c) && !!c.conversation!.thread!.hidden, (c) => doing((m) => m.hideThread(c, '')))
conversation('move', 'action.move', 'inbox', 'shift+i', (c) => bare(c) && (c.session?.inboxes.length ?? 0) > 1, (c) => openDialog('move', null, c.conversation!.id))

/** What stands in a ticket's menu, in this order; what cannot be done now is left out. */
export const moreActions = [
  ['ticket.snooze', 'ticket.wake', 'ticket.follow', 'ticket.unfollow', 'ticket.followers'],
  ['ticket.take', 'ticket.release', 'ticket.rotate', 'ticket.transfer', 'ticket.move'],
  ['ticket.tags', 'ticket.merge', 'ticket.split', 'ticket.link', 'ticket.copy_link', 'ticket.focus', 'ticket.unfocus'],
  ['ticket.spam', 'ticket.block', 'ticket.trash', 'ticket.restore', 'ticket.redact', 'ticket.hold'],
]

for (const choice of ['next', 'previous', 'list', 'stay'] as const) {
  defineAction({
    id: `me.after_close.${choice}`, label: `after_close.${choice}`, group: 'general', when: (c) => !!c.session && afterClose() !== choice,
    run: () => doing((m) => m.setAfterClose(choice)),
  })
}
for (const on of [true, false]) {
  defineAction({ id: `me.auto_follow.${on ? 'on' : 'off'}`, label: on ? 'auto_follow.on' : 'auto_follow.off', group: 'general', when: (c) => !!c.session, run: () => doing((m) => m.setAutoFollow(on)) })
}
