import { describe, expect, it } from 'vitest'
import { momentIn, spanTrouble, wallIn } from './model.ts'

describe('hours', () => {
  it('a span over midnight is said, an empty one refused', () => expect([spanTrouble('09:00', '17:00'), spanTrouble('22:00', '06:00'), spanTrouble('08:00', '08:00')]).toEqual(['', 'overnight', 'empty']))
  it('AV-05: a day begins where the person is, on both sides of a change of clocks', () => {
    expect(momentIn('Europe/Copenhagen', '2026-03-28', '00:00')).toBe('2026-03-27T23:00:00.000Z')
    expect(momentIn('Europe/Copenhagen', '2026-03-30', '00:00')).toBe('2026-03-29T22:00:00.000Z')
    expect(momentIn('Asia/Tokyo', '2026-01-05', '09:00')).toBe('2026-01-05T00:00:00.000Z')
    expect(momentIn('America/New_York', '2026-11-01', '12:00')).toBe('2026-11-01T17:00:00.000Z')
  })
  it('and is read back as it was written', () => expect(wallIn('America/New_York', momentIn('America/New_York', '2026-07-04', '08:30'))).toEqual({ day: '2026-07-04', time: '08:30' }))
})
