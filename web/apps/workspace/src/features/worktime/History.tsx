import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { urlOf, type Id } from '@kanal/api'
import { EmptyState, SkeletonLines } from '@kanal/ui'
import { wallIn } from '@/features/hours/index.ts'
import { useUsers } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { changesQuery, totalsQuery } from './queries.ts'
import { length, occupancy, why } from './words.ts'
import s from './worktime.module.css'

/** AV-13: time available and away by day, and every change; of one person, or of everybody. */
export function History({ user, zone }: { user: Id | ''; zone: string }) {
  const today = wallIn(zone, new Date().toISOString()).day
  const [from, setFrom] = useState(() => wallIn(zone, new Date(Date.now() - 6 * 86_400_000).toISOString()).day)
  const [to, setTo] = useState(today)
  const totals = useQuery(totalsQuery(user, from, to, zone))
  const log = useQuery(changesQuery(user))
  const users = useUsers()
  const name = (id: Id | null) => { const u = users.find((x) => x.id === id); return u ? u.name || u.email : t('presence.somebody') }
  const away = (ms: Record<string, number>) => Object.entries(ms).sort((x, y) => y[1] - x[1]).map(([by, n]) => `${t(`presence.short.${by || 'none'}` as 'presence.short.none')} ${length(n)}`).join(' · ')
  const items = [...(totals.data?.items ?? [])].sort((x, y) => y.day.localeCompare(x.day) || name(x.user_id).localeCompare(name(y.user_id)))
  return (
    <section className={s.part} data-setting="history">
      <div><h2>{t('presence.history')}</h2><p className={s.hint}>{t('presence.history_text', { zone })} {t('presence.occupancy_text')}</p></div>
      <div className={s.actions}>
        <TextInput type="date" label={t('presence.from')} value={from} max={to} onChange={(e) => setFrom(e.currentTarget.value)} />
        <TextInput type="date" label={t('presence.to')} value={to} min={from} onChange={(e) => setTo(e.currentTarget.value)} />
        <Button variant="default" component="a" download href={urlOf('/api/availability/totals.csv', { user, from, to, timezone: zone })}>{t('presence.csv')}</Button>
      </div>
      {totals.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(totals.error)}><Button variant="default" onClick={() => void totals.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {totals.isPending && totals.fetchStatus !== 'idle' ? <SkeletonLines label={t('state.loading')} /> : null}
      {items.length ? (
        <div className={s.scroll} tabIndex={0} role="region" aria-label={t('presence.history')}>
          <table className={s.table}>
            <thead><tr><th scope="col">{t('presence.day')}</th>{user ? null : <th scope="col">{t('field.name')}</th>}<th scope="col">{t('presence.time_on')}</th><th scope="col">{t('presence.time_off')}</th><th scope="col">{t('presence.occupancy')}</th><th scope="col">{t('presence.time_why')}</th></tr></thead>
            <tbody>{items.map((x) => <tr key={x.day + x.user_id}><td>{x.day}</td>{user ? null : <td>{name(x.user_id)}</td>}<td className={s.number}>{length(x.available_ms)}</td><td className={s.number}>{length(x.away_ms)}</td><td className={s.number} data-occupancy>{occupancy(x)}</td><td>{away(x.away_by_ms)}</td></tr>)}</tbody>
          </table>
        </div>
      ) : totals.data ? <p className={s.hint}>{t('presence.history_none')}</p> : null}
      <h3>{t('presence.log')}</h3>
      {log.data?.items?.length ? (
        <ul className={s.rows}>
          {log.data.items.map((x, i) => (
            <li key={i} className={s.row}>
              <span className={s.number}>{dateTime(x.at)}</span>
              {user ? null : <span className={s.name}>{name(x.user_id)}</span>}
              <span className={s.grow}>{t(x.available ? 'user.available' : 'user.away')} · {why(x, x.by === 'manager' && x.actor_id ? name(x.actor_id) : '')}{x.note ? ` · ${x.note}` : ''}</span>
            </li>
          ))}
        </ul>
      ) : log.data ? <p className={s.hint}>{t('presence.log_none')}</p> : null}
    </section>
  )
}
