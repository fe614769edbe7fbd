import type { Availability, PresenceBy } from '@kanal/api'
import { wallIn } from '@/features/hours/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { clockTime, dateTime } from '@/shell/format.ts'

/** A time today as a clock shows it, another with its day. */
export function when(iso: string, zone: string): string {
  return wallIn(zone, iso).day === wallIn(zone, new Date().toISOString()).day ? clockTime(iso) : dateTime(iso)
}

/** Why somebody stands so: one sentence. */
export function why(a: { available: boolean; by: PresenceBy | 'inactive'; note: string }, actor = ''): string {
  if (a.by === 'manager' && actor) return t(a.available ? 'presence.by_manager_on' : 'presence.by_manager_off', { name: actor })
  return t(`presence.${a.available ? 'on' : 'off'}.${a.by || 'none'}` as Key)
}

/** What happens next by itself. */
export function nextWords(a: Availability, zone: string): string {
  if (!a.next) return t('presence.next_none')
  return t(`presence.next.${a.next.available ? 'on' : 'off'}.${a.next.by === 'hours' || a.next.by === 'out_of_office' ? a.next.by : 'manual'}` as Key, { time: when(a.next.at, zone) })
}

/** Hours and minutes, as 7:05 h. */
export const length = (ms: number): string => { const m = Math.round(ms / 60_000); return t('presence.length', { h: Math.floor(m / 60), m: String(m % 60).padStart(2, '0') }) }

/** RP-07: which part of the time available there was work. */
export const occupancy = (x: { with_work_ms: number | null; available_ms: number }): string => (x.with_work_ms === null || !x.available_ms ? '–' : new Intl.NumberFormat(document.documentElement.lang || 'en', { style: 'percent' }).format(Math.min(1, x.with_work_ms / x.available_ms)))
