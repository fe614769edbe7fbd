import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { get, type Page, type Visitor } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { ban, unban } from './queries.ts'
import s from './banned.module.css'

type Barred = Pick<Visitor, 'id' | 'contact' | 'claimed_name' | 'claimed_email' | 'banned_at' | 'ban_reason' | 'banned_by_user'> & { thread_id: string; ticket_id: string | null; ticket_number: number }

const key = ['visitors', 'banned']
const reread = () => queries.invalidateQueries({ queryKey: key })

/** Who may not write in a chat any more, why, and the way back. */
export function BannedVisitors() {
  const q = useInfiniteQuery({ queryKey: key, queryFn: ({ pageParam }) => get<Page<Barred>>('/api/visitors/banned', { cursor: pageParam, limit: 50 }), initialPageParam: '', getNextPageParam: (l) => l.next || undefined })
  const rows = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  return (
    <SettingsFrame title={t('banned.title')} text={t('banned.text')}>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && rows.length === 0 && !q.hasNextPage ? <EmptyState icon="shield" title={t('banned.empty')} text={t('banned.empty_text')} /> : null}
      {rows.length > 0 ? <ul className={s.rows}>{rows.map((r) => <Row key={r.id} v={r} />)}</ul> : null}
      {q.hasNextPage ? <Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('search.more')}</Button> : null}
    </SettingsFrame>
  )
}

function Row({ v }: { v: Barred }) {
  const [busy, setBusy] = useState(false)
  const name = v.contact?.name || v.claimed_name || v.contact?.email || v.claimed_email || t('chat.visitor')
  const address = v.contact?.email || v.claimed_email
  const free = async () => {
    setBusy(true)
    try {
      await unban(v.id)
      await reread()
      toast(t('banned.undone', { name }), { action: { label: t('action.undo'), run: () => void ban(v.id, v.ban_reason).then(reread).catch(toastError) } })
    } catch (err) { toastError(err); setBusy(false) }
  }
  return (
    <li className={s.row} data-banned={v.id}>
      <Icon name="shield" size={16} />
      <span className={s.text}>
        <span className={s.name}>{name}{address && address !== name ? <span className={s.sub}> {address}</span> : null}</span>
        <span>{v.ban_reason}</span>
        <span className={s.sub}>
          {v.banned_at ? (v.banned_by_user ? t('banned.by', { time: dateTime(v.banned_at), name: v.banned_by_user.name }) : dateTime(v.banned_at)) : null}
          {' · '}
          {v.ticket_id
            ? <Link to="/tickets/$view/$ticketId" params={{ view: 'open', ticketId: v.ticket_id }}>#{v.ticket_number}</Link>
            : <Link to="/tickets/$view/conversation/$threadId" params={{ view: 'open', threadId: v.thread_id }}>{t('banned.conversation')}</Link>}
        </span>
      </span>
      <Button size="xs" variant="default" loading={busy} onClick={() => void free()} aria-label={`${t('chat.unban')}: ${name}`}>{t('chat.unban')}</Button>
    </li>
  )
}
