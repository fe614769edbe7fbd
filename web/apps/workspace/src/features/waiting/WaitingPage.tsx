import { Button, NumberInput } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { get, patch } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { PriorityMark } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { loadQueue, queueKey, reasonName, type QueueRow } from './model.ts'
import s from './waiting.module.css'

/** RT-07: everything that nobody could have yet, in the order in which it is given away. */
export function WaitingPage() {
  const q = useInfiniteQuery({ queryKey: [...queueKey, 'all'], initialPageParam: '', queryFn: ({ pageParam }) => loadQueue(pageParam), getNextPageParam: (last) => last.next || undefined })
  useEffect(() => { document.title = `${t('waiting.title')} · Kanal` }, [])
  const rows = q.data?.pages.flatMap((p) => p.items) ?? []
  const total = q.data?.pages[0]?.total ?? 0
  return (
    <main className={s.page} id="main">
      <div className={s.head}><h1>{t('waiting.title')}</h1>{total ? <Tag>{total > 10_000 ? '10,000+' : total}</Tag> : null}</div>
      <p className={s.dim}>{t('waiting.text')}</p>
      {q.isPending ? <SkeletonLines lines={6} label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('waiting.failed')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && rows.length === 0 ? <EmptyState icon="check" title={t('waiting.empty')} text={t('waiting.empty_text')} /> : null}
      <ol className={s.rows}>{rows.map((r) => <Row key={`${r.object}${r.ticket_id ?? r.thread_id}`} r={r} />)}</ol>
      {q.hasNextPage ? <Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('waiting.more')}</Button> : null}
      <HandOn />
    </main>
  )
}

function Row({ r }: { r: QueueRow }) {
  const name = r.subject || t('ticket.no_subject')
  return (
    <li className={s.row} data-number={r.number || undefined}>
      <span className={s.place} aria-label={t('waiting.place', { n: r.place, of: r.of })}>{r.place}</span>
      <span className={s.what}>
        {r.ticket_id ? <Link to="/tickets/$view/$ticketId" params={{ view: 'unassigned', ticketId: r.ticket_id }} className="k-cut">#{r.number} {name}</Link>
          : <Link to="/conversation/$threadId" params={{ threadId: r.thread_id ?? '' }} className="k-cut">{name}</Link>}
        <span className={`${s.dim} k-cut`}>{[r.contact, r.channel_account].filter(Boolean).join(' · ')}</span>
      </span>
      {r.priority ? <PriorityMark priority={r.priority as 'high'} /> : <span />}
      <span className={s.why}><span className="k-cut">{reasonName(r.reason)}</span><span className={s.dim}>{ago(r.since)}{r.next_at ? ` · ${t('waiting.next', { time: dateTime(r.next_at) })}` : ''}</span></span>
    </li>
  )
}

/** AV-11: after how long an unanswered chat of somebody who has gone is given to somebody else. */
function HandOn() {
  const may = useCan()('routing.manage')
  const q = useQuery({ queryKey: ['waiting-settings'], queryFn: () => get<{ hand_on_minutes: number }>('/api/settings/waiting') })
  const [typed, setTyped] = useState<number | null>(null)
  const [busy, setBusy] = useState(false)
  if (!q.data) return null
  const value = typed ?? q.data.hand_on_minutes
  const save = async () => {
    setBusy(true)
    try {
      queries.setQueryData(['waiting-settings'], await patch('/api/settings/waiting', { hand_on_minutes: value }))
      setTyped(null)
      toast(t('waiting.saved'))
    } catch (err) { toastError(err) } finally { setBusy(false) }
  }
  return (
    <section className={s.hand} aria-label={t('waiting.hand_on')}>
      <h2><Icon name="forward" size={14} /> {t('waiting.hand_on')}</h2>
      <p className={s.dim}>{t('waiting.hand_on_text')}</p>
      <div className={s.acts}>
        <NumberInput label={t('waiting.minutes')} w={140} min={0} max={1440} allowDecimal={false} disabled={!may} value={value} onChange={(v) => setTyped(Math.min(1440, Math.max(0, Number(v) || 0)))} />
        {may && typed !== null && typed !== q.data.hand_on_minutes ? <Button loading={busy} onClick={() => void save()}>{t('action.save')}</Button> : null}
      </div>
    </section>
  )
}
