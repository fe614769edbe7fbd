import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, type Page } from '@kanal/api'
import { EmptyState, Icon, Tag } from '@kanal/ui'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { count, dateTime } from '@/shell/format.ts'
import { FailureList } from './FailureList.tsx'
import { doingKey, isOver, type Run } from './model.ts'
import { cancel, undo } from './queries.ts'
import { saying } from './Runs.tsx'
import s from './bulk.module.css'

/** One's own actions on many tickets: how each ended, what was refused, and the way back. */
export function History() {
  const q = useInfiniteQuery({ queryKey: ['bulk', 'mine'], queryFn: ({ pageParam }) => get<Page<Run>>('/api/bulk', { cursor: pageParam, limit: 20 }), initialPageParam: '', getNextPageParam: (l) => l.next || undefined })
  const list = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  return (
    <SettingsFrame title={t('bulk.history')} text={t('bulk.history_text')} query={q}>
      {q.data && list.length === 0 ? <EmptyState icon="rows" title={t('bulk.history_empty')} text={t('bulk.history_empty_text')} /> : null}
      <ul className={s.history}>{list.map((r) => <Past key={r.id} run={r} />)}</ul>
      {q.hasNextPage ? <Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('search.more')}</Button> : null}
    </SettingsFrame>
  )
}

function Past({ run }: { run: Run }) {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const act = (fn: () => Promise<unknown>) => { setBusy(true); void fn().catch(toastError).finally(() => setBusy(false)) }
  return (
    <li className={s.past}>
      <div className={s.pastHead}>
        <div className={s.grow}>
          <strong>{t(run.undo_of ? 'bulk.undoing' : doingKey(run))}</strong>
          <div className={s.sub}>{dateTime(run.created_at)} · {saying(run)}</div>
        </div>
        {run.undone_by ? <Tag>{t('bulk.was_undone')}</Tag> : null}
        {run.failed ? <Button size="xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>{t('bulk.show_failures', { n: run.failed, count: count(run.failed) })}</Button> : null}
        {isOver(run) ? null : <Button size="xs" variant="default" loading={busy} onClick={() => act(() => cancel(run.id))}>{t('action.cancel')}</Button>}
        {run.undoable ? <Button size="xs" variant="default" loading={busy} leftSection={<Icon name="undo" size={13} />} onClick={() => act(() => undo(run.id))}>{t('action.undo')}</Button> : null}
      </div>
      {open ? <FailureList id={run.id} /> : null}
    </li>
  )
}
