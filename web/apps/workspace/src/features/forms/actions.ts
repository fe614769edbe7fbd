// What can be done in the editor of a form, by key, palette and menu.

import type { IconName } from '@kanal/ui'
import type { Key } from '@/locales/index.ts'
import { defineAction, type FormDeed } from '@/shell/actions.ts'

const deeds: { deed: FormDeed; label: Key; shortcut?: string; icon: IconName }[] = [
  { deed: 'add', label: 'forms.add_field', shortcut: '+', icon: 'plus' },
  { deed: 'duplicate', label: 'forms.duplicate_field', shortcut: 'mod+d', icon: 'copy' },
  { deed: 'remove', label: 'forms.remove_field', shortcut: 'delete', icon: 'trash' },
  { deed: 'undo', label: 'forms.undo', shortcut: 'mod+z', icon: 'undo' },
  { deed: 'redo', label: 'forms.redo', shortcut: 'mod+shift+z', icon: 'refresh' },
  { deed: 'save', label: 'forms.save', shortcut: 'mod+s', icon: 'check' },
  { deed: 'faults', label: 'forms.next_fault', shortcut: 'n', icon: 'warn' },
]

for (const { deed, label, shortcut, icon } of deeds) {
  defineAction({ id: `form.${deed}`, label, group: 'form', icon, ...(shortcut ? { shortcut } : {}), when: (c) => !!c.form?.[deed], run: (c) => c.form?.[deed]?.() })
}
