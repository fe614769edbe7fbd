import { describe, expect, it } from 'vitest'
import type { View } from '@kanal/api'
import { moved, sections, shown } from './arrange.ts'

const v = (id: string, count = 1): View => ({ id, name: id, count, capped: false, conversations: 0, conversations_capped: false })
const views = [v('mine'), v('unassigned'), v('open'), v('snoozed', 0), v('closed'), v('inbox:1'), v('status:2'), v('custom:3'), v('custom:4')]
const ids = (s: ReturnType<typeof sections>, id: string) => s.find((x) => x.id === id)?.items.map((x) => x.id)

describe('the side bar', () => {
  it('has its sections, and keeps empty views that nobody placed away', () => {
    const s = sections(views, {})
    expect(s.map((x) => x.id)).toEqual(['work', 'custom', 'inboxes', 'statuses', 'archive'])
    expect(ids(s, 'work')).toEqual(['unassigned', 'mine', 'open'])
    expect(ids(sections(views, {}, 'snoozed'), 'work')).toContain('snoozed')
    expect(ids(sections(views, shown({}, 'snoozed', true)), 'work')).toContain('snoozed')
  })
  it('keeps one order, and lets what is new come last', () => {
    const work = sections(views, {})[0]!.items
    const a = moved({}, work, 'mine', -1)
    expect(ids(sections(views, a), 'work')).toEqual(['mine', 'unassigned', 'open'])
    expect(moved(a, sections(views, a)[0]!.items, 'mine', -1)).toEqual(a)
    expect(ids(sections([...views, v('custom:9')], moved({}, [v('custom:3'), v('custom:4')], 'custom:4', -1)), 'custom')).toEqual(['custom:4', 'custom:3', 'custom:9'])
  })
  it('hides and shows', () => {
    const a = shown({}, 'open', false)
    const s = sections(views, a)
    expect(ids(s, 'work')).toEqual(['unassigned', 'mine'])
    expect(s[0]!.hidden.map((x) => x.id)).toContain('open')
    expect(ids(sections(views, shown(a, 'open', true)), 'work')).toEqual(['unassigned', 'mine', 'open'])
  })
})
