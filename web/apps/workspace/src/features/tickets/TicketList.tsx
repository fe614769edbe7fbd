import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import type { ViewState } from '@/features/views/index.ts'
import { withMore } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { groupOf } from './group.ts'
import { settle, type Row } from './model.ts'
import { byTime, listQuery, readPage, ticketQuery, useTicketList } from './queries.ts'
import { RowList, type Picking } from './RowList.tsx'
import { clearSelection, pick, pickAll, selectionFor, useSelection } from './selection.ts'
import { TicketRowLink } from './TicketRowLink.tsx'

const table = withMore(() => import('./TicketTable.tsx'))
const ListEmpty = lazy(withMore(() => import('./ListEmpty.tsx').then((m) => ({ default: m.ListEmpty }))))
const SelectionBar = lazy(withMore(() => import('./SelectionBar.tsx').then((m) => ({ default: m.SelectionBar }))))
const TableHead = lazy(() => table().then((m) => ({ default: m.TableHead })))
const TableCells = lazy(() => table().then((m) => ({ default: m.TableCells })))

/** The tickets of a view: as a list beside the open one, or as a table. */
export function TicketList({ view, selected, title, state, asTable }: { view: string; selected: string | undefined; title: string; state: ViewState; asTable: boolean }) {
  const { ask, look } = state
  const q = useTicketList(view, ask)
  const navigate = useNavigate()
  const [cursor, setCursor] = useState<string>()
  const timed = byTime(ask)
  const refresh = useCallback(() => {
    const { queryKey } = listQuery(view, ask)
    if (timed) queries.setQueryData(queryKey, (d) => d && { ...d, pages: settle(d.pages, selected) })
    else void readPage(ask, '', 50).then((first) => queries.setQueryData(queryKey, { pages: [first], pageParams: [''] })).catch(toastError)
  }, [view, ask, timed, selected])
  const go = useCallback((r: Row | undefined) => {
    if (asTable) { setCursor(r?.id); return }
    void (r ? navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: r.id }, search: true }) : navigate({ to: '/tickets/$view', params: { view }, search: true }))
  }, [navigate, view, asTable])
  // In a table next and previous move the focus; Enter opens.
  useEffect(() => {
    if (asTable && cursor) requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-ticket="${cursor}"]`)?.focus({ preventScroll: true }))
  }, [asTable, cursor])
  const sel = useSelection()
  useEffect(() => { selectionFor(ask) }, [ask])
  useEffect(() => clearSelection, [view])
  const any = sel.count > 0
  // One function for as long as the list is the same: a new one would draw every row again at every pick.
  const pickRow = useCallback((id: string, through: string[] | null) => pick(ask, id, through), [ask])
  const picking = useMemo<Picking>(() => ({ any, count: sel.count, pick: pickRow, all: (ids, more) => pickAll(ask, ids, more), clear: clearSelection }), [ask, pickRow, any, sel.count])
  const group = useMemo(() => (look.group ? (r: Row) => groupOf(r, look.group) : undefined), [look.group])
  const head = <Suspense fallback={null}><TableHead state={state} /></Suspense>
  return (
    <>
      {any ? <Suspense fallback={null}><SelectionBar ask={ask} /></Suspense> : null}
      <RowList<Row>
        label={title} view={view} q={q} isCurrent={(r) => r.id === (asTable ? cursor : selected)} onRefresh={refresh} onGo={go} readAhead={(r) => void queries.prefetchQuery(ticketQuery(r.id))} timed={timed} group={group}
        picking={picking} empty={<Suspense fallback={null}><ListEmpty view={view} state={state} /></Suspense>}
        table={asTable ? { head, columns: `34px ${look.columns.map(widthOf).join(' ')}`, count: look.columns.length + 1 } : undefined}
        row={(r, current) => (asTable
          ? <Suspense fallback={<span role="cell" />}><TableCells row={r} view={view} columns={look.columns} pick={picking.pick} /></Suspense>
          : <TicketRowLink row={r} view={view} current={current} pick={picking.pick} />)}
      />
    </>
  )
}

/** How wide a column is: what says most gets most. */
function widthOf(column: string): string {
  if (column === 'subject') return 'minmax(240px, 3fr)'
  if (column === 'contact.name' || column === 'contact.email') return 'minmax(140px, 1.3fr)'
  if (column === 'number' || column === 'message_count') return '76px'
  return column.endsWith('_at') || column.endsWith('_until') ? 'minmax(92px, .7fr)' : 'minmax(104px, .9fr)'
}
