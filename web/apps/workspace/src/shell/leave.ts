// What opens when the ticket on screen has left its list: the person's choice.

import type { ActionContext } from './actions.ts'

export type AfterClose = 'next' | 'previous' | 'list' | 'stay'
export const afterCloseKey = 'kanal.after_close'

/** Kept with the person, and at hand in this browser. */
export const afterClose = (): AfterClose => { try { return (localStorage.getItem(afterCloseKey) as AfterClose | null) ?? 'next' } catch { return 'next' } }

export function leave(c: ActionContext): void {
  const to = afterClose()
  if (to === 'next') c.list?.next()
  else if (to === 'previous') c.list?.previous()
  else if (to === 'list') c.shell?.back()
}
