import { Button } from '@mantine/core'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { EmptyState, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { sentence } from '@/shell/errors.ts'
import { useNow } from '@/shell/useNow.ts'
import { waitingCount, type Listed, type PageOf } from './model.ts'
import s from './list.module.css'

interface Props<R extends Listed> {
  label: string
  view: string
  q: UseInfiniteQueryResult<InfiniteData<PageOf<R>>>
  isCurrent(r: R): boolean
  /** Shows what waits. */
  onRefresh(): void
  /** Opens a row; undefined: no row is left to open. */
  onGo(r: R | undefined): void
  readAhead?(r: R): void
  row(r: R, current: boolean): ReactNode
  empty: ReactNode
}

/** The list beside the work: virtualised, read page by page, and nothing in it moves by itself under a pointer or the focus (WS-31). */
export function RowList<R extends Listed>({ label, view, q, isCurrent, onRefresh, onGo, readAhead, row, empty }: Props<R>) {
  const scroller = useRef<HTMLDivElement>(null)
  const pages = q.data?.pages
  const rows = useMemo(() => pages?.flatMap((p) => p.items) ?? [], [pages])
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
    onRefresh()
    scroller.current?.scrollTo({ top: 0 })
  }, [onRefresh])

  // News joins at once where nobody can be disturbed: the list is at its top, and neither pointer nor focus is in it.
  useEffect(() => {
    const el = scroller.current
    if (waiting > 0 && !busy && el && el.scrollTop < 4 && !el.contains(document.activeElement)) refresh()
  }, [waiting, busy, refresh])

  const index = rows.findIndex(isCurrent)
  const go = useCallback((i: number) => {
    const r = rows[i]
    if (r) virtual.scrollToIndex(i, { align: 'auto' })
    onGo(r)
  }, [rows, onGo, virtual])
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
  const ahead = useRef(readAhead)
  ahead.current = readAhead
  useEffect(() => {
    if (index < 0) return
    const timer = setTimeout(() => { for (const i of [index + 1, index - 1]) if (rows[i]) ahead.current?.(rows[i]) }, 250)
    return () => clearTimeout(timer)
  }, [index, rows])

  return (
    <section className={s.list} aria-label={label} onPointerEnter={() => setBusy(true)} onPointerLeave={() => setBusy(false)}>
      {waiting > 0 ? <button type="button" className={s.pill} onClick={refresh}>{t('list.new', { n: waiting })}</button> : null}
      <div ref={scroller} className={s.scroller}>
        {q.isPending ? <SkeletonLines lines={12} label={t('state.loading')} /> : null}
        {q.isError && !q.data ? <EmptyState icon="warn" title={t('error.list')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
        {q.data && rows.length === 0 ? empty : null}
        {rows.length > 0 ? (
          <ul className={s.rows} style={{ height: virtual.getTotalSize() }} aria-busy={q.isFetchingNextPage}>
            {visible.map((v) => (
              <li key={v.key} className={s.slot} style={{ transform: `translateY(${v.start}px)`, height: v.size }} aria-setsize={q.hasNextPage ? -1 : rows.length} aria-posinset={v.index + 1}>
                {row(rows[v.index]!, v.index === index)}
              </li>
            ))}
          </ul>
        ) : null}
        {q.isFetchNextPageError ? <div className={s.more}><Button variant="default" onClick={() => void q.fetchNextPage()}>{t('action.retry')}</Button></div> : null}
      </div>
    </section>
  )
}
