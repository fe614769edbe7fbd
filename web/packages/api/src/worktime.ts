// Whether people are there, and the hours and holidays that they and channels keep (internal/people, internal/worktime).

import type * as G from './generated.ts'
import type { Id, Time } from './types.ts'

export type PresenceBy = '' | 'manual' | 'manager' | 'hours' | 'out_of_office' | 'idle'

export type HolidayDay = G.Holiday
export type WeekHours = G.Schedule

export interface Absence { id: Id; user_id: Id; starts_at: Time; ends_at: Time; note: string; created_by: Id | null }

export interface Availability {
  user_id: Id
  available: boolean
  by: PresenceBy
  note: string
  at: Time | null
  until: Time | null
  actor_id: Id | null
  next: { at: Time; available: boolean; by: PresenceBy; note: string } | null
  hours: WeekHours | null
  calendar: string
  keeps_calendar: string
  timezone: string
  seen_at: Time | null
  absences: Absence[]
}

export interface MyAvailability extends Availability { idle_minutes: number; actor_name: string }

export interface AvailabilityChange { user_id: Id; at: Time; available: boolean; by: PresenceBy | 'inactive'; actor_id: Id | null; note: string }
export interface DayTotal { user_id: Id; day: string; available_ms: number; away_ms: number; away_by_ms: Record<string, number>; with_work_ms: number | null }
export interface DayTotals { timezone: string; items: DayTotal[] }

export interface BusinessHours { slug: string; name: string; schedule: WeekHours; calendars: string[]; open: boolean; next_at: Time | null }
export interface HolidayCalendar { slug: string; name: string; country: string; days: HolidayDay[] }
