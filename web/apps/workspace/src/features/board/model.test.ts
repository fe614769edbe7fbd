import { describe, expect, it } from 'vitest'
import type { ListPage, Row } from '@/features/tickets/index.ts'
import { beside, columnAsk, columnKey, columnsOf, put, takes, wayBack, type Parts } from './model.ts'

const st = (id: string, state: 'open' | 'closed') => ({ id, slug: `s${id}`, name: `S${id}`, state })
const parts: Parts = {
  pipelines: [{ id: '1', slug: 'a', name: 'A', statuses: [st('10', 'open'), st('11', 'closed')] }, { id: '2', slug: 'b', name: 'B', statuses: [st('20', 'open')] }],
  users: [{ id: '5', name: 'Ann', active: true }, { id: '6', name: 'Gone', active: false }], teams: [{ id: '7', name: 'Sales' }], property: { name: 'cause', options: ['Wear'] },
  priorities: ['urgent', 'high', 'medium', 'low'], priorityName: (p) => p || 'none', unassigned: 'Unassigned', none: 'None',
}
const row = (id: string, at: string, more: Partial<Row> = {}): Row => ({ id, last_activity_at: at, pipeline_id: '1', status_id: '10', owner_id: null, team_id: null, priority: '', properties: {}, ...more }) as Row
const ask = { view: 'open', filter: '', sort: '', group: 'status_id', people: true, at: '@5' }
const ids = (pages: ListPage[]) => pages.map((p) => p.items.map((r) => r.id).join(''))

describe('WS-04: the board', () => {
  it('has a column for each value, and none for who is not there any more', () => {
    expect(columnsOf('owner_id', parts).map((c) => c.label)).toEqual(['Unassigned', 'Ann'])
    expect(columnsOf('status_id', parts).map((c) => c.label)).toEqual(['S10 · A', 'S11 · A', 'S20 · B'])
    expect(columnsOf('priority', parts).map((c) => c.key)).toEqual(['urgent', 'high', 'medium', 'low', ''])
    expect(columnsOf('property.cause', parts).map((c) => c.label)).toEqual(['Wear', 'None'])
  })
  it('asks for one column at a time, and for what was just closed where a view is of open tickets', () => {
    const [open, closed] = columnsOf('status_id', parts)
    expect(columnAsk(ask, open!)).toEqual({ view: 'open', filter: JSON.stringify({ field: 'status_id', op: 'is', value: '10' }), sort: '', group: '', people: false, at: '@5' })
    expect(columnAsk(ask, closed!).view).toBe('recently_closed')
    expect(columnAsk({ ...ask, view: 'mine' }, closed!).filter).toBe(JSON.stringify({ all: [{ field: 'owner_id', op: 'is', value: 'me' }, { field: 'status_id', op: 'is', value: '11' }] }))
    expect(columnAsk({ ...ask, view: 'custom:1' }, closed!).view).toBe('custom:1')
    expect(columnAsk(ask, columnsOf('team_id', parts)[0]!).filter).toBe(JSON.stringify({ field: 'team_id', op: 'empty' }))
  })
  it('a card goes only where its pipeline is, and skips the rest by key', () => {
    const columns = columnsOf('status_id', parts)
    expect(columns.map((c) => takes(c, row('1', 'x')))).toEqual([true, true, false])
    expect(beside(columns, '10', 1, row('1', 'x'))).toBe('11')
    expect(beside(columns, '11', 1, row('1', 'x'))).toBe('11')
    expect(beside(columns, '10', -1, row('1', 'x'))).toBe('10')
  })
  it('a card stands once, by its time or on top', () => {
    const pages: ListPage[] = [{ items: [row('5', '5'), row('3', '3')], next: 'n' }, { items: [row('1', '1')], next: '' }]
    expect(ids(put(pages, row('4', '4'), true))).toEqual(['543', '1'])
    expect(ids(put(pages, row('2', '2'), true))).toEqual(['53', '21'])
    expect(ids(put(pages, row('0', '0'), true))).toEqual(['53', '10'])
    expect(ids(put(pages, row('1', '1'), false))).toEqual(['153', ''])
    expect(ids(put([{ items: [], next: '' }], row('1', '1'), true))).toEqual(['1'])
  })
  it('knows the way back', () => {
    const r = row('1', 'x', { owner_id: '5', properties: { cause: 'Wear' } })
    expect(wayBack(r, { owner_id: null })).toEqual({ owner_id: '5' })
    expect(wayBack(r, { properties: { cause: null } })).toEqual({ properties: { cause: 'Wear' } })
    expect(wayBack(r, { status_id: '11' })).toEqual({ status_id: '10' })
    expect(columnKey(r, 'property.cause')).toBe('Wear')
  })
})
