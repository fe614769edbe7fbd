import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { EmptyState, SkeletonLines } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { useNow } from '@/shell/useNow.ts'
import { settle, waitingCount, type Row } from './model.ts'
import { listQuery, ticketQuery, useTicketList } from './queries.ts'
import { TicketRowLink } from './TicketRowLink.tsx'
import s from './list.module.css'

const none: Row[] = []

export function TicketList({ view, selected, title }: { view: string; selected: string | undefined; title: string }) {
  const q = useTicketList(view)
  const navigate = useNavigate()
  const scroller = useRef<HTMLDivElement>(null)
  const pages = q.data?.pages
  const rows = useMemo(() => pages?.flatMap((p) => p.items) ?? none, [pages])
  const waiting = pages ? waitingCount(pages) : 0
  const [busy, setBusy] = useState(false)
  useNow(60_000)

  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 78, overscan: 8, getItemKey: (i) => rows[i]!.id })
  const visible = virtual.getVirtualItems()
  const last = visible.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= rows.length - 12 && q.hasNextPage && !q.isFetchingNextPage && !q.isFetchNextPageError) void q.fetchNextPage()
  }, [last, rows.length, q.hasNextPage, q.isFetchingNextPage, q.isFetchNextPageError, q])

  const refresh = useCallback(() => {
    queries.setQueryData(listQuery(view).queryKey, (d) => d && { ...d, pages: settle(d.pages, selected) })
    scroller.current?.scrollTo({ top: 0 })
  }, [view, selected])

  // News joins at once where nobody can be disturbed: the list is at its top, and neither pointer nor focus is in it.
  useEffect(() => {
    const el = scroller.current
    if (waiting > 0 && !busy && el && el.scrollTop < 4 && !el.contains(document.activeElement)) refresh()
  }, [waiting, busy, refresh])

  const index = rows.findIndex((r) => r.id === selected)
  const go = useCallback((i: number) => {
    const r = rows[i]
    if (!r) return void navigate({ to: '/tickets/$view', params: { view } })
    virtual.scrollToIndex(i, { align: 'auto' })
    void navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: r.id } })
  }, [rows, view, navigate, virtual])
  useProvideActions({
    view,
    list: {
      next: () => go(index < 0 ? 0 : index + 1 < rows.length ? index + 1 : index - 1),
      previous: () => go(index < 0 ? 0 : Math.max(0, index - 1)),
      open: () => go(Math.max(0, index)),
      refresh,
    },
  }, [view, rows, index, refresh, go])

  // The neighbours are read ahead, so that next and previous are there at once.
  useEffect(() => {
    if (index < 0) return
    const timer = setTimeout(() => { for (const i of [index + 1, index - 1]) if (rows[i]) void queries.prefetchQuery(ticketQuery(rows[i].id)) }, 250)
    return () => clearTimeout(timer)
  }, [index, rows])

  return (
    <section className={s.list} aria-label={title} onPointerEnter={() => setBusy(true)} onPointerLeave={() => setBusy(false)}>
      {waiting > 0 ? <button type="button" className={s.pill} onClick={refresh}>{t('list.new', { n: waiting })}</button> : null}
      <div ref={scroller} className={s.scroller}>
        {q.isPending ? <SkeletonLines lines={12} label={t('state.loading')} /> : null}
        {q.isError && !q.data ? <EmptyState icon="warn" title={t('error.list')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
        {q.data && rows.length === 0 ? <ListEmpty view={view} /> : null}
        {rows.length > 0 ? (
          <ul className={s.rows} style={{ height: virtual.getTotalSize() }} aria-busy={q.isFetchingNextPage}>
            {visible.map((v) => (
              <li key={v.key} className={s.slot} style={{ transform: `translateY(${v.start}px)`, height: v.size }} aria-setsize={q.hasNextPage ? -1 : rows.length} aria-posinset={v.index + 1}>
                <TicketRowLink row={rows[v.index]!} view={view} current={rows[v.index]!.id === selected} />
              </li>
            ))}
          </ul>
        ) : null}
        {q.isFetchNextPageError ? <div className={s.more}><Button variant="default" onClick={() => void q.fetchNextPage()}>{t('action.retry')}</Button></div> : null}
      </div>
    </section>
  )
}

function ListEmpty({ view }: { view: string }) {
  const navigate = useNavigate()
  const known = ['mine', 'unassigned', 'open', 'closed', 'spam', 'trash', 'mentions']
  const name = known.includes(view) ? view : 'inbox'
  const jump = view === 'mine' ? 'unassigned' : view === 'unassigned' ? 'open' : null
  return (
    <EmptyState icon={view === 'spam' || view === 'trash' ? 'check' : 'inbox'} title={t(`empty.${name}` as Key)} text={t(`empty.${name}_text` as Key)}>
      {jump ? <Button variant="default" onClick={() => void navigate({ to: '/tickets/$view', params: { view: jump } })}>{t(`empty.${name}_go` as Key)}</Button> : null}
    </EmptyState>
  )
}
