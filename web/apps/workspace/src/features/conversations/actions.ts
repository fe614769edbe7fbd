import { defineAction } from '@/shell/actions.ts'

defineAction({ id: 'conversation.ticket', label: 'action.make_ticket', group: 'ticket', icon: 'plus', shortcut: 't', when: (c) => !!c.conversation?.makeTicket, run: (c) => c.conversation!.makeTicket!() })
