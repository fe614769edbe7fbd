import { describe, expect, it } from 'vitest'
import type { TimelineItem } from '@kanal/api'
import { entryOf, worthALine } from './model.ts'

const event = (type: string): TimelineItem => ({ kind: 'event', event: { id: '7', at: '2026-01-01T00:00:00.000Z', type } as never })

describe('a timeline', () => {
  it('shows changes of the ticket as lines and leaves out what the message itself shows', () => {
    expect(worthALine(event('ticket.assigned'))).toBe(true)
    expect(worthALine(event('thread.claimed'))).toBe(true)
    expect(worthALine(event('message.sent'))).toBe(false)
    expect(worthALine(event('comment.added'))).toBe(false)
  })
  it('orders ids as numbers', () => {
    const a = entryOf({ kind: 'message', message: { id: '9', created_at: 't' } as never })
    const b = entryOf({ kind: 'message', message: { id: '10', created_at: 't' } as never })
    expect(a.key < b.key).toBe(true)
  })
})
