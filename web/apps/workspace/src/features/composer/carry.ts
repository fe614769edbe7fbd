// A conversation that is being answered gets a ticket: another screen takes over, and whoever writes notices nothing.
// Without the cursor, the next letters would be shortcuts.

import type { Mode } from './Composer.tsx'

interface Carried { ticket: string; mode: Mode; writing: boolean }
let carried: Carried | null = null

/** Keeps how the composer on screen stands, for the ticket whose composer is next. */
export function carryOver(ticket: string): void {
  const at = document.querySelector<HTMLElement>('section[data-mode]')
  const mode = at?.dataset.mode
  carried = at && mode && mode !== 'closed' ? { ticket, mode: mode as Mode, writing: at.contains(document.activeElement) } : null
}
export const carriedTo = (ticket: string): Carried | null => (ticket && carried?.ticket === ticket ? carried : null)
export function carriedOver(): void { carried = null }
