// Weekly hours and days that are otherwise, as internal/hours has them. A time of the day is of the wall clock in the zone.

export interface Range { days: number[]; from: string; to: string }
export interface Holiday { date: string; name: string; ranges: { from: string; to: string }[] }
export interface Hours { timezone: string; ranges: Range[]; holidays: Holiday[] }

/** What is to be said of a span: it ends on the next day, or has no length. */
export function spanTrouble(from: string, to: string): 'empty' | 'overnight' | '' {
  if (from === to) return 'empty'
  return to < from ? 'overnight' : ''
}

/** The moment at which a wall clock in a zone shows a time; the first, where it shows it twice. */
export function momentIn(zone: string, day: string, time: string): string {
  const wall = Date.parse(`${day}T${time}:00Z`)
  if (Number.isNaN(wall)) return ''
  let at = wall - offset(zone, wall - 86_400_000)
  if (wall - offset(zone, at) !== at) at = wall - offset(zone, wall + 86_400_000)
  return new Date(at).toISOString()
}

/** What the wall clock in a zone shows at a moment. */
export function wallIn(zone: string, iso: string): { day: string; time: string } {
  const at = Date.parse(iso)
  const wall = new Date(at + offset(zone, at)).toISOString()
  return { day: wall.slice(0, 10), time: wall.slice(11, 16) }
}

function offset(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(at)
  const n = (type: string) => Number(parts.find((p) => p.type === type)?.value)
  return Date.UTC(n('year'), n('month') - 1, n('day'), n('hour'), n('minute'), n('second')) - Math.floor(at / 1000) * 1000
}
