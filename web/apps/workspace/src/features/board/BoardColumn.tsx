import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery, type InfiniteData } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from 'react'
import { get } from '@kanal/api'
import { SkeletonLines } from '@kanal/ui'
import { askParams, listQuery, readPage, settle, waitingCount, type ListPage, type Row } from '@/features/tickets/index.ts'
import { viewsQuery, type ListAsk } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { useAppearance } from '@/shell/appearance.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { count } from '@/shell/format.ts'
import { useNow } from '@/shell/useNow.ts'
import { Card } from './Card.tsx'
import { showsRecent, timedIn, type Column } from './model.ts'
import s from './board.module.css'

const heights = { comfortable: 92, compact: 76 }
/** Where a column was scrolled to, for when one comes back from a ticket. */
const scrolled = new Map<string, number>()
const noRows: Row[] = []

/** One column: read page by page, windowed, and read only while it is on the screen. What comes by itself waits while somebody is at work in it. */
export function BoardColumn({ column, columns, view, ask, base, field, root, held, over, closedTo, moves, still, onMove }: {
  column: Column; columns: Column[]; view: string; ask: ListAsk; base: string; field: string; root: RefObject<HTMLDivElement | null>
  /** the card that is picked up */
  held: string | undefined
  over: boolean
  closedTo: boolean
  moves: boolean
  /** nothing moves by itself now */
  still: boolean
  onMove(row: Row, to: string): void
}) {
  const section = useRef<HTMLElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [left, setLeft] = useState(0)
  useNow(60_000)
  useEffect(() => {
    const io = new IntersectionObserver((es) => setSeen(es.at(-1)!.isIntersecting), { root: root.current, rootMargin: '0px 320px' })
    if (section.current) io.observe(section.current)
    return () => io.disconnect()
  }, [root])
  const q = useInfiniteQuery({ ...listQuery(view, ask), enabled: seen })
  const pages = q.data?.pages
  const rows = useMemo(() => {
    if (!pages) return noRows
    const once = new Set<string>()
    return pages.flatMap((p) => p.items).filter((r) => (once.has(r.id) ? false : (once.add(r.id), true)))
  }, [pages])
  const timed = timedIn(ask)
  const waiting = pages ? waitingCount(pages, timed) : 0
  const gone = rows.some((r) => r.gone)

  // How many there are is asked only where not all are loaded, and again when the counts of the side bar are.
  const more = !!q.hasNextPage
  const stamp = useQuery({ ...viewsQuery, select: noNews }).dataUpdatedAt
  const all = useQuery({ queryKey: ['board-count', askParams(ask).view, ask.filter], queryFn: () => get<{ count: number; capped: boolean }>('/api/tickets/count', { view: askParams(ask).view, filter: ask.filter }), enabled: seen && more })
  const recount = all.refetch
  useEffect(() => { if (seen && more) void recount() }, [seen, more, stamp, recount])
  const number = more ? (all.data ? count(all.data.count, all.data.capped) : `${rows.length}+`) : String(rows.filter((r) => !r.gone).length + (pages?.[0]?.fresh?.length ?? 0))

  const { density } = useAppearance()
  const height = heights[density]
  const keyOf = useCallback((i: number) => rows[i]!.id, [rows])
  const place = `${base} ${column.key}`
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => height, gap: 8, overscan: 5, getItemKey: keyOf, initialOffset: scrolled.get(place) ?? 0, paddingEnd: 8 })
  useEffect(() => virtual.measure(), [height, virtual])
  const visible = virtual.getVirtualItems()
  const last = visible.at(-1)?.index ?? 0
  useEffect(() => {
    if (seen && last >= rows.length - 8 && q.hasNextPage && !q.isFetchingNextPage && !q.isFetchNextPageError) void q.fetchNextPage()
  }, [seen, last, rows.length, q.hasNextPage, q.isFetchingNextPage, q.isFetchNextPageError, q])

  const refresh = useCallback(() => {
    const { queryKey } = listQuery(view, ask)
    type Lists = InfiniteData<ListPage, string>
    if (timed) queries.setQueryData<Lists>(queryKey, (d) => d && { ...d, pages: settle(d.pages) })
    else void readPage(ask, '', 50).then((first) => queries.setQueryData<Lists>(queryKey, { pages: [first], pageParams: [''] })).catch(() => {})
  }, [view, ask, timed])
  useEffect(() => {
    const el = scroller.current
    if ((waiting > 0 || gone) && !busy && !still && el && el.scrollTop < 4 && !el.contains(document.activeElement)) refresh()
  }, [waiting, gone, busy, still, left, refresh])

  return (
    <section
      ref={section} className={s.column} data-column={column.key} data-over={over || undefined} data-closed={closedTo || undefined} aria-label={`${column.label}, ${number}`}
      onPointerEnter={() => setBusy(true)} onPointerLeave={() => setBusy(false)} onBlur={() => setLeft((n) => n + 1)}
    >
      <header className={s.columnHead}>
        <h2 className="k-cut" title={column.label}>{column.label}</h2>
        <span className={`${s.number} k-num`}>{pages ? number : ''}</span>
        {showsRecent(base.split(' ')[0]!, column) ? <span className={`${s.recent} k-cut`}>{t('board.recent')}</span> : null}
      </header>
      {waiting > 0 ? <button type="button" className={s.pill} onClick={() => { refresh(); scroller.current?.scrollTo({ top: 0 }) }}>{t('list.new', { n: waiting })}</button> : null}
      <div ref={scroller} className={s.cards} onScroll={(e) => scrolled.set(place, e.currentTarget.scrollTop)}>
        {seen && q.isPending ? <SkeletonLines lines={6} label={t('state.loading')} /> : null}
        {q.isError && !q.data ? <div className={s.note} role="alert"><p>{sentence(q.error)}</p><Button size="xs" variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></div> : null}
        {q.data && rows.length === 0 ? <p className={s.note}>{t(moves ? 'board.empty' : 'board.empty_still')}</p> : null}
        {rows.length === 0 ? null : (
          <ul className={s.rows} style={{ height: virtual.getTotalSize() }} aria-busy={q.isFetchingNextPage}>
            {visible.map((v) => {
              const row = rows[v.index]
              return row ? (
                <li key={v.key} className={s.slot} style={{ transform: `translateY(${v.start}px)`, height: v.size }} aria-setsize={more ? -1 : rows.length} aria-posinset={v.index + 1}>
                  <Card row={row} view={view} field={field} column={column.key} columns={columns} held={held === row.id} moves={moves} onMove={onMove} />
                </li>
              ) : null
            })}
          </ul>
        )}
        {q.isFetchNextPageError ? <div className={s.note}><Button size="xs" variant="default" onClick={() => void q.fetchNextPage()}>{t('action.retry')}</Button></div> : null}
      </div>
    </section>
  )
}

const noNews = () => null
