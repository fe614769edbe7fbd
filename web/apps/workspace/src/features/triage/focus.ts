// Focus mode (WS-28): the ticket and its composer alone. It is the person's, in every browser; the style sheets follow an attribute of <html>.

import { patch } from '@kanal/api'
import { defineAction } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import './focus.css'

const key = 'kanal.focus'

export function showFocus(on: boolean): void {
  if (on) document.documentElement.dataset.focus = ''
  else delete document.documentElement.dataset.focus
  try { if (on) localStorage.setItem(key, '1'); else localStorage.removeItem(key) } catch { /* not kept here */ }
}

const focused = () => document.documentElement.dataset.focus !== undefined

try { if (localStorage.getItem(key)) showFocus(true) } catch { /* not kept here */ }

for (const on of [true, false]) {
  defineAction({
    id: on ? 'ticket.focus' : 'ticket.unfocus', label: on ? 'action.focus' : 'action.unfocus', group: 'ticket', icon: 'panel', shortcut: 'shift+z',
    when: (c) => (!!c.ticket || !!c.conversation) && focused() !== on,
    run: () => { showFocus(on); patch('/api/me', { preferences: { focus: on } }).catch(toastError) },
  })
}
