import { describe, expect, it } from 'vitest'
import { fromField, instant, presets, toField, wall } from './wallTime.ts'

const cph = 'Europe/Copenhagen'

describe('times of sending later (WS-23)', () => {
  it('are those of the person\'s own clock', () => {
    expect(instant(2026, 7, 1, 9, 0, cph).toISOString()).toBe('2026-07-01T07:00:00.000Z')
    expect(instant(2026, 12, 31, 9, 0, cph).toISOString()).toBe('2026-12-31T08:00:00.000Z')
    expect(instant(2026, 12, 32, 9, 0, 'Pacific/Auckland').toISOString()).toBe('2026-12-31T20:00:00.000Z')
    expect(wall(new Date('2026-03-29T01:30:00Z'), cph)).toMatchObject({ d: 29, h: 3, min: 30 })
  })
  it('go through the field and back', () => {
    const at = new Date('2026-10-25T12:34:00Z')
    expect(fromField(toField(at, cph), cph)?.toISOString()).toBe(at.toISOString())
    expect(fromField('soon', cph)).toBeNull()
  })
  it('offer only what is to come', () => {
    const friday = new Date('2026-11-20T15:10:00Z') // 16:10 there
    expect(presets(friday, cph).map((p) => `${p.name} ${p.at.toISOString()}`)).toEqual(['hour 2026-11-20T16:10:00.000Z', 'tomorrow 2026-11-21T08:00:00.000Z', 'monday 2026-11-23T08:00:00.000Z'])
    const sunday = new Date('2026-11-22T08:00:00Z')
    expect(presets(sunday, cph).map((p) => p.name)).toEqual(['hour', 'afternoon', 'tomorrow'])
  })
})
