// Times to rest until, on the clock of the person's own time zone.

interface Wall { year: number; month: number; day: number; hour: number; minute: number; weekday: number }

const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** What the clock on the wall of a zone shows; '' is the browser's. */
export function wallOf(at: Date, zone: string): Wall {
  const parts = new Intl.DateTimeFormat('en-US', { ...(zone ? { timeZone: zone } : {}), hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', weekday: 'short' }).formatToParts(at)
  const n = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0)
  return { year: n('year'), month: n('month'), day: n('day'), hour: n('hour'), minute: n('minute'), weekday: names.indexOf(parts.find((p) => p.type === 'weekday')?.value ?? 'Sun') }
}

/** The moment at which a zone's clock shows this; days over the end of a month run on. In an hour that summer time skips, the hour after. */
export function momentOf(year: number, month: number, day: number, hour: number, minute: number, zone: string): Date {
  const wanted = Date.UTC(year, month - 1, day, hour, minute)
  let guess = wanted
  for (let i = 0; i < 3; i++) {
    const w = wallOf(new Date(guess), zone)
    guess += wanted - Date.UTC(w.year, w.month - 1, w.day, w.hour, w.minute)
  }
  return new Date(guess)
}

export interface Preset { id: 'later' | 'evening' | 'tomorrow' | 'weekend' | 'week' | 'month'; at: Date }

/** What is offered now: nothing that has passed, nothing twice. */
export function presets(now: Date, zone: string): Preset[] {
  const w = wallOf(now, zone)
  const on = (days: number, hour: number) => momentOf(w.year, w.month, w.day + days, hour, 0, zone)
  const monday = (8 - w.weekday) % 7 || 7
  const out: Preset[] = []
  const later = momentOf(w.year, w.month, w.day, w.hour + 3, 0, zone)
  if (w.hour < 17) out.push({ id: 'later', at: later })
  if (w.hour < 16) out.push({ id: 'evening', at: on(0, 18) })
  out.push({ id: 'tomorrow', at: on(1, 8) })
  if (w.weekday >= 1 && w.weekday <= 4) out.push({ id: 'weekend', at: on(6 - w.weekday, 9) })
  if (monday > 1) out.push({ id: 'week', at: on(monday, 8) })
  out.push({ id: 'month', at: momentOf(w.year, w.month + 1, 1, 8, 0, zone) })
  return out.filter((p, i) => p.at > now && !out.slice(0, i).some((x) => x.at.getTime() === p.at.getTime()))
}

const units: Record<string, number> = { m: 60_000, min: 60_000, h: 3_600_000, t: 3_600_000, d: 86_400_000, w: 604_800_000, u: 604_800_000, v: 604_800_000 }

/** Reads what somebody types: 45m, 2h, 3d, 1w, 1d 4h, 14:30, or 2026-11-30 09:00. null: not a time to come. */
export function typed(text: string, now: Date, zone: string): Date | null {
  const s = text.trim().toLowerCase()
  if (!s) return null
  const clock = /^(\d{1,2})[:.](\d{2})$/.exec(s)
  if (clock && Number(clock[1]) < 24 && Number(clock[2]) < 60) {
    const w = wallOf(now, zone)
    const today = momentOf(w.year, w.month, w.day, Number(clock[1]), Number(clock[2]), zone)
    return today > now ? today : momentOf(w.year, w.month, w.day + 1, Number(clock[1]), Number(clock[2]), zone)
  }
  const date = /^(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{1,2})[:.](\d{2}))?$/.exec(s)
  if (date) {
    const at = momentOf(Number(date[1]), Number(date[2]), Number(date[3]), Number(date[4] ?? 8), Number(date[5] ?? 0), zone)
    return at > now ? at : null
  }
  if (!/^(\d+\s*[a-z]+\s*)+$/.test(s)) return null
  let ms = 0
  for (const m of s.matchAll(/(\d+)\s*([a-z]+)/g)) {
    const unit = units[m[2]!] ?? units[m[2]![0]!]
    if (!unit) return null
    ms += Number(m[1]) * unit
  }
  return ms > 0 && ms < 5 * 365 * 86_400_000 ? new Date(now.getTime() + ms) : null
}
