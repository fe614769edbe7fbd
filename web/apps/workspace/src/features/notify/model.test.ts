import { describe, expect, it } from 'vitest'
import { detailOf, grouped, leadsTo, type News } from './model.ts'

const news = (id: string, part: Partial<News> = {}): News => ({ id, kind: 'customer_replied', ticket_id: null, thread_id: null, number: 0, subject: '', actor_name: '', excerpt: 'Hello', data: {}, at: '2026-01-01T00:00:00Z', read_at: null, ...part })

describe('news', () => {
  it('WS-15: stands together by ticket, where the newest of it is', () => {
    const g = grouped([news('5', { ticket_id: '1' }), news('4', { ticket_id: '2', read_at: 'x' }), news('3', { ticket_id: '1', read_at: 'x' }), news('2', { kind: 'set_aside' }), news('1', { kind: 'set_aside' })])
    expect(g.map((x) => [x.key, x.items.length, x.unread])).toEqual([['t1', 2, true], ['t2', 1, false], ['2', 1, true], ['1', 1, true]])
  })

  it('leads to what it is about', () => {
    expect(leadsTo(news('1', { number: 1042 }))).toBe('/ticket/1042')
    expect(leadsTo(news('1', { thread_id: '7' }))).toBe('/conversation/7')
    expect(leadsTo(news('1', { kind: 'held_digest' }))).toBe('/tickets/spam')
    expect(leadsTo(news('1', { kind: 'test' }))).toBe('/settings/my-notifications')
  })

  it('says what was said, and what is wrong', () => {
    expect(detailOf(news('1'))).toBe('Hello')
    expect(detailOf(news('1', { kind: 'assigned' }))).toBe('')
    expect(detailOf(news('1', { kind: 'send_failed', data: { reason: 'refused' } }))).toBe('refused')
  })
})
