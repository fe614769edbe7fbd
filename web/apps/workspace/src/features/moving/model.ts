// What a move does, told in order: what is lost first, then what changes, what stays and what comes along.

import type { Move, MoveNote } from '@kanal/api'

const order = ['loses', 'mapped', 'stays', 'carries']

export const ordered = (notes: readonly MoveNote[]): MoveNote[] => [...notes].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level))

export const busy = (m: Move): boolean => m.state === 'running' || m.state === 'undoing'

export const share = (m: Move): number => (m.total > 0 ? Math.min(100, Math.round((100 * m.done) / m.total)) : m.state === 'running' || m.state === 'undoing' ? 0 : 100)

/** Whole days that are left for undoing, at least one while it is possible at all. */
export function daysLeft(m: Move, now = Date.now()): number {
  if (!m.undoable || !m.undo_until) return 0
  return Math.max(1, Math.floor((Date.parse(m.undo_until) - now) / 86_400_000))
}
