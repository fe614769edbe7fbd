import { Button } from '@mantine/core'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef, useState, type MouseEvent, type ReactNode } from 'react'
import { EmptyState, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { useAppearance } from '@/shell/appearance.ts'
import { sentence } from '@/shell/errors.ts'
import { useNow } from '@/shell/useNow.ts'
import { withGroups } from './group.ts'
import { waitingCount, type Listed, type PageOf } from './model.ts'
import s from './list.module.css'

/** Picking rows; ids are those that are loaded, in their order. */
export interface Picking { any: boolean; count: number; pick(id: string, through: string[] | null): void; all(ids: string[], more: boolean): void; clear(): void }

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
  /** the list stands by newest activity; false: in another order, where rows do not move by themselves */
  timed?: boolean
  group?: ((r: R) => { key: string; label: string }) | undefined
  picking?: Picking | undefined
  /** rows are lines of a table below this head */
  table?: { head: ReactNode; columns: string; count: number } | undefined
}

/** Row heights by layout and density, in pixels. */
const heights = { split: { comfortable: 78, compact: 62 }, table: { comfortable: 44, compact: 34 } }
const groupHeight = 32

/** The list beside the work: virtualised, read page by page, and nothing in it moves by itself under a pointer or the focus (WS-31). */
export function RowList<R extends Listed>({ label, view, q, isCurrent, onRefresh, onGo, readAhead, row, empty, timed = true, group, picking, table }: Props<R>) {
  const scroller = useRef<HTMLDivElement>(null)
  const pages = q.data?.pages
  const rows = useMemo(() => pages?.flatMap((p) => p.items) ?? [], [pages])
  const items = useMemo(() => withGroups(rows, group), [rows, group])
  const waiting = pages ? waitingCount(pages, timed) : 0
  const [busy, setBusy] = useState(false)
  const { density } = useAppearance()
  const height = heights[table ? 'table' : 'split'][density]
  useNow(60_000)

  // Both stay the same from render to render: a new one has every row measured again.
  const sizeOf = useCallback((i: number) => (items[i]?.kind === 'group' ? groupHeight : height), [items, height])
  const keyOf = useCallback((i: number) => { const it = items[i]!; return it.kind === 'row' ? it.row.id : it.key }, [items])
  const virtual = useVirtualizer({ count: items.length, getScrollElement: () => scroller.current, estimateSize: sizeOf, overscan: 8, getItemKey: keyOf, scrollPaddingStart: table ? 36 : 0 })
  useEffect(() => virtual.measure(), [height, items, virtual])
  const visible = virtual.getVirtualItems()
  const last = visible.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= items.length - 12 && q.hasNextPage && !q.isFetchingNextPage && !q.isFetchNextPageError) void q.fetchNextPage()
  }, [last, items.length, q.hasNextPage, q.isFetchingNextPage, q.isFetchNextPageError, q])

  const refresh = useCallback(() => {
    onRefresh()
    scroller.current?.scrollTo({ top: 0 })
  }, [onRefresh])

  // News joins at once where nobody can be disturbed: the list is at its top, and neither pointer nor focus is in it.
  useEffect(() => {
    const el = scroller.current
    if (waiting > 0 && !busy && !picking?.any && el && el.scrollTop < 4 && !el.contains(document.activeElement)) refresh()
  }, [waiting, busy, refresh, picking?.any])

  const index = rows.findIndex(isCurrent)
  const go = useCallback((i: number) => {
    const r = rows[i]
    if (r) virtual.scrollToIndex(items.findIndex((it) => it.kind === 'row' && it.at === i), { align: 'auto' })
    onGo(r)
  }, [rows, items, onGo, virtual])
  const ids = useMemo(() => rows.map((r) => r.id), [rows])
  const more = q.hasNextPage
  useProvideActions({
    view,
    list: {
      next: () => go(index < 0 ? 0 : index + 1 < rows.length ? index + 1 : index - 1),
      previous: () => go(index < 0 ? 0 : Math.max(0, index - 1)),
      open: () => go(Math.max(0, index)),
      refresh,
    },
    selection: picking && rows.length > 0 ? {
      toggle: () => { const id = focusedRow(scroller.current) ?? rows[Math.max(0, index)]?.id; if (id) picking.pick(id, null) },
      all: () => picking.all(ids, more), clear: picking.clear, count: picking.count,
    } : null,
  }, [view, rows, index, refresh, go, picking, ids, more])

  // The neighbours are read ahead, so that next and previous are there at once.
  const ahead = useRef(readAhead)
  ahead.current = readAhead
  useEffect(() => {
    if (index < 0) return
    const timer = setTimeout(() => { for (const i of [index + 1, index - 1]) if (rows[i]) ahead.current?.(rows[i]) }, 250)
    return () => clearTimeout(timer)
  }, [index, rows])

  // With shift a click picks everything from the last pick to here.
  const onClickCapture = (e: MouseEvent<HTMLElement>) => {
    const id = e.shiftKey && picking ? (e.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row : undefined
    if (!id) return
    e.preventDefault()
    e.stopPropagation()
    picking!.pick(id, ids)
  }

  const body = visible.map((v) => {
    const it = items[v.index]
    if (!it) return null
    const place = { transform: `translateY(${v.start}px)`, height: v.size }
    if (it.kind === 'group') return table
      ? <div key={v.key} role="row" className={`${s.slot} ${s.heading}`} style={place}><span role="cell" aria-colspan={table.count}>{it.label}</span></div>
      : <li key={v.key} className={`${s.slot} ${s.heading}`} style={place}><h2>{it.label}</h2></li>
    return table
      ? <div key={v.key} role="row" aria-rowindex={it.at + 2} data-row={it.row.id} className={`${s.slot} ${s.tableRow}`} style={place}>{row(it.row, it.at === index)}</div>
      : <li key={v.key} className={s.slot} data-row={it.row.id} style={place} aria-setsize={more ? -1 : rows.length} aria-posinset={it.at + 1}>{row(it.row, it.at === index)}</li>
  })

  return (
    <section className={s.list} aria-label={label} onPointerEnter={() => setBusy(true)} onPointerLeave={() => setBusy(false)} onClickCapture={onClickCapture} data-picking={picking?.any || undefined} data-pickable={picking ? true : undefined}>
      {waiting > 0 ? <button type="button" className={s.pill} data-table={table ? true : undefined} onClick={refresh}>{t('list.new', { n: waiting })}</button> : null}
      <div ref={scroller} className={s.scroller} tabIndex={rows.length > 0 ? -1 : undefined}>
        {q.isPending ? <SkeletonLines lines={12} label={t('state.loading')} /> : null}
        {q.isError && !q.data ? <EmptyState icon="warn" title={t('error.list')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
        {q.data && rows.length === 0 ? empty : null}
        {rows.length === 0 ? null : table ? (
          <div role="table" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1} aria-busy={q.isFetchingNextPage} className={s.table} style={{ '--columns': table.columns } as React.CSSProperties}>
            <div role="rowgroup" className={s.tableHead}>{table.head}</div>
            <div role="rowgroup" className={s.rows} style={{ height: virtual.getTotalSize() }}>{body}</div>
          </div>
        ) : <ul className={s.rows} style={{ height: virtual.getTotalSize() }} aria-busy={q.isFetchingNextPage}>{body}</ul>}
        {q.isFetchNextPageError ? <div className={s.more}><Button variant="default" onClick={() => void q.fetchNextPage()}>{t('action.retry')}</Button></div> : null}
      </div>
    </section>
  )
}

const focusedRow = (within: HTMLElement | null): string | undefined => {
  const el = document.activeElement
  return el && within?.contains(el) ? el.closest<HTMLElement>('[data-row]')?.dataset.row : undefined
}
