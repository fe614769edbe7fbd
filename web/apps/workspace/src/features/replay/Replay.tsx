import { Button, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { Link } from '@tanstack/react-router'
import { post, type Assignment, type AssignPolicy } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { maybe, t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import s from './replay.module.css'

interface Share { user_id: string; name: string; before: number; now: number }
interface Differ { ticket_id: string | null; thread_id: string | null; at: string; before: Assignment; now: Assignment }
interface Replayed { decisions: number; same: number; changed: number; assigned: [number, number]; queued: [number, number]; owners: Share[]; items: Differ[] }

const times = [1, 2, 7, 14] as const

/** RT-20: what another rule would have made of what was decided lately, before it is saved. Nothing changes. */
export function Replay({ policy, account }: { policy: AssignPolicy; account: string }) {
  const [days, setDays] = useState(1)
  const [out, setOut] = useState<{ of: string; r: Replayed } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const of = JSON.stringify(policy)
  const run = async () => {
    setBusy(true)
    setError(null)
    try { setOut({ of, r: await post<Replayed>('/api/routing/replay', { account_id: account, policy: { ...policy, to: policy.to || 'no_one', by: policy.by || 'least_open', users: policy.users ?? [], teams: policy.teams ?? [] }, since: new Date(Date.now() - days * 86_400_000).toISOString() }) }) } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <section className={s.replay} aria-label={t('replay.title')} data-replay>
      <h3><Icon name="refresh" size={14} /> {t('replay.title')}</h3>
      <p className={s.dim}>{t('replay.text')}</p>
      <div className={s.ask}>
        <NativeSelect aria-label={t('replay.time')} value={String(days)} onChange={(e) => setDays(Number(e.currentTarget.value))} data={times.map((n) => ({ value: String(n), label: n === 1 ? t('replay.day') : t('replay.days', { n }) }))} />
        <Button variant="default" loading={busy} onClick={() => void run()}>{t('replay.run')}</Button>
      </div>
      {error ? <Banner tone="danger">{sentence(error)}</Banner> : null}
      <div role="status">{out ? <Answer r={out.r} stale={out.of !== of} /> : null}</div>
    </section>
  )
}

function Answer({ r, stale }: { r: Replayed; stale: boolean }) {
  if (r.decisions === 0) return <p className={s.dim}>{t('replay.nothing')}</p>
  return (
    <div className={s.answer}>
      {stale ? <p className={s.dim}>{t('replay.stale')}</p> : null}
      <p><strong>{r.changed === 0 ? t('replay.same', { n: r.decisions }) : t('replay.changed', { n: r.changed, of: r.decisions })}</strong> {t('replay.queued', { before: r.queued[0], now: r.queued[1] })}</p>
      {r.owners.length ? (
        <table className={s.table}>
          <thead><tr><th scope="col">{t('replay.person')}</th><th scope="col">{t('replay.before')}</th><th scope="col">{t('replay.now')}</th></tr></thead>
          <tbody>{r.owners.map((o) => <tr key={o.user_id}><th scope="row">{o.name || o.user_id}</th><td>{o.before}</td><td data-changed={o.before !== o.now || undefined}>{o.now}</td></tr>)}</tbody>
        </table>
      ) : null}
      {r.items.length ? (
        <ul className={s.items}>
          {r.items.slice(0, 50).map((d) => (
            <li key={`${d.ticket_id ?? d.thread_id}${d.at}`}>
              {d.ticket_id ? <Link to="/tickets/$view/$ticketId" params={{ view: 'all', ticketId: d.ticket_id }}>{dateTime(d.at)}</Link> : d.thread_id ? <Link to="/conversation/$threadId" params={{ threadId: d.thread_id }}>{dateTime(d.at)}</Link> : dateTime(d.at)}
              <span>{who(d.before)} <Icon name="right" size={11} /> <strong>{who(d.now)}</strong></span>
              <span className={s.dim}>{maybe(`reason.${d.now.reason}`, d.now.reason)}</span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

const who = (a: Assignment): string => a.candidates?.find((c) => c.chosen)?.name ?? (a.queued ? t('replay.waits') : t('ticket.unassigned'))
