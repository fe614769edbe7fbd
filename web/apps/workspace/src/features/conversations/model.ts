// Pure rules about the conversations of an inbox.

import type { ThreadRow } from '@kanal/api'
import type { PageOf } from '@/features/tickets/index.ts'

/** A row as the list shows it. gone: it has left the list, and stays in place, dimmed, until the list is refreshed. */
export type Row = ThreadRow & { last_activity_at: string; gone?: boolean }

export const rowOf = (r: ThreadRow): Row => ({ ...r, last_activity_at: r.last_message_at })

/** Touched rows that should stand in a freshly read head and do not: their ticket was closed or hidden, or they are another inbox's now. */
export function leftOf(shown: Row[], head: PageOf<Row>, touched: (r: Row) => boolean): Row[] {
  const there = new Set(head.items.map((r) => r.id))
  const oldest = head.next === '' ? '' : (head.items.at(-1)?.last_activity_at ?? '')
  return shown.filter((r) => touched(r) && !there.has(r.id) && r.last_activity_at >= oldest)
}
