import { Button, SegmentedControl } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { get, type Page, type ScheduledMessage } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { actionContext } from '@/shell/actions.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { SendState } from './SendState.tsx'
import s from './writing.module.css'

/** WS-23: what waits for its hour, one's own or everybody's. */
export function ScheduledPage() {
  const [all, setAll] = useState(false)
  const cache = useQueryClient()
  const q = useQuery({ queryKey: ['scheduled', all], queryFn: async () => (await get<Page<ScheduledMessage>>('/api/messages/scheduled', { all, limit: 200 })).items ?? [] })
  useEffect(() => { document.title = `${t('scheduled.title')} · Kanal` }, [])
  const again = () => void cache.invalidateQueries({ queryKey: ['scheduled'] })
  return (
    <main className={s.page} id="main">
      <div className={s.pageHead}>
        <h1>{t('scheduled.title')}</h1>
        <SegmentedControl size="xs" aria-label={t('scheduled.whose')} value={all ? 'all' : 'mine'} onChange={(v) => setAll(v === 'all')} data={[{ value: 'mine', label: t('scheduled.mine') }, { value: 'all', label: t('scheduled.all') }]} />
      </div>
      {q.isPending ? <SkeletonLines lines={6} label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.scheduled')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data?.length === 0 ? <EmptyState icon="clock" title={t('scheduled.empty')} text={t('scheduled.empty_text')} /> : null}
      <ul className={s.scheduled}>
        {(q.data ?? []).map((m) => (
          <li key={m.id}>
            <div className={s.scheduledHead}>
              <strong className="k-cut">{(m.recipients ?? []).filter((p) => p.field === 'to').map((p) => p.name || p.address).join(', ')}</strong>
              {m.send_at ? <time dateTime={m.send_at}>{dateTime(m.send_at)}</time> : null}
            </div>
            <p className="k-cut">{m.text.slice(0, 200) || m.subject}</p>
            {m.ticket ? <Link to="/tickets/$view/$ticketId" params={{ view: m.ticket.open ? 'open' : 'closed', ticketId: m.ticket.id }}><Icon name="right" size={12} /> #{m.ticket.number} {m.ticket.subject}</Link>
              : <Link to="/conversation/$threadId" params={{ threadId: m.thread_id }}><Icon name="right" size={12} /> {m.subject || t('ticket.no_subject')}</Link>}
            <SendState message={m} onTakeBack={(d) => { again(); actionContext().navigate(m.ticket ? `/ticket/${m.ticket.number}` : d.type === 'new' ? '/compose' : `/conversation/${m.thread_id}`) }} />
          </li>
        ))}
      </ul>
    </main>
  )
}
