// Dates, times and sizes in the reader's language and time zone.

import { currentLocale, t } from '@/locales/index.ts'

let zone: string | undefined
/** The person's time zone; '' is the browser's. */
export function setTimeZone(tz: string): void {
  try { zone = tz ? new Intl.DateTimeFormat('en', { timeZone: tz }).resolvedOptions().timeZone : undefined } catch { zone = undefined }
}

const cache = new Map<string, Intl.DateTimeFormat>()
function dates(opts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const tag = regional()
  const key = tag + (zone ?? '') + JSON.stringify(opts)
  let f = cache.get(key)
  if (!f) cache.set(key, f = new Intl.DateTimeFormat(tag, { ...opts, ...(zone ? { timeZone: zone } : {}) }))
  return f
}

/** The browser's regional form of the chosen language, so that en-GB keeps its day-month order. */
function regional(): string {
  const l = currentLocale()
  return navigator.languages?.find((x) => x.toLowerCase().split('-')[0] === l) ?? (l === 'en' ? 'en-GB' : l)
}

export const dateTime = (iso: string): string => dates({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
export const fullTime = (iso: string): string => dates({ dateStyle: 'full', timeStyle: 'long' }).format(new Date(iso))
export const clockTime = (iso: string): string => dates({ hour: '2-digit', minute: '2-digit' }).format(new Date(iso))
export const dayOf = (iso: string): string => dates({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(iso))
export const dayKey = (iso: string): string => dates({ year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(iso))

/** Relative under 24 hours, then a date (WS-08). */
export function ago(iso: string, now = Date.now()): string {
  const ms = now - new Date(iso).getTime()
  if (ms < 45_000) return t('time.now')
  const rel = new Intl.RelativeTimeFormat(currentLocale(), { style: currentLocale() === 'en' ? 'narrow' : 'short', numeric: 'always' })
  if (ms < 3_600_000) return rel.format(-Math.max(1, Math.round(ms / 60_000)), 'minute')
  if (ms < 86_400_000) return rel.format(-Math.round(ms / 3_600_000), 'hour')
  const year = new Date(iso).getFullYear() === new Date(now).getFullYear()
  return dates(year ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(iso))
}

export function bytes(n: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  let i = 0
  let v = n
  while (v >= 1000 && i < units.length - 1) { v /= 1000; i++ }
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit: units[i]!, unitDisplay: i === 0 ? 'long' : 'short', maximumFractionDigits: v < 10 && i > 0 ? 1 : 0 }).format(v)
}

export const count = (n: number, capped = false): string => new Intl.NumberFormat(currentLocale()).format(capped ? 10_000 : n) + (capped ? '+' : '')
