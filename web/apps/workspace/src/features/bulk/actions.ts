// What the bar does, as actions: in the palette and by key while tickets are selected. They load with the bar, so they cost nothing before.

import { defineAction, type ActionContext } from '@/shell/actions.ts'
import type { Key } from '@/locales/index.ts'
import type { IconName } from '@kanal/ui'
import type { Action } from './model.ts'

export interface Bar { view: string; onDo(a: Action): void; onDialog(d: 'property' | 'tags' | 'merge' | 'spam' | 'snooze'): void }

let bar: Bar | null = null
export const setBar = (b: Bar | null): void => { bar = b }

/** The key is the one that does it to a single ticket; while a ticket is open beside the list, it is that one's. */
function bulk(id: string, icon: IconName, shortcut: string, where: 'shown' | 'spam' | 'trash', permission: string, run: (b: Bar, c: ActionContext) => void): void {
  const may = (c: ActionContext) => !!bar && !!c.selection && c.selection.count > 0 && !!c.session?.permissions.includes(permission as never) && (where === 'shown' ? bar.view !== 'spam' && bar.view !== 'trash' : bar.view === where)
  const label = `bulk.act.${id}` as Key
  defineAction({ id: `bulk.${id}`, label, group: 'list', icon, when: may, run: (c) => { if (bar) run(bar, c) } })
  if (shortcut) defineAction({ id: `bulk.${id}.key`, label, group: 'list', icon, shortcut, quiet: true, when: (c) => may(c) && !c.ticket && !c.conversation, run: (c) => { if (bar) run(bar, c) } })
}

bulk('take', 'user', 'shift+a', 'shown', 'tickets.assign', (b, c) => b.onDo({ type: 'assign', owner_id: c.session!.user.id }))
bulk('rotate', 'team', '', 'shown', 'tickets.assign', (b) => b.onDo({ type: 'rotate' }))
bulk('close', 'check', 'e', 'shown', 'tickets.edit', (b) => b.onDo({ type: 'close' }))
bulk('reopen', 'refresh', 'shift+e', 'shown', 'tickets.edit', (b) => b.onDo({ type: 'reopen' }))
bulk('snooze', 'clock', 'h', 'shown', 'tickets.edit', (b) => b.onDialog('snooze'))
bulk('follow', 'eye', 'w', 'shown', 'tickets.view', (b) => b.onDo({ type: 'follow' }))
bulk('property', 'rows', '', 'shown', 'tickets.edit', (b) => b.onDialog('property'))
bulk('tags', 'flag', 'shift+l', 'shown', 'tickets.edit', (b) => b.onDialog('tags'))
bulk('merge', 'link', 'm', 'shown', 'tickets.edit', (b) => b.onDialog('merge'))
bulk('spam', 'spam', '!', 'shown', 'tickets.edit', (b) => b.onDialog('spam'))
bulk('trash', 'trash', '#', 'shown', 'tickets.delete', (b) => b.onDo({ type: 'trash' }))
bulk('not_spam', 'check', 'y', 'spam', 'tickets.edit', (b) => b.onDo({ type: 'not_spam' }))
bulk('restore', 'refresh', 'y', 'trash', 'tickets.edit', (b) => b.onDo({ type: 'restore' }))
