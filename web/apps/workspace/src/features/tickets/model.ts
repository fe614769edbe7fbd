// Pure rules about lists: which view a ticket belongs to, and how a list, of tickets or of conversations, takes in news without jumping.

import type { TicketRow } from '@kanal/api'

/** A row as a list shows it. gone: it no longer belongs to the view, and stays in place, dimmed, until the list is refreshed. */
export interface Listed { id: string; last_activity_at: string; gone?: boolean }
export interface PageOf<R extends Listed> { items: R[]; next: string; fresh?: R[] }
export type Row = TicketRow & { gone?: boolean }
export type ListPage = PageOf<Row>

/** Whether a ticket stands in a built-in view. undefined: only the server knows (mentions, views to come). */
export function belongs(view: string, t: TicketRow, me: string): boolean | undefined {
  if (view === 'spam' || view === 'trash') return t.hidden === view
  if (t.hidden) return false
  if (view === 'snoozed') return !!t.snoozed
  if (t.snoozed && (view === 'mine' || view === 'unassigned' || view === 'open' || view.startsWith('inbox:'))) return false
  if (view === 'mine') return t.open && t.owner_id === me
  if (view === 'unassigned') return t.open && !t.owner_id
  if (view === 'open') return t.open
  if (view === 'closed') return !t.open
  if (view.startsWith('inbox:')) return t.open && t.inbox_id === view.slice(6)
  if (view.startsWith('status:')) return t.status_id === view.slice(7)
  return undefined
}

const newestFirst = (a: Listed, b: Listed) =>
  a.last_activity_at === b.last_activity_at ? Number(b.id) - Number(a.id) : a.last_activity_at < b.last_activity_at ? 1 : -1

/** takeIn for a view of tickets. */
export function reconcile(pages: ListPage[], head: TicketRow[], changed: TicketRow[], view: string, me: string): ListPage[] {
  return takeIn<Row>(pages, head, changed, (r) => belongs(view, r, me))
}

/**
 * Takes a freshly read head of the list and single rows that changed. Known rows are replaced where they stand; unknown
 * ones wait in fresh; what left the view is dimmed. Nothing moves. stands says whether a changed row belongs to the list. timed: the list stands by
 * newest activity; in another order only the head says what is new at its top.
 */
export function takeIn<R extends Listed>(pages: PageOf<R>[], head: R[], changed: R[], stands: (r: R) => boolean | undefined, timed = true): PageOf<R>[] {
  const first = pages[0]
  if (!first) return pages
  const latest = new Map<string, R>()
  for (const t of changed) latest.set(t.id, t)
  for (const t of head) latest.set(t.id, t)
  const shown = new Set(pages.flatMap((p) => p.items.map((t) => t.id)))
  const inHead = new Set(head.map((t) => t.id))
  const swap = (row: R): R => {
    const now = latest.get(row.id)
    if (!now) return row
    const stays = inHead.has(now.id) || stands(now) !== false
    return { ...now, ...(stays ? {} : { gone: true }) }
  }
  const waiting = new Map((first.fresh ?? []).map((t) => [t.id, t] as const))
  const oldestShown = pages.at(-1)!.items.at(-1)
  const more = pages.at(-1)!.next !== ''
  for (const t of timed ? [...changed, ...head] : head) {
    if (shown.has(t.id)) continue
    if (!inHead.has(t.id) && stands(t) !== true) { waiting.delete(t.id); continue }
    // below what is loaded: it comes with its page
    if (timed && more && oldestShown && newestFirst(t, oldestShown) > 0) continue
    waiting.set(t.id, t)
  }
  const fresh = timed ? [...waiting.values()].sort(newestFirst) : [...waiting.values()]
  return pages.map((p, i) => ({ ...p, items: p.items.map(swap), ...(i === 0 ? { fresh } : {}) }))
}

/** Shows what waits: fresh rows join, moved rows take their new place, dimmed ones leave. */
export function settle<R extends Listed>(pages: PageOf<R>[], keep?: string): PageOf<R>[] {
  const first = pages[0]
  if (!first) return pages
  const rows = [...(first.fresh ?? []), ...pages.flatMap((p) => p.items)].filter((t) => !t.gone || t.id === keep)
  const seen = new Set<string>()
  const sorted = rows.filter((t) => (seen.has(t.id) ? false : (seen.add(t.id), true))).sort(newestFirst)
  // keep the page bounds: cursors belong to pages, and only the last page's is used
  const out: PageOf<R>[] = []
  let from = 0
  pages.forEach((p, i) => {
    const n = i === pages.length - 1 ? sorted.length - from : p.items.length
    out.push({ items: sorted.slice(from, from + n), next: p.next })
    from += n
  })
  return out
}

/** How many rows the pill announces: new ones, and known ones that would move up. */
export function waitingCount<R extends Listed>(pages: PageOf<R>[], timed = true): number {
  return (pages[0]?.fresh?.length ?? 0) + (timed ? countMoved(pages.flatMap((p) => p.items)) : 0)
}

/** Dims rows that no longer belong to the list. */
export function dim<R extends Listed>(pages: PageOf<R>[], gone: ReadonlySet<string>): PageOf<R>[] {
  if (gone.size === 0) return pages
  return pages.map((p) => ({ ...p, items: p.items.map((r) => (gone.has(r.id) ? { ...r, gone: true } : r)), ...(p.fresh ? { fresh: p.fresh.filter((r) => !gone.has(r.id)) } : {}) }))
}

/** Rows that stand below a row older than themselves. */
function countMoved(rows: Listed[]): number {
  let oldest = '\uffff'
  let n = 0
  for (const r of rows) {
    if (r.gone) continue
    if (r.last_activity_at > oldest) n++
    else oldest = r.last_activity_at
  }
  return n
}

export function without<R extends Listed>(pages: PageOf<R>[], id: string): PageOf<R>[] {
  return pages.map((p) => ({ ...p, items: p.items.filter((t) => t.id !== id), ...(p.fresh ? { fresh: p.fresh.filter((t) => t.id !== id) } : {}) }))
}

export const ticketTitle = (t: Pick<TicketRow, 'subject' | 'number'>): string => t.subject || `#${t.number}`
