import { describe, expect, it } from 'vitest'
import { both, complete, filterOf, parseFilter } from './filter.ts'

describe('filters', () => {
  it('leave out what is not filled in', () => {
    expect(complete({ all: [{ field: 'subject', op: 'contains', value: '' }, { any: [] }] })).toBeNull()
    expect(complete({ all: [{ field: 'subject', op: 'empty', value: 'left over' }, { field: 'created_at', op: 'between', value: ['2026-01-01'] }] })).toEqual({ all: [{ field: 'subject', op: 'empty' }] })
    expect(complete({ field: 'owner_id', op: 'in', value: ['me', ''] })).toEqual({ field: 'owner_id', op: 'in', value: ['me'] })
  })
  it('join flat', () => {
    const a = filterOf('mine', undefined)!
    expect(both(a, { all: [{ field: 'priority', op: 'is', value: 'high' }] }).all).toHaveLength(3)
    expect(both({}, a)).toEqual(a)
    expect(both(a, { any: [{ field: 'priority', op: 'is', value: 'high' }] }).all).toHaveLength(3)
  })
  it('are read from an address, or not at all', () => {
    expect(parseFilter('nonsense')).toBeNull()
    expect(parseFilter('[]')).toBeNull()
    expect(parseFilter('{"all":[]}')).toEqual({ all: [] })
  })
  it('say every built-in view but drafts', () => {
    for (const v of ['open', 'mine', 'unassigned', 'closed', 'recently_closed', 'snoozed', 'following', 'mentions', 'spam', 'trash', 'inbox:1', 'status:2']) expect(filterOf(v, '9')).not.toBeNull()
    expect(filterOf('drafts', '9')).toBeNull()
  })
})
