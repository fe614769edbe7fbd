import { ActionIcon, Button, Checkbox, Group, Select, Stack, TextInput } from '@mantine/core'
import { Icon } from '@kanal/ui'
import { currentLocale, t } from '@/locales/index.ts'
import { spanTrouble, type Holiday, type Hours, type Range } from './model.ts'
import s from './hours.module.css'

// 1 January 2024 was a Monday.
const weekday = (n: number, style: 'short' | 'long') => new Intl.DateTimeFormat(currentLocale(), { weekday: style, timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, n)))
const week = [1, 2, 3, 4, 5, 6, 7]

interface Props { value: Hours; onChange(h: Hours): void; wrong(path: string): string | undefined; field: string; /** The zone is somebody's own, said elsewhere. */ withoutZone?: boolean }

/** CH-18: any number of ranges on days of the week, in a time zone, and days that are otherwise. */
export function HoursEditor({ value: h, onChange, wrong, field, withoutZone }: Props) {
  const range = (i: number, part: Partial<Range>) => onChange({ ...h, ranges: h.ranges.map((r, n) => (n === i ? { ...r, ...part } : r)) })
  const zones = [...new Set(['UTC', h.timezone, ...Intl.supportedValuesOf('timeZone')])]
  return (
    <Stack gap="md" data-setting={field}>
      {withoutZone ? null : <Select label={t('chatset.hours_zone')} searchable data={zones} value={h.timezone} allowDeselect={false} onChange={(v) => v && onChange({ ...h, timezone: v })} error={wrong(`${field}.timezone`)} nothingFoundMessage={t('state.nothing_found')} maw={320} />}
      <div role="group" aria-label={t('chatset.hours_ranges')} className={s.ranges}>
        {h.ranges.map((r, i) => (
          <div key={i} className={s.range} role="group" aria-label={t('chatset.hours_range', { n: i + 1 })}>
            <div className={s.days} role="group" aria-label={t('chatset.hours_days')}>
              {week.map((d) => { const on = r.days.includes(d); return <button key={d} type="button" className={s.day} aria-pressed={on} title={weekday(d, 'long')} onClick={() => range(i, { days: on ? r.days.filter((x) => x !== d) : [...r.days, d].sort() })}>{weekday(d, 'short')}</button> })}
            </div>
            <Span from={r.from} to={r.to} onChange={(x) => range(i, x)} />
            <ActionIcon aria-label={t('chatset.hours_remove', { n: i + 1 })} onClick={() => onChange({ ...h, ranges: h.ranges.filter((_, n) => n !== i) })}><Icon name="x" /></ActionIcon>
            {['days', 'from', 'to'].map((k) => wrong(`${field}.ranges.${i}.${k}`)).filter(Boolean).map((m) => <span key={m} className={s.error} role="alert">{m}</span>)}
          </div>
        ))}
        {h.ranges.length === 0 ? <p className={s.hint}>{t('chatset.hours_none')}</p> : null}
        <div><Button variant="default" size="xs" leftSection={<Icon name="plus" size={12} />} onClick={() => onChange({ ...h, ranges: [...h.ranges, { days: h.ranges.length ? [6] : [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }] })}>{t('chatset.hours_add')}</Button></div>
      </div>
      <HolidayList value={h.holidays} onChange={(holidays) => onChange({ ...h, holidays })} wrong={(p) => wrong(`${field}.holidays.${p}`)} />
    </Stack>
  )
}

/** Days that are otherwise: closed, or with hours of their own. */
export function HolidayList({ value, onChange, wrong }: { value: Holiday[]; onChange(v: Holiday[]): void; wrong(path: string): string | undefined }) {
  const change = (i: number, part: Partial<Holiday>) => onChange(value.map((x, n) => (n === i ? { ...x, ...part } : x)))
  return (
    <div role="group" aria-label={t('chatset.holidays')} className={s.ranges}>
      <h3 role="none">{t('chatset.holidays')}</h3>
      <p className={s.hint}>{t('chatset.holidays_text')}</p>
      {value.map((x, i) => <HolidayRow key={i} n={i} value={x} onChange={(p) => change(i, p)} onRemove={() => onChange(value.filter((_, n) => n !== i))} error={wrong(`${i}.date`) ?? wrong(`${i}.name`) ?? wrong(`${i}.ranges.0.to`) ?? wrong(`${i}.ranges.0.from`)} />)}
      <div><Button variant="default" size="xs" leftSection={<Icon name="plus" size={12} />} onClick={() => onChange([...value, { date: new Date().toISOString().slice(0, 10), name: '', ranges: [] }])}>{t('chatset.holidays_add')}</Button></div>
    </div>
  )
}

function HolidayRow({ n, value: x, onChange, onRemove, error }: { n: number; value: Holiday; onChange(p: Partial<Holiday>): void; onRemove(): void; error: string | undefined }) {
  const yearly = x.date.length === 5
  const shown = yearly ? `${new Date().getFullYear()}-${x.date}` : x.date
  return (
    <div className={s.range} role="group" aria-label={x.name || t('chatset.holiday', { n: n + 1 })}>
      <TextInput type="date" size="xs" aria-label={t('chatset.holiday_date')} value={shown} onChange={(e) => { const d = e.currentTarget.value; if (d) onChange({ date: yearly ? d.slice(5) : d }) }} />
      <TextInput size="xs" aria-label={t('chatset.holiday_name')} placeholder={t('chatset.holiday_name')} value={x.name} maxLength={100} onChange={(e) => onChange({ name: e.currentTarget.value })} className={s.holidayName} />
      <Checkbox size="xs" label={t('chatset.holiday_yearly')} checked={yearly} onChange={(e) => onChange({ date: e.currentTarget.checked ? shown.slice(5) : shown })} />
      <Checkbox size="xs" label={t('chatset.holiday_closed')} checked={x.ranges.length === 0} onChange={(e) => onChange({ ranges: e.currentTarget.checked ? [] : [{ from: '09:00', to: '12:00' }] })} />
      {x.ranges.map((r, i) => <Span key={i} from={r.from} to={r.to} onChange={(p) => onChange({ ranges: x.ranges.map((y, k) => (k === i ? { ...y, ...p } : y)) })} />)}
      <ActionIcon aria-label={t('chatset.holiday_remove', { name: x.name || x.date })} onClick={onRemove}><Icon name="x" /></ActionIcon>
      {error ? <span className={s.error} role="alert">{error}</span> : null}
    </div>
  )
}

/** A clock shows no 24:00: midnight as an end is it. */
function Span({ from, to, onChange }: { from: string; to: string; onChange(p: { from?: string; to?: string }): void }) {
  const trouble = spanTrouble(from, to)
  return (
    <Group gap={6} wrap="nowrap">
      <TextInput type="time" size="xs" aria-label={t('chatset.hours_from')} value={from} onChange={(e) => e.currentTarget.value && onChange({ from: e.currentTarget.value })} />
      <span aria-hidden="true">{'–'}</span>
      <TextInput type="time" size="xs" aria-label={t('chatset.hours_to')} value={to === '24:00' ? '00:00' : to} onChange={(e) => { const v = e.currentTarget.value; if (v) onChange({ to: v === '00:00' ? '24:00' : v }) }} />
      {trouble === 'overnight' ? <span className={s.hint}>{t('chatset.hours_overnight')}</span> : null}
    </Group>
  )
}
