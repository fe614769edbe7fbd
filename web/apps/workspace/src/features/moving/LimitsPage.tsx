import { Button, NumberInput, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { SaveError, SettingsFrame, UnsavedGuard } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { toast } from '@/shell/toast.tsx'
import { limitQuery, nearQuery, setLimit } from './queries.ts'
import s from './moving.module.css'

/** TK-05, CR-07: how many tickets one contact may have, and who is near it. */
export function LimitsPage() {
  const q = useQuery(limitQuery)
  return <SettingsFrame title={t('limits.title')} text={t('limits.text')} query={q}>{q.data ? <Form key={q.data.contact_tickets} now={q.data.contact_tickets} /> : null}<Near /></SettingsFrame>
}

function Form({ now }: { now: number }) {
  const [on, setOn] = useState(now > 0)
  const [n, setN] = useState(now || 1000)
  const [error, setError] = useState<unknown>(null)
  const wanted = on ? n : 0
  const save = async () => { setError(null); try { await setLimit(wanted); toast(t('toast.saved')) } catch (err) { setError(err) } }
  return (
    <div className={s.form} data-setting="limits.contact">
      <UnsavedGuard dirty={wanted !== now} />
      <SaveError error={error} />
      <Switch label={t('limits.contact')} description={t('limits.contact_text')} checked={on} onChange={(e) => setOn(e.currentTarget.checked)} />
      {on ? <NumberInput label={t('limits.number')} min={1} max={10_000} allowDecimal={false} value={n} onChange={(v) => setN(Number(v) || 1)} /> : null}
      <div><Button disabled={wanted === now} onClick={() => void save()}>{t('action.save')}</Button></div>
    </div>
  )
}

function Near() {
  const q = useQuery(nearQuery)
  if (!q.data) return null
  return (
    <section>
      <h2>{t('limits.near')}</h2>
      {q.data.items.length === 0 ? <p className={s.text}>{t('limits.none', { n: q.data.from })}</p> : (
        <div className={s.scroll} tabIndex={0} role="region" aria-label={t('limits.near')}>
          <table className={s.table}>
            <thead><tr><th>{t('limits.person')}</th><th data-number>{t('limits.tickets')}</th><th data-number>{t('limits.beyond')}</th></tr></thead>
            <tbody>{q.data.items.map((x) => <tr key={x.contact_id}><td><Link to="/contacts/$contactId" params={{ contactId: x.contact_id }}>{x.name || x.email || x.contact_id}</Link></td><td data-number>{x.tickets}</td><td data-number>{x.beyond}</td></tr>)}</tbody>
          </table>
        </div>
      )}
    </section>
  )
}
