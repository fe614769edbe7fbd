import { describe, expect, it } from 'vitest'
import type { TicketRow } from '@kanal/api'
import { belongs, reconcile, settle, waitingCount, without, type ListPage } from './model.ts'

const row = (id: string, minute: number, over: Partial<TicketRow> = {}): TicketRow => ({
  id, number: Number(id), subject: `s${id}`, open: true, hidden: '', owner_id: null, inbox_id: '1', status_id: '1', last_activity_at: new Date(1e12 + minute * 60_000).toISOString(), ...over,
} as TicketRow)
const page = (...items: TicketRow[]): ListPage[] => [{ items, next: '' }]
const ids = (pages: ListPage[]) => pages.flatMap((p) => p.items.map((t) => t.id)).join()

describe('a ticket list', () => {
  it('WS-31: takes in a new ticket without moving a row, and shows it when asked', () => {
    const before = page(row('2', 20), row('1', 10))
    const after = reconcile(before, [row('3', 30), row('2', 20), row('1', 10)], [], 'open', 'me')
    expect(ids(after)).toBe('2,1')
    expect(waitingCount(after)).toBe(1)
    expect(ids(settle(after))).toBe('3,2,1')
    expect(waitingCount(settle(after))).toBe(0)
  })

  it('changes a row in place when its ticket has news, and moves it only when asked', () => {
    const before = page(row('3', 30), row('2', 20), row('1', 10))
    const news = row('1', 40, { subject: 'changed' })
    const after = reconcile(before, [news, row('3', 30), row('2', 20)], [], 'open', 'me')
    expect(ids(after)).toBe('3,2,1')
    expect(after[0]!.items[2]!.subject).toBe('changed')
    expect(waitingCount(after)).toBe(1)
    expect(ids(settle(after))).toBe('1,3,2')
  })

  it('dims what left the view, keeps its place, and drops it when asked', () => {
    const before = page(row('2', 20), row('1', 10))
    const after = reconcile(before, [row('1', 10)], [row('2', 20, { open: false })], 'open', 'me')
    expect(ids(after)).toBe('2,1')
    expect(after[0]!.items[0]!.gone).toBe(true)
    expect(ids(settle(after))).toBe('1')
    expect(ids(settle(after, '2'))).toBe('2,1')
  })

  it('does not announce what lies below the loaded pages', () => {
    const before: ListPage[] = [{ items: [row('5', 50), row('4', 40)], next: 'more' }]
    const after = reconcile(before, [row('5', 50), row('4', 40)], [row('1', 10)], 'open', 'me')
    expect(waitingCount(after)).toBe(0)
  })

  it('belongs: spam and trash stand in no ordinary view (WS-29)', () => {
    expect(belongs('open', row('1', 1, { hidden: 'spam' }), 'me')).toBe(false)
    expect(belongs('spam', row('1', 1, { hidden: 'spam' }), 'me')).toBe(true)
    expect(belongs('mine', row('1', 1, { owner_id: 'me' }), 'me')).toBe(true)
    expect(belongs('unassigned', row('1', 1, { owner_id: 'me' }), 'me')).toBe(false)
    expect(belongs('mentions', row('1', 1), 'me')).toBeUndefined()
  })

  it('without takes a row out of the page and of what waits', () => {
    const pages: ListPage[] = [{ items: [row('1', 1)], next: '', fresh: [row('2', 2)] }]
    expect(ids(without(pages, '1'))).toBe('')
    expect(waitingCount(without(pages, '2'))).toBe(0)
  })
})
