import { expect, test } from 'vitest'
import { duration } from './duration.ts'

// TK-10: how long it took stands in words, in five languages.
test('two units in words', () => {
  expect(duration(0, true, 'en')).toBe('0 seconds')
  expect(duration(59, true, 'en')).toBe('59 seconds')
  expect(duration(3_600, true, 'en')).toBe('1 hour')
  expect(duration(5_400, true, 'en')).toBe('1 hour 30 minutes')
  expect(duration(86_400 + 4 * 3_600 + 59, true, 'en')).toBe('1 day 4 hours')
  expect(duration(86_400 * 400, true, 'en')).toBe('400 days')
  expect(duration(5_400, true, 'da')).toBe('1 time 30 minutter')
  expect(duration(5_400, true, 'de')).toBe('1 Stunde 30 Minuten')
  expect(duration(5_400, true, 'sv')).toBe('1 timme 30 minuter')
  expect(duration(5_400, true, 'fi')).toBe('1 tunti 30 minuuttia')
  expect(duration(5_400, false, 'en')).toBe('1h 30m')
})
