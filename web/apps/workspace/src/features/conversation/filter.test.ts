import { describe, expect, it } from 'vitest'
import type { TimelineItem } from '@kanal/api'
import { grouped, shown } from './filter.ts'

const message = (id: string, over: object = {}): TimelineItem => ({ kind: 'message', message: { id, thread_id: '1', type: 'message', attachments: [], ...over } as never })
const event = (id: string, thread: string | null = null): TimelineItem => ({ kind: 'event', event: { id, type: 'ticket.updated', at: id, thread_id: thread } as never })
const entry = (value: TimelineItem, key: string) => ({ kind: 'entry' as const, key, value })

describe('the timeline (TK-18)', () => {
  it('shows a part of the story', () => {
    const all = [message('1'), message('2', { type: 'comment' }), event('3'), message('4', { thread_id: '2', attachments: [{ inline: false }] }), message('5', { attachments: [{ inline: true }] })]
    const of = (show: Parameters<typeof shown>[1], thread = '') => all.filter((i) => shown(i, show, thread)).map((i) => (i.kind === 'message' ? i.message.id : i.event.id)).join('')
    expect(of('all')).toBe('12345')
    expect(of('messages')).toBe('145')
    expect(of('comments')).toBe('2')
    expect(of('events')).toBe('3')
    expect(of('files')).toBe('4')
    expect(of('all', '2')).toBe('34')
  })
  it('folds runs of events', () => {
    const rows = grouped([entry(message('1'), 'a'), entry(event('2'), 'b'), entry(event('3'), 'c'), entry(message('4'), 'd'), entry(event('5'), 'e'), entry(event('6'), 'f'), entry(event('7'), 'g')])
    expect(rows.map((r) => ('events' in r ? `${r.events.length} ${r.at}` : r.key))).toEqual(['a', 'b', 'c', 'd', '3 7'])
  })
})
