// How long something took, in the reader's words.

import { currentLocale } from '@/locales/index.ts'

const units = [['day', 86_400], ['hour', 3_600], ['minute', 60]] as const

/** The two largest units: "1 day 4 hours", or "1 d 4 h" where there is little room. */
export function duration(seconds: number, long = true, locale: string = currentLocale()): string {
  const say = (n: number, unit: string) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: long ? 'long' : 'narrow' }).format(n)
  if (seconds < 60) return say(Math.max(0, Math.floor(seconds)), 'second')
  const first = units.findIndex(([, size]) => seconds >= size)
  const [unit, size] = units[first]!
  const n = Math.floor(seconds / size)
  const next = units[first + 1]
  const rest = next ? Math.floor((seconds - n * size) / next[1]) : 0
  return rest && next ? `${say(n, unit)} ${say(rest, next[0])}` : say(n, unit)
}
