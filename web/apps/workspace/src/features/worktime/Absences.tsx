import { ActionIcon, Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { del, post, type Absence, type Id, type MyAvailability } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { momentIn, wallIn } from '@/features/hours/index.ts'
import { t } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { pathOf, refresh } from './queries.ts'
import s from './worktime.module.css'

/** AV-05: days on which somebody is out of office. */
export function Absences({ a, id }: { a: MyAvailability; id?: Id | undefined }) {
  const today = wallIn(a.timezone, new Date().toISOString()).day
  const [from, setFrom] = useState(today)
  const [fromTime, setFromTime] = useState('00:00')
  const [to, setTo] = useState(today)
  const [toTime, setToTime] = useState('24:00')
  const [note, setNote] = useState('')
  const [error, setError] = useState<unknown>(null)
  const add = async () => {
    setError(null)
    const end = toTime === '24:00' ? momentIn(a.timezone, nextDay(to), '00:00') : momentIn(a.timezone, to, toTime)
    try { await post(`${pathOf(id)}/absences`, { starts_at: momentIn(a.timezone, from, fromTime), ends_at: end, note }); await refresh(); setNote('') } catch (err) { setError(err) }
  }
  const remove = (x: Absence) => void del(`${pathOf(id)}/absences/${x.id}`).then(refresh).then(() => toast(t('absence.removed'), { action: { label: t('action.undo'), run: () => void post(`${pathOf(id)}/absences`, { starts_at: x.starts_at, ends_at: x.ends_at, note: x.note }).then(refresh).catch(toastError) } })).catch(toastError)
  return (
    <section className={s.part} data-setting="absences">
      <div><h2>{t('absence.title')}</h2><p className={s.hint}>{t('absence.text', { zone: a.timezone })}</p></div>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      {a.absences.length ? (
        <ul className={s.rows}>
          {a.absences.map((x) => (
            <li key={x.id} className={s.row}>
              <span className={s.name}>{dateTime(x.starts_at)} – {dateTime(x.ends_at)}</span>
              <span className={s.grow}>{x.note}</span>
              <ActionIcon aria-label={t('absence.remove', { from: dateTime(x.starts_at) })} onClick={() => remove(x)}><Icon name="x" /></ActionIcon>
            </li>
          ))}
        </ul>
      ) : <p className={s.hint}>{t('absence.none')}</p>}
      <form className={s.actions} aria-label={t('absence.add')} onSubmit={(e) => { e.preventDefault(); void add() }}>
        <TextInput type="date" required label={t('absence.from')} value={from} onChange={(e) => { const v = e.currentTarget.value; setFrom(v); if (v > to) setTo(v) }} />
        <TextInput type="time" label={t('absence.from_time')} value={fromTime} onChange={(e) => setFromTime(e.currentTarget.value || '00:00')} />
        <TextInput type="date" required label={t('absence.to')} value={to} min={from} onChange={(e) => setTo(e.currentTarget.value)} />
        <TextInput type="time" label={t('absence.to_time')} value={toTime === '24:00' ? '' : toTime} onChange={(e) => setToTime(e.currentTarget.value || '24:00')} />
        <TextInput label={t('presence.note')} value={note} maxLength={150} onChange={(e) => setNote(e.currentTarget.value)} />
        <Button type="submit" leftSection={<Icon name="plus" size={13} />}>{t('absence.add')}</Button>
      </form>
      <p className={s.hint}>{t('absence.times')}</p>
    </section>
  )
}

const nextDay = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
