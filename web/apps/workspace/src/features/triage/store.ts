// Which dialog about a ticket is open: one at a time. The dialogs themselves load when the first one opens.

import { useSyncExternalStore } from 'react'

export type DialogName = 'snooze' | 'merge' | 'split' | 'link' | 'move' | 'transfer' | 'followers' | 'block' | 'hold' | 'redact' | 'redacted' | 'tags'
/** What a dialog is about: a ticket, or a conversation without one. */
export interface About { name: DialogName; ticketId: string | null; threadId: string | null; messageId?: string }

let open: About | null = null
const listeners = new Set<() => void>()

export function openDialog(name: DialogName, ticketId: string | null, threadId: string | null = null, messageId = ''): void {
  open = { name, ticketId, threadId, messageId }
  for (const fn of listeners) fn()
}

export function closeDialog(): void {
  open = null
  for (const fn of listeners) fn()
}

export const useDialog = (): About | null => useSyncExternalStore((fn) => { listeners.add(fn); return () => { listeners.delete(fn) } }, () => open)
