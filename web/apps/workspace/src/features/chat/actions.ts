// What can be done with a chat beside answering it, as actions: they are there once a chat was opened.

import type { Thread } from '@kanal/api'
import { t } from '@/locales/index.ts'
import { defineAction, type ActionContext } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import { queries } from '@/shell/client.ts'
import { toast } from '@/shell/toast.tsx'
import { openBan } from './store.ts'
import { endChat, joinChat } from './queries.ts'

/** The chat on screen: the newest of the ticket's that is with a visitor, or the conversation itself. */
function chatIn(c: ActionContext): Thread | undefined {
  const own = c.conversation?.thread as Thread | undefined
  return c.ticket ? (c.ticket.threads ?? []).findLast((x) => x.visitor_id) : own?.visitor_id ? own : undefined
}
const can = (c: ActionContext, p: string) => !!c.session?.permissions.includes(p as never)
const isOpen = (c: ActionContext, th: Thread) => th.open && (c.ticket ? c.ticket.open : true)

defineAction({
  id: 'chat.join', label: 'chat.join', group: 'ticket', icon: 'user', shortcut: 'o', when: (c) => !!chatIn(c)?.bot && can(c, 'tickets.reply'),
  run: (c) => {
    const th = chatIn(c)!
    void joinChat(th.id).then((p) => {
      toast(t('chat.joined'))
      void queries.invalidateQueries({ queryKey: ['conversation', th.id] })
      if (p.ticket_id) c.navigate(`/tickets/mine/${p.ticket_id}`)
      else c.composer?.open('reply')
    }).catch(toastError)
  },
})
defineAction({
  id: 'chat.end', label: 'chat.end', group: 'ticket', icon: 'check', shortcut: 'shift+o', when: (c) => { const th = chatIn(c); return !!th && can(c, 'tickets.edit') && isOpen(c, th) },
  run: (c) => void endChat(chatIn(c)!.id).then(() => toast(t('chat.ended'))).catch(toastError),
})
defineAction({
  id: 'chat.ban', label: 'chat.ban', group: 'ticket', icon: 'shield', shortcut: 'shift+b', when: (c) => !!chatIn(c) && can(c, 'tickets.edit'),
  run: (c) => openBan(chatIn(c)!.visitor_id!),
})
