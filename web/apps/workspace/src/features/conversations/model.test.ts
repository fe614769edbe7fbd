import { describe, expect, it } from 'vitest'
import type { ThreadRow, View } from '@kanal/api'
import { takeIn, type PageOf } from '@/features/tickets/index.ts'
import { openIn } from '@/features/views/index.ts'
import { leftOf, rowOf, type Row } from './model.ts'

const row = (id: string, minute: number, over: Partial<ThreadRow> = {}): Row => rowOf({ id, subject: `s${id}`, ticket_id: null, ticket_number: 0, last_message_at: new Date(1e12 + minute * 60_000).toISOString(), ...over } as ThreadRow)
const head = (next: string, ...items: Row[]): PageOf<Row> => ({ items, next })

describe('the conversations of an inbox (IH-01)', () => {
  it('a row that left the list is dimmed in place; one below what was read again is let be', () => {
    const shown = [row('4', 40), row('3', 30), row('2', 20), row('1', 10)]
    const read = head('more', row('4', 40), row('2', 20))
    const left = leftOf(shown, read, () => true)
    expect(left.map((r) => r.id)).toEqual(['3'])
    const after = takeIn([head('', ...shown)], read.items, left, () => false)
    expect(after[0]!.items.map((r) => `${r.id}${r.gone ? ' gone' : ''}`)).toEqual(['4', '3 gone', '2', '1'])
    expect(leftOf(shown, head('', row('4', 40)), (r) => r.id === '1').map((r) => r.id)).toEqual(['1'])
  })

  it('a conversation that got a ticket says so where it stands, and a new one waits', () => {
    const after = takeIn([head('', row('2', 20), row('1', 10))], [row('3', 30), row('2', 20, { ticket_id: '9', ticket_number: 1001 }), row('1', 10)], [], () => false)
    expect(after[0]!.items.map((r) => r.ticket_number)).toEqual([1001, 0])
    expect(after[0]!.fresh?.map((r) => r.id)).toEqual(['3'])
  })

  it('counts tickets and conversations without one together', () => {
    expect(openIn({ id: 'inbox:1', name: 'Sales', count: 2, capped: false, conversations: 3, conversations_capped: false } satisfies View)).toEqual({ n: 5, capped: false })
  })
})
