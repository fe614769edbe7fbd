import { describe, expect, it } from 'vitest'
import { momentOf, presets, typed, wallOf } from './when.ts'

const zone = 'Europe/Copenhagen'

describe('times to rest until (WS-16)', () => {
  it('are on the clock of the person, also over summer time', () => {
    expect(momentOf(2026, 11, 23, 8, 0, zone).toISOString()).toBe('2026-11-23T07:00:00.000Z')
    expect(momentOf(2026, 7, 1, 8, 0, zone).toISOString()).toBe('2026-07-01T06:00:00.000Z')
    expect(momentOf(2026, 3, 28 + 1, 8, 0, zone).toISOString()).toBe('2026-03-29T06:00:00.000Z')
    expect(momentOf(2026, 12, 32, 8, 0, 'America/New_York').toISOString()).toBe('2027-01-01T13:00:00.000Z')
    expect(wallOf(new Date('2026-11-22T23:30:00Z'), zone)).toMatchObject({ day: 23, hour: 0, minute: 30, weekday: 1 })
  })

  it('offers what is still to come, and nothing twice', () => {
    const monday = presets(new Date('2026-11-23T08:10:00Z'), zone) // Monday 9:10
    expect(monday.map((p) => p.id)).toEqual(['later', 'evening', 'tomorrow', 'weekend', 'week', 'month'])
    expect(monday[0]!.at.toISOString()).toBe('2026-11-23T11:00:00.000Z')
    expect(monday[4]!.at.toISOString()).toBe('2026-11-30T07:00:00.000Z')
    const sunday = presets(new Date('2026-11-22T20:00:00Z'), zone) // Sunday 21:00
    expect(sunday.map((p) => p.id)).toEqual(['tomorrow', 'month'])
    expect(sunday[0]!.at.toISOString()).toBe('2026-11-23T07:00:00.000Z')
  })

  it('reads what somebody types', () => {
    const now = new Date('2026-11-23T08:10:00Z')
    expect(typed('2h', now, zone)?.toISOString()).toBe('2026-11-23T10:10:00.000Z')
    expect(typed('1d 4h', now, zone)?.toISOString()).toBe('2026-11-24T12:10:00.000Z')
    expect(typed('14:30', now, zone)?.toISOString()).toBe('2026-11-23T13:30:00.000Z')
    expect(typed('8:00', now, zone)?.toISOString()).toBe('2026-11-24T07:00:00.000Z')
    expect(typed('2026-12-01', now, zone)?.toISOString()).toBe('2026-12-01T07:00:00.000Z')
    for (const bad of ['', 'soon', '2x', '25:00', '2020-01-01', '99999999d']) expect(typed(bad, now, zone)).toBeNull()
  })
})
