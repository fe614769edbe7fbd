import { Button, FileButton, Modal, MultiSelect, NativeSelect, NumberInput, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { del, patch, post, Problem, put, type BusinessHours, type HolidayCalendar } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { HolidayList, HoursEditor, type Hours } from '@/features/hours/index.ts'
import { teamsQuery } from '@/features/lookups/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { calendarsQuery, hoursQuery, idleQuery, refresh } from './queries.ts'
import s from './worktime.module.css'

const slugOf = (name: string, taken: string[]): string => {
  const base = name.normalize('NFKD').toLowerCase().replace(/ø/g, 'o').replace(/æ/g, 'ae').replace(/ß/g, 'ss').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 50) || 'hours'
  let slug = base
  for (let n = 2; taken.includes(slug); n++) slug = `${base}-${n}`
  return slug
}

/** AV-07, AV-09, AV-11: hours that channels keep, holidays, and when people go away by themselves. */
export function HoursPage() {
  const hours = useQuery(hoursQuery)
  const calendars = useQuery(calendarsQuery)
  const [open, setOpen] = useState<{ hours?: BusinessHours | null; calendar?: HolidayCalendar | null } | null>(null)
  const close = () => setOpen(null)
  const days = (n: number) => t('worktime.days', { n })
  return (
    <SettingsFrame title={t('worktime.title')} text={t('worktime.text')} query={hours} section="business_hours">
      <section className={s.part} aria-label={t('worktime.hours')} data-setting="business_hours">
        <div><h2>{t('worktime.hours')}</h2><p className={s.hint}>{t('worktime.hours_text')}</p></div>
        {hours.data?.length ? (
          <ul className={s.rows}>
            {hours.data.map((h) => (
              <li key={h.slug} className={s.row}>
                <span className={s.name}>{h.name}</span>
                <Tag tone={h.open ? 'ok' : 'plain'}>{t(h.open ? 'worktime.open' : 'worktime.closed')}</Tag>
                <span className={s.grow}><span className={s.hint}>{h.next_at ? t(h.open ? 'worktime.closes' : 'worktime.opens', { time: dateTime(h.next_at) }) : t('worktime.never')} · {h.schedule.timezone}</span></span>
                <Button variant="default" size="compact-sm" aria-label={t('worktime.edit', { name: h.name })} onClick={() => setOpen({ hours: h })}>{t('action.edit')}</Button>
              </li>
            ))}
          </ul>
        ) : <p className={s.hint}>{t('worktime.hours_none')}</p>}
        <div><Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => setOpen({ hours: null })}>{t('worktime.hours_add')}</Button></div>
      </section>
      <section className={s.part} aria-label={t('worktime.calendars')} data-setting="holiday_calendars">
        <div><h2>{t('worktime.calendars')}</h2><p className={s.hint}>{t('worktime.calendars_text')}</p></div>
        {calendars.data?.length ? (
          <ul className={s.rows}>
            {calendars.data.map((c) => (
              <li key={c.slug} className={s.row}>
                <span className={s.name}>{c.name}</span>{c.country ? <Tag tone="plain">{c.country}</Tag> : null}
                <span className={s.grow}><span className={s.hint}>{days(c.days.length)}</span></span>
                <Button variant="default" size="compact-sm" aria-label={t('worktime.edit', { name: c.name })} onClick={() => setOpen({ calendar: c })}>{t('action.edit')}</Button>
              </li>
            ))}
          </ul>
        ) : <p className={s.hint}>{t('worktime.calendars_none')}</p>}
        <div><Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => setOpen({ calendar: null })}>{t('worktime.calendar_add')}</Button></div>
      </section>
      <TeamHolidays calendars={calendars.data ?? []} />
      <IdleSetting />
      {open && 'hours' in open ? <HoursDialog h={open.hours ?? null} taken={(hours.data ?? []).map((x) => x.slug)} onClose={close} /> : null}
      {open && 'calendar' in open ? <CalendarDialog c={open.calendar ?? null} taken={(calendars.data ?? []).map((x) => x.slug)} onClose={close} /> : null}
    </SettingsFrame>
  )
}

/** AV-09: the holidays of a team's main members who have none of their own. */
function TeamHolidays({ calendars }: { calendars: HolidayCalendar[] }) {
  const teams = useQuery(teamsQuery).data ?? []
  const may = useCan()('users.manage')
  if (!calendars.length || !teams.length) return null
  const keep = (id: string, calendar: string) => void patch(`/api/teams/${id}`, { calendar }).then(() => queries.invalidateQueries({ queryKey: teamsQuery.queryKey })).then(refresh).catch(toastError)
  return (
    <section className={s.part} aria-label={t('teams.calendar')} data-setting="team_holidays">
      <div><h2>{t('teams.calendar')}</h2><p className={s.hint}>{t('teams.calendar_text')}</p></div>
      <ul className={s.rows}>
        {teams.map((x) => (
          <li key={x.id} className={s.row}>
            <span className={s.name}>{x.name}</span>
            <NativeSelect aria-label={`${t('teams.calendar')}: ${x.name}`} disabled={!may} value={x.calendar ?? ''} onChange={(e) => keep(x.id, e.currentTarget.value)} data={[{ value: '', label: t('property.none') }, ...calendars.map((c) => ({ value: c.slug, label: c.name }))]} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function IdleSetting() {
  const q = useQuery(idleQuery)
  const [minutes, setMinutes] = useState<number | null>(null)
  const [error, setError] = useState<unknown>(null)
  if (!q.data) return null
  const value = minutes ?? q.data.minutes
  const save = () => void put('/api/settings/idle', { minutes: value }).then(refresh).then(() => { setError(null); setMinutes(null); toast(t('worktime.idle_saved')) }).catch(setError)
  return (
    <section className={s.part} data-setting="idle">
      <div><h2>{t('worktime.idle')}</h2><p className={s.hint}>{t('worktime.idle_text')}</p></div>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div className={s.actions}>
        <NumberInput label={t('worktime.idle_minutes')} min={0} max={1440} clampBehavior="strict" allowDecimal={false} value={value} onChange={(v) => setMinutes(Number(v) || 0)} w={200} />
        <Button disabled={minutes === null || minutes === q.data.minutes} onClick={save}>{t('action.save')}</Button>
      </div>
    </section>
  )
}

function useRun(onClose: () => void) {
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const run = (fn: () => Promise<unknown>) => {
    setBusy(true)
    setError(null)
    void fn().then(refresh).then(onClose).catch((err: unknown) => { setError(err); setBusy(false) })
  }
  return { error, busy, run, wrong: (path: string) => (error instanceof Problem && error.field === path ? sentence(error) : undefined) }
}

function Dialog({ title, error, busy, may, onSave, onRemove, onClose, children }: { title: string; error: unknown; busy: boolean; may: boolean; onSave(): void; onRemove: (() => void) | undefined; onClose(): void; children: ReactNode }) {
  return (
    <Modal opened onClose={onClose} size="xl" title={<strong>{title}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {children}
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <div className={s.foot}>{onRemove ? <><Button variant="subtle" color="red" onClick={onRemove}>{t('action.remove')}</Button><span className={s.space} /></> : null}<Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} disabled={!may} onClick={onSave}>{t('action.save')}</Button></div>
      </Stack>
    </Modal>
  )
}

function HoursDialog({ h, taken, onClose }: { h: BusinessHours | null; taken: string[]; onClose(): void }) {
  const { company } = useSession()
  const calendars = useQuery(calendarsQuery).data ?? []
  const [name, setName] = useState(h?.name ?? '')
  const [schedule, setSchedule] = useState<Hours>(h?.schedule ?? { timezone: company?.timezone ?? 'UTC', ranges: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }], holidays: [] })
  const [keeps, setKeeps] = useState(h?.calendars ?? [])
  const { error, busy, run, wrong } = useRun(onClose)
  return (
    <Dialog title={h ? t('worktime.edit', { name: h.name }) : t('worktime.hours_add')} error={error} busy={busy} may={!!name.trim()} onClose={onClose} onRemove={h ? () => run(() => del(`/api/business-hours/${h.slug}`)) : undefined}
      onSave={() => run(() => put(`/api/business-hours/${h?.slug ?? slugOf(name, taken)}`, { name, schedule, calendars: keeps }))}>
      <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
      <MultiSelect label={t('worktime.keeps')} data={calendars.map((c) => ({ value: c.slug, label: c.name }))} value={keeps} onChange={setKeeps} nothingFoundMessage={t('state.nothing_found')} />
      <HoursEditor value={schedule} onChange={setSchedule} wrong={wrong} field="schedule" />
    </Dialog>
  )
}

function CalendarDialog({ c, taken, onClose }: { c: HolidayCalendar | null; taken: string[]; onClose(): void }) {
  const [name, setName] = useState(c?.name ?? '')
  const [country, setCountry] = useState(c?.country ?? '')
  const [days, setDays] = useState(c?.days ?? [])
  const { error, busy, run, wrong } = useRun(onClose)
  const slug = c?.slug ?? slugOf(name, taken)
  const body = { name, country, days }
  const load = (file: File | null) => {
    if (!file) return
    run(async () => {
      const text = await file.text()
      await put(`/api/holiday-calendars/${slug}`, body)
      const got = await post<{ added: number; left_out: number }>(`/api/holiday-calendars/${slug}/import`, { file: text })
      toast(t('worktime.imported', { n: got.added, left: got.left_out }))
    })
  }
  return (
    <Dialog title={c ? t('worktime.edit', { name: c.name }) : t('worktime.calendar_add')} error={error} busy={busy} may={!!name.trim()} onClose={onClose} onRemove={c ? () => run(() => del(`/api/holiday-calendars/${c.slug}`)) : undefined}
      onSave={() => run(() => put(`/api/holiday-calendars/${slug}`, body))}>
      <div className={s.actions}>
        <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
        <TextInput label={t('worktime.country')} description={t('worktime.country_text')} maxLength={2} value={country} error={wrong('country')} onChange={(e) => setCountry(e.currentTarget.value.toUpperCase())} />
      </div>
      <HolidayList value={days} onChange={setDays} wrong={(p) => wrong(`days.${p}`)} />
      <div className={s.actions}>
        <FileButton accept=".ics,text/calendar" onChange={load}>{(p) => <Button {...p} variant="default" disabled={!name.trim()}>{t('worktime.import')}</Button>}</FileButton>
        <p className={s.hint}>{t('worktime.import_text')}</p>
      </div>
    </Dialog>
  )
}
