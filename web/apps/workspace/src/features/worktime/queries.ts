import { queryOptions } from '@tanstack/react-query'
import { get, put, type Availability, type AvailabilityChange, type BusinessHours, type DayTotals, type HolidayCalendar, type Id, type MyAvailability, type Page } from '@kanal/api'
import { sessionQuery } from '@/features/session/index.ts'
import { queries } from '@/shell/client.ts'

const of = (id: Id | undefined) => (id ? `/api/users/${id}` : '/api/me')

/** Somebody's availability; nobody named is oneself. */
export const availabilityQuery = (id?: Id) => queryOptions({ queryKey: ['availability', 'of', id ?? 'me'], queryFn: () => get<MyAvailability>(`${of(id)}/availability`) })
export const everybodyQuery = queryOptions({ queryKey: ['availability', 'all'], queryFn: async () => (await get<Page<Availability>>('/api/availability')).items })
export const changesQuery = (user: Id | '') => queryOptions({ queryKey: ['availability', 'log', user], queryFn: () => get<Page<AvailabilityChange>>('/api/availability/log', { user, limit: 30 }) })
export const totalsQuery = (user: Id | '', from: string, to: string, timezone: string) => queryOptions({
  queryKey: ['availability', 'totals', user, from, to, timezone], enabled: !!from && !!to && from <= to, queryFn: () => get<DayTotals>('/api/availability/totals', { user, from, to, timezone }),
})
export const hoursQuery = queryOptions({ queryKey: ['worktime', 'hours'], queryFn: async () => (await get<Page<BusinessHours>>('/api/business-hours')).items })
export const calendarsQuery = queryOptions({ queryKey: ['worktime', 'calendars'], queryFn: async () => (await get<Page<HolidayCalendar>>('/api/holiday-calendars')).items })
export const idleQuery = queryOptions({ queryKey: ['worktime', 'idle'], queryFn: () => get<{ minutes: number }>('/api/settings/idle') })

export const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['availability'] }), queries.invalidateQueries({ queryKey: ['worktime'] }), queries.invalidateQueries({ queryKey: ['business-hours'] })])

/** Says that somebody is available or away. One's own screen changes at once and is taken back if the server refuses. */
export async function choose(id: Id | undefined, choice: { available: boolean; until?: string | undefined; note?: string }): Promise<void> {
  const mine = sessionQuery.queryKey
  const before = queries.getQueryData(mine)
  if (!id) queries.setQueryData(mine, (s) => (s ? { ...s, user: { ...s.user, available: choice.available, available_by: 'manual' as const } } : s))
  try {
    const now = await put<MyAvailability>(`${of(id)}/availability`, choice)
    queries.setQueryData(availabilityQuery(id).queryKey, now)
  } catch (err) {
    if (!id) queries.setQueryData(mine, before)
    throw err
  }
  await refresh()
}

export const pathOf = of
