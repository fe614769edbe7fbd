// Times as a clock on the wall shows them in a person's own zone, whatever the browser's is.

/** What the clock on the wall shows at an instant. */
export function wall(at: Date, zone: string | undefined): { y: number; m: number; d: number; h: number; min: number; weekday: number } {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(at)
  const n = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0)
  const [y, m, d] = [n('year'), n('month'), n('day')]
  return { y, m, d, h: n('hour'), min: n('minute'), weekday: new Date(Date.UTC(y, m - 1, d)).getUTCDay() }
}

/** The instant at which that clock shows this; days beyond the month run on. */
export function instant(y: number, m: number, d: number, h: number, min: number, zone: string | undefined): Date {
  const wanted = Date.UTC(y, m - 1, d, h, min)
  let at = wanted
  // Twice, for the hour in which the clocks change.
  for (let i = 0; i < 2; i++) {
    const w = wall(new Date(at), zone)
    at += wanted - Date.UTC(w.y, w.m - 1, w.d, w.h, w.min)
  }
  return new Date(at)
}

export type Preset = 'hour' | 'afternoon' | 'tomorrow' | 'monday'

/** The next full hour, this afternoon, tomorrow and Monday morning: those that are still to come. */
export function presets(now: Date, zone: string | undefined): { name: Preset; at: Date }[] {
  const w = wall(now, zone)
  const out: { name: Preset; at: Date }[] = [{ name: 'hour', at: instant(w.y, w.m, w.d, w.h + 1, w.min, zone) }]
  if (w.h < 14) out.push({ name: 'afternoon', at: instant(w.y, w.m, w.d, 16, 0, zone) })
  out.push({ name: 'tomorrow', at: instant(w.y, w.m, w.d + 1, 9, 0, zone) })
  const days = ((8 - w.weekday) % 7) || 7
  if (days > 1) out.push({ name: 'monday', at: instant(w.y, w.m, w.d + days, 9, 0, zone) })
  return out
}

const two = (n: number) => String(n).padStart(2, '0')
/** For <input type="datetime-local">. */
export function toField(at: Date, zone: string | undefined): string {
  const w = wall(at, zone)
  return `${w.y}-${two(w.m)}-${two(w.d)}T${two(w.h)}:${two(w.min)}`
}
export function fromField(text: string, zone: string | undefined): Date | null {
  const m = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(text)
  return m ? instant(+m[1]!, +m[2]!, +m[3]!, +m[4]!, +m[5]!, zone) : null
}
