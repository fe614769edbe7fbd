import { Checkbox, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { MailPrefs, Prefs, QuietPrefs } from '@/features/notify/index.ts'
import { currentLocale, t } from '@/locales/index.ts'
import { save } from './save.ts'
import s from './mynews.module.css'

/** When mails go out. */
export function MailTiming({ prefs, own }: { prefs: Prefs; own: boolean }) {
  const { email } = prefs
  const set = (part: Partial<MailPrefs>) => void save({ email: { ...email, ...part } }, own)
  return (
    <div className={s.fields} data-setting="mynews.email">
      <Select label={t('mynews.mode')} value={email.mode} allowDeselect={false} data={(['at_once', 'hours', 'daily', 'off'] as const).map((m) => ({ value: m, label: t(`mynews.mode.${m}`) }))} onChange={(v) => v && set({ mode: v as MailPrefs['mode'] })} />
      {email.mode === 'hours' ? <NumberInput label={t('mynews.hours')} min={1} max={24} value={email.hours || 4} allowDecimal={false} clampBehavior="strict" w={140} onChange={(v) => { const n = Number(v); if (n >= 1 && n <= 24) set({ hours: n }) }} /> : null}
      {email.mode === 'daily' ? <TimeField label={t('mynews.at')} value={email.at || '08:00'} onChange={(at) => set({ at })} /> : null}
    </div>
  )
}

/** A time of day, saved when it is whole. */
function TimeField({ label, value, onChange }: { label: string; value: string; onChange: (v: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  return <TextInput type="time" label={label} w={140} value={text} onChange={(e) => setText(e.currentTarget.value)} onBlur={() => { if (/^\d\d:\d\d$/.test(text) && text !== value) onChange(text); else setText(value) }} />
}

const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
/** 2024-01-01 was a Monday. */
const dayName = (i: number) => new Intl.DateTimeFormat(currentLocale(), { weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, 1 + i)))

export function QuietHours({ prefs, own }: { prefs: Prefs; own: boolean }) {
  const { quiet } = prefs
  const set = (part: Partial<QuietPrefs>) => void save({ quiet: { ...quiet, days: quiet.days ?? [], days_off: quiet.days_off ?? [], ...part } }, own)
  const days = (field: 'days' | 'days_off', label: string) => (
    <fieldset className={s.days}>
      <legend>{label}</legend>
      <div className={s.dayRow}>{week.map((d, i) => <Checkbox key={d} size="xs" label={dayName(i)} checked={(quiet[field] ?? []).includes(d)} onChange={(e) => set({ [field]: e.currentTarget.checked ? [...(quiet[field] ?? []), d] : (quiet[field] ?? []).filter((x) => x !== d) })} />)}</div>
    </fieldset>
  )
  return (
    <>
      <Switch data-setting="mynews.quiet" label={t('mynews.quiet_on')} description={t('mynews.quiet_text')} checked={quiet.on} onChange={(e) => set({ on: e.currentTarget.checked })} />
      {quiet.on ? (
        <>
          <div className={s.fields}>
            <TimeField label={t('mynews.from')} value={quiet.from} onChange={(from) => set({ from })} />
            <TimeField label={t('mynews.to')} value={quiet.to} onChange={(to) => set({ to })} />
            <ZoneField quiet={quiet} zone={prefs.zone} onChange={(zone) => set({ zone })} />
          </div>
          {days('days', t('mynews.days'))}
          {days('days_off', t('mynews.days_off'))}
        </>
      ) : null}
    </>
  )
}

const zones = (): string[] => { try { return Intl.supportedValuesOf('timeZone') } catch { return ['UTC'] } }

function ZoneField({ quiet, zone, onChange }: { quiet: QuietPrefs; zone: string; onChange: (zone: string) => void }) {
  return <Select label={t('mynews.zone')} searchable w={260} value={quiet.zone} allowDeselect={false} maxDropdownHeight={260} limit={60} nothingFoundMessage={t('mynews.zone_none')}
    data={[{ value: '', label: t('mynews.zone_own', { zone }) }, ...zones().map((z) => ({ value: z, label: z.replaceAll('_', ' ') }))]} onChange={(v) => onChange(v ?? '')} />
}
