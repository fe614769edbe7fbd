import { defineAction } from '@/shell/actions.ts'

defineAction({ id: 'composer.reply', label: 'action.reply', group: 'composer', icon: 'reply', shortcut: 'r', types: true, when: (c) => !!c.composer, run: (c) => c.composer!.open('reply') })
defineAction({ id: 'composer.reply_all', label: 'action.reply_all', group: 'composer', icon: 'replyAll', shortcut: 'shift+r', types: true, when: (c) => !!c.composer, run: (c) => c.composer!.open('reply_all') })
defineAction({ id: 'composer.forward', label: 'action.forward', group: 'composer', icon: 'forward', shortcut: 'f', types: true, when: (c) => !!c.composer, run: (c) => c.composer!.open('forward') })
defineAction({ id: 'composer.comment', label: 'action.comment', group: 'composer', icon: 'comment', shortcut: 'c', types: true, when: (c) => !!c.composer, run: (c) => c.composer!.open('comment') })
defineAction({ id: 'composer.undo', label: 'action.undo_send', group: 'composer', icon: 'undo', shortcut: 'z', when: (c) => !!c.composer?.undo, run: (c) => c.composer!.undo!() })
defineAction({ id: 'go.waiting', label: 'action.go_waiting', group: 'go', icon: 'users', shortcut: 'g w', when: (c) => !!c.session, run: (c) => c.navigate('/waiting') })
defineAction({ id: 'go.scheduled', label: 'action.go_scheduled', group: 'go', icon: 'clock', shortcut: 'g l', when: (c) => !!c.session && c.session.permissions.includes('tickets.reply'), run: (c) => c.navigate('/scheduled') })
