import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, post, type InboundItem, type Page } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { maybe, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import s from './admin.module.css'

/** What arrived and could not be filed: kept whole, with its error, and replayed after the fix. */
export function SetAside() {
  const q = useInfiniteQuery({
    queryKey: ['inbound', 'set_aside'], queryFn: ({ pageParam }) => get<Page<InboundItem>>('/api/inbound', { state: 'set_aside', cursor: pageParam, limit: 50 }),
    initialPageParam: '', getNextPageParam: (l) => l.next || undefined,
  })
  const [busy, setBusy] = useState('')
  const list = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  const replay = async (id: string) => {
    setBusy(id)
    try { await post(`/api/inbound/${id}/replay`); toast(t('inbound.replayed')); await queries.invalidateQueries({ queryKey: ['inbound'] }) } catch (err) { toastError(err) } finally { setBusy('') }
  }
  return (
    <>
      <div className={s.head}><div><h1>{t('inbound.title')}</h1><p className={s.text}>{t('inbound.text')}</p></div></div>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && list.length === 0 ? <EmptyState icon="check" title={t('inbound.empty')} text={t('inbound.empty_text')} /> : null}
      <ul className={s.rows}>
        {list.map((i) => (
          <li key={i.id} className={s.row}>
            <Icon name="archive" size={20} />
            <span className={s.rowText}>
              <span className={s.name}>{i.subject || i.message_id || i.id}</span>
              <span className={s.sub}>{dateTime(i.at)}{i.from ? ` · ${i.from}` : ''} · {typeof i.account === 'object' && i.account ? i.account.name : (i.account ?? i.channel)}</span>
              <span className={s.why}>{i.error || i.reason}</span>
            </span>
            {i.disposition ? <Tag>{maybe(`disposition_name.${i.disposition}`, i.disposition)}</Tag> : null}
            <Button variant="default" loading={busy === i.id} onClick={() => void replay(i.id)}>{t('inbound.replay')}</Button>
          </li>
        ))}
      </ul>
      {q.hasNextPage ? <div className={s.foot}><Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('search.more')}</Button></div> : null}
    </>
  )
}
