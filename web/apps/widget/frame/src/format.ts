// Times as one says them, in the visitor's own language and time zone.

import type { Availability } from '../../shared/types.ts'
import type { T } from './texts.ts'

const dayMs = 86_400_000
const startOf = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()
const daysBetween = (a: Date, b: Date) => Math.round((startOf(b) - startOf(a)) / dayMs)
const formats = new Map<string, Intl.DateTimeFormat>()
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  // How one's own country writes it, where it is one's own language.
  if (globalThis.navigator?.language?.startsWith(`${locale}-`)) locale = navigator.language
  const key = locale + JSON.stringify(options)
  let f = formats.get(key)
  if (!f) {
    try { f = new Intl.DateTimeFormat(locale, options) } catch { f = new Intl.DateTimeFormat('en', options) }
    formats.set(key, f)
  }
  return f
}

export const timeOf = (at: string, locale: string) => format(locale, { timeStyle: 'short' }).format(new Date(at))
export const fullTime = (at: string, locale: string) => format(locale, { dateStyle: 'full', timeStyle: 'short' }).format(new Date(at))

export function dayOf(at: string, locale: string, t: T, now = new Date()): string {
  const d = new Date(at)
  const back = daysBetween(d, now)
  if (back === 0) return t('day.today')
  if (back === 1) return t('day.yesterday')
  if (back > 1 && back < 7) return format(locale, { weekday: 'long' }).format(d)
  return format(locale, { day: 'numeric', month: 'long', ...(d.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) }).format(d)
}

export function ago(at: string, locale: string, t: T, now = new Date()): string {
  const d = new Date(at)
  const minutes = Math.floor((now.getTime() - d.getTime()) / 60_000)
  if (minutes < 1) return t('ago.now')
  if (minutes < 60) return new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'short' }).format(-minutes, 'minute')
  if (daysBetween(d, now) === 0) return timeOf(at, locale)
  return daysBetween(d, now) === 1 ? t('day.yesterday') : format(locale, { day: 'numeric', month: 'short', ...(d.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) }).format(d)
}

/** So many minutes, from two hours on in hours: nobody can tell it nearer. */
function lasting(minutes: number, locale: string): string {
  const [n, unit] = minutes < 120 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour']
  try { return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(n) } catch { return `${n} ${unit}` }
}

/** What stands under the name: the administrator's words, or ours. */
export function availabilityLine(a: Availability | null, locale: string, t: T, now = new Date()): string {
  if (!a) return ''
  if (a.state === 'capacity' && a.position) {
    const minutes = a.wait_minutes ?? 0
    const place = [t('capacity.position', { n: a.position }), minutes > 0 && t('capacity.minutes', { time: lasting(minutes, locale) })].filter(Boolean).join(' · ')
    return [a.text, place].filter(Boolean).join(' ')
  }
  if (a.state === 'capacity') return a.text || t('capacity.wait')
  if (a.text) return a.text
  if (a.state === 'offline' && a.returns_at) {
    const d = new Date(a.returns_at)
    const days = daysBetween(now, d)
    const time = timeOf(a.returns_at, locale)
    if (days <= 0) return t('returns.today', { time })
    if (days === 1) return t('returns.tomorrow', { time })
    if (days < 7) return t('returns.day', { day: format(locale, { weekday: 'long' }).format(d), time })
    return t('returns.date', { date: format(locale, { day: 'numeric', month: 'long' }).format(d) })
  }
  if (a.state === 'offline') return t('offline.line')
  if (a.state === 'away') return t('away.line')
  if (a.reply_time === 'minutes' || a.reply_time === 'hours' || a.reply_time === 'day') return t(`reply.${a.reply_time}`)
  return ''
}
