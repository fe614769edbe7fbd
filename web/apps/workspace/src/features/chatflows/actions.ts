// What can be done in the editor of a chatflow. Single keys work while a step has the focus (the canvas asks for them); with Ctrl or Cmd everywhere.

import { chordOf, defineAction, type Action, type ActionContext, type FlowDeed } from '@/shell/actions.ts'
import type { Key } from '@/locales/index.ts'
import type { IconName } from '@kanal/ui'

const deeds: { deed: FlowDeed; label: Key; shortcut?: string; icon: IconName }[] = [
  { deed: 'add', label: 'flow.add_step', shortcut: '+', icon: 'plus' },
  { deed: 'connect', label: 'flow.connect', shortcut: 'c', icon: 'link' },
  { deed: 'duplicate', label: 'flow.duplicate', shortcut: 'mod+d', icon: 'copy' },
  { deed: 'remove', label: 'flow.delete', shortcut: 'delete', icon: 'trash' },
  { deed: 'undo', label: 'flow.undo', shortcut: 'mod+z', icon: 'undo' },
  { deed: 'redo', label: 'flow.redo', shortcut: 'mod+shift+z', icon: 'refresh' },
  { deed: 'all', label: 'flow.select_all', shortcut: 'mod+a', icon: 'check' },
  { deed: 'arrange', label: 'flow.arrange', shortcut: 'l', icon: 'rows' },
  { deed: 'fit', label: 'flow.fit', shortcut: '0', icon: 'columns' },
  { deed: 'zoom_in', label: 'flow.zoom_in', shortcut: ']', icon: 'plus' },
  { deed: 'zoom_out', label: 'flow.zoom_out', shortcut: '[', icon: 'search' },
  { deed: 'list', label: 'flow.as_list', shortcut: 'v', icon: 'bullets' },
  { deed: 'test', label: 'flow.test', shortcut: 't', icon: 'eye' },
  { deed: 'faults', label: 'flow.faults', shortcut: 'n', icon: 'warn' },
  { deed: 'versions', label: 'flow.versions', icon: 'clock' },
  { deed: 'publish', label: 'flow.publish', shortcut: 'mod+enter', icon: 'send' },
]

const onCanvas = (): boolean => !!document.activeElement?.closest('[data-surface]')

const mine: Action[] = deeds.map(({ deed, label, shortcut, icon }) => defineAction({
  id: `flow.${deed}`, label, group: 'flow', icon, ...(shortcut ? { shortcut } : {}),
  // selecting all means the text where one is being typed
  when: (c) => !!c.flow?.[deed] && (deed !== 'all' || onCanvas()),
  run: (c) => c.flow?.[deed]?.(),
}))

/** The canvas's own keys come before the keys of the whole app: c connects here, and comments on a ticket. */
export function runKey(e: KeyboardEvent, c: ActionContext): boolean {
  const chord = chordOf(e)
  const key = chord === 'backspace' ? 'delete' : chord === 'mod+y' ? 'mod+shift+z' : chord === '=' ? '+' : chord
  const found = mine.find((a) => a.shortcut === key && a.when(c))
  if (!found) return false
  e.preventDefault()
  found.run(c)
  return true
}
