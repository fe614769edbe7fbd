import { expect, test } from 'vitest'
import { daysLeft, ordered, share } from './model.ts'
import type { Move } from '@kanal/api'

const move = (part: Partial<Move>) => ({ state: 'done', total: 10, done: 10, undoable: true, undo_until: '2026-12-22T08:00:00.000Z', ...part }) as Move

test('what is lost is told first', () => {
  expect(ordered([{ kind: 'address', level: 'carries', count: 1, names: [] }, { kind: 'routing', level: 'loses', count: 1, names: [] }]).map((n) => n.kind)).toEqual(['routing', 'address'])
})

test('the days left for undoing', () => {
  const now = Date.parse('2026-11-22T08:00:00.000Z')
  expect(daysLeft(move({}), now)).toBe(30)
  expect(daysLeft(move({ undo_until: '2026-11-22T09:00:00.000Z' }), now)).toBe(1)
  expect(daysLeft(move({ undoable: false }), now)).toBe(0)
})

test('the progress of an empty move', () => {
  expect(share(move({ total: 0, done: 0 }))).toBe(100)
  expect(share(move({ total: 0, done: 0, state: 'running' }))).toBe(0)
  expect(share(move({ total: 3, done: 1, state: 'running' }))).toBe(33)
})
