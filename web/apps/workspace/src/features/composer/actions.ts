import { defineAction } from '@/shell/actions.ts'

defineAction({ id: 'composer.reply', label: 'action.reply', group: 'composer', icon: 'reply', shortcut: 'r', when: (c) => !!c.composer, run: (c) => c.composer!.open('reply') })
defineAction({ id: 'composer.reply_all', label: 'action.reply_all', group: 'composer', icon: 'replyAll', shortcut: 'shift+r', when: (c) => !!c.composer, run: (c) => c.composer!.open('reply_all') })
defineAction({ id: 'composer.comment', label: 'action.comment', group: 'composer', icon: 'comment', shortcut: 'c', when: (c) => !!c.composer, run: (c) => c.composer!.open('comment') })
