import { Button, Select, Stack, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem, put, type Id, type MyAvailability } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { HoursEditor, type Hours } from '@/features/hours/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { calendarsQuery, pathOf, refresh } from './queries.ts'
import s from './worktime.module.css'

const office = (timezone: string): Hours => ({ timezone, ranges: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }], holidays: [] })

/** AV-04, AV-09: weekly hours in the person's own zone, and the holidays that they keep. */
export function Week({ a, id }: { a: MyAvailability; id?: Id | undefined }) {
  const calendars = useQuery(calendarsQuery).data ?? []
  const [on, setOn] = useState(!!a.hours)
  const [hours, setHours] = useState<Hours>(a.hours ?? office(a.timezone))
  const [calendar, setCalendar] = useState(a.calendar)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const wrong = (path: string) => (error instanceof Problem && error.field === path ? sentence(error) : undefined)
  const save = async () => {
    setBusy(true)
    setError(null)
    try { await put(`${pathOf(id)}/hours`, { hours: on ? { ...hours, timezone: '' } : null, calendar }); await refresh(); toast(t('presence.hours_saved')) } catch (err) { setError(err) }
    setBusy(false)
  }
  const keeps = calendars.find((c) => c.slug === a.keeps_calendar)
  return (
    <section className={s.part} data-setting="hours">
      <div><h2>{t('presence.hours')}</h2><p className={s.hint}>{t('presence.hours_text', { zone: a.timezone })}</p></div>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <Switch label={t('presence.hours_on')} checked={on} onChange={(e) => setOn(e.currentTarget.checked)} />
      {on ? <HoursEditor value={hours} onChange={setHours} wrong={wrong} field="hours" withoutZone /> : null}
      <Stack gap={4}>
        <Select label={t('presence.calendar')} maw={320} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} placeholder={t('presence.calendar_team')} value={calendar || null} onChange={(v) => setCalendar(v ?? '')} data={calendars.map((c) => ({ value: c.slug, label: c.name }))} nothingFoundMessage={t('state.nothing_found')} />
        {!calendar && keeps ? <p className={s.hint}>{t('presence.calendar_keeps', { name: keeps.name })}</p> : null}
      </Stack>
      <div><Button loading={busy} onClick={() => void save()}>{t('presence.hours_save')}</Button></div>
    </section>
  )
}
