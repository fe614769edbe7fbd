import { ActionIcon, NativeSelect } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent } from 'react'
import { Icon } from '@kanal/ui'
import { usePipelines, useProperties, useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { listQuery, priorities, priorityName, type Row } from '@/features/tickets/index.ts'
import type { ViewState } from '@/features/views/index.ts'
import { boardField } from '@/features/views/later.ts'
import { t } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { queries } from '@/shell/client.ts'
import { BoardColumn } from './BoardColumn.tsx'
import { CardBody } from './Card.tsx'
import { beside, columnAsk, columnKey, columnsOf, takes } from './model.ts'
import { move, nameOf } from './move.ts'
import { useDrag } from './drag.ts'
import s from './board.module.css'

const narrow = matchMedia('(max-width: 900px)')
const onNarrow = (fn: () => void) => { narrow.addEventListener('change', fn); return () => narrow.removeEventListener('change', fn) }
/** Where a board was scrolled to, and which column a phone showed. */
const scrolled = new Map<string, number>()
const shownColumn = new Map<string, string>()

interface Carry { row: Row; from: string; to: string; byKey: boolean }

/** The tickets of a view as a board (WS-04): a column for each status, owner, team, priority or choice; moving a card changes it. */
export function Board({ view, state, title }: { view: string; state: ViewState; title: string }) {
  const properties = useProperties('ticket')
  const pipelines = usePipelines()
  const users = useUsers()
  const teams = useTeams()
  const can = useCan()
  const navigate = useNavigate()
  const phone = useSyncExternalStore(onNarrow, () => narrow.matches)
  const field = boardField(state.look.group, properties)
  const moves = can(field === 'owner_id' || field === 'team_id' ? 'tickets.assign' : 'tickets.edit')
  const columns = useMemo(() => columnsOf(field, {
    pipelines, users, teams, property: properties.find((p) => field === `property.${p.name}`), priorities, priorityName, unassigned: t('ticket.unassigned'), none: t('group.none'),
  }), [field, pipelines, users, teams, properties.map((p) => p.name + (p.options ?? []).join()).join('|')])
  const places = useMemo(() => new Map(columns.map((c) => [c.key, { column: c, ask: columnAsk(state.ask, c) }] as const)), [columns, state.ask])
  const root = useRef<HTMLDivElement>(null)
  const [carry, setCarry] = useState<Carry | null>(null)
  const [say, setSay] = useState('')
  const base = `${view} ${field}`
  const [only, setOnly] = useState<string>()

  const focusCard = useCallback((id: string, key: string) => {
    let tries = 0
    const again = () => {
      const el = root.current?.querySelector<HTMLElement>(`[data-column="${CSS.escape(key)}"] [data-ticket="${id}"]`)
      if (el) { el.focus({ preventScroll: true }); el.scrollIntoView({ block: 'nearest', inline: 'nearest' }) } else if (++tries < 60) requestAnimationFrame(again)
    }
    requestAnimationFrame(again)
  }, [])
  const openTicket = useCallback((id: string) => void navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: id }, search: true }), [navigate, view])
  const drop = useCallback((row: Row, from: string, to: string, focus: boolean) => {
    setCarry(null)
    const a = places.get(from), b = places.get(to)
    if (!a || !b || from === to) { if (a) setSay(t('board.back', { subject: nameOf(row), column: a.column.label })); if (focus) focusCard(row.id, from); return }
    // What happened is said by the notice with the way back.
    setSay('')
    if (focus) focusCard(row.id, to)
    void move(view, row, a, b, () => openTicket(row.id)).then((end) => { if (end === a) { setSay(t('board.back', { subject: nameOf(row), column: a.column.label })); if (focus) focusCard(row.id, from) } })
  }, [places, view, openTicket, focusCard])
  const onMove = useCallback((row: Row, to: string) => drop(row, columnOf(places, view, row), to, false), [drop, places, view])

  const find = useCallback((key: string, id: string): Row | undefined => {
    const at = places.get(key)
    return at && queries.getQueryData(listQuery(view, at.ask).queryKey)?.pages.flatMap((p) => p.items).find((r) => r.id === id)
  }, [places, view])
  const may = (key: string, row: Row) => { const at = places.get(key); return !!at && takes(at.column, row) }
  const ghost = useDrag({
    root, enabled: moves && !phone, find,
    over: (row, from, to) => setCarry({ row, from, to: may(to, row) ? to : from, byKey: false }),
    drop: (row, from, to) => (may(to, row) ? drop(row, from, to, false) : setCarry(null)),
    cancel: () => setCarry(null),
  })

  const cards = (key: string) => [...(root.current?.querySelectorAll<HTMLElement>(`[data-column="${CSS.escape(key)}"] [data-ticket]`) ?? [])].sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
  const focusIn = (el: HTMLElement | undefined) => { el?.focus({ preventScroll: true }); el?.scrollIntoView({ block: 'nearest', inline: 'nearest' }) }
  const step = (by: number) => {
    const here = document.activeElement?.closest<HTMLElement>('[data-ticket]')
    const key = here?.closest<HTMLElement>('[data-column]')?.dataset.column
    if (!here || key === undefined || !root.current?.contains(here)) { focusIn(root.current?.querySelector<HTMLElement>('[data-ticket]') ?? undefined); return }
    const list = cards(key)
    focusIn(list[list.indexOf(here) + by])
  }
  const aside = (from: HTMLElement, key: string, by: number) => {
    const top = from.getBoundingClientRect().top
    for (let i = columns.findIndex((c) => c.key === key) + by; i >= 0 && i < columns.length; i += by) {
      const list = cards(columns[i]!.key)
      if (list.length) { focusIn(list.reduce((a, b) => (Math.abs(b.getBoundingClientRect().top - top) < Math.abs(a.getBoundingClientRect().top - top) ? b : a))); return }
    }
  }

  const onKeyDown = (e: KeyboardEvent<HTMLDivElement>) => {
    if (e.altKey || e.ctrlKey || e.metaKey) return
    const card = (e.target as HTMLElement).closest<HTMLElement>('[data-ticket]')
    const key = card?.closest<HTMLElement>('[data-column]')?.dataset.column
    if (!card || key === undefined) return
    const rtl = document.documentElement.dir === 'rtl' ? -1 : 1
    const side = e.key === 'ArrowRight' ? rtl : e.key === 'ArrowLeft' ? -rtl : 0
    const take = () => { e.preventDefault(); e.stopPropagation() }
    if (carry?.byKey) {
      if (side) {
        take()
        const to = beside(columns, carry.to, side, carry.row)
        setCarry({ ...carry, to })
        setSay(t('board.over', { column: places.get(to)?.column.label ?? '' }))
        root.current?.querySelector(`[data-column="${CSS.escape(to)}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
      } else if (e.key === ' ' || e.key === 'Enter') { take(); drop(carry.row, carry.from, carry.to, true) } else if (e.key === 'Escape') { take(); drop(carry.row, carry.from, carry.from, true) } else if (e.key !== 'Tab' && e.key !== 'Shift') take()
      return
    }
    if (e.key === ' ') {
      take()
      const row = moves && !phone ? find(key, card.dataset.ticket!) : undefined
      if (!row) return
      setCarry({ row, from: key, to: key, byKey: true })
      setSay(t('board.picked', { subject: nameOf(row), column: places.get(key)?.column.label ?? '' }))
    } else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { take(); step(e.key === 'ArrowDown' ? 1 : -1) } else if (side) { take(); aside(card, key, side) }
  }
  const nothing = () => {}
  useProvideActions({ view, list: { next: () => step(1), previous: () => step(-1), open: () => (document.activeElement as HTMLElement | null)?.click(), refresh: nothing }, selection: null }, [view, columns])

  // The board comes back as it was left.
  useEffect(() => { if (root.current) root.current.scrollLeft = scrolled.get(base) ?? 0 }, [base, columns.length])

  const at = Math.max(0, columns.findIndex((c) => c.key === (only ?? shownColumn.get(base))))
  const show = (key: string | undefined) => { if (key !== undefined) { shownColumn.set(base, key); setOnly(key) } }
  const onScreen = phone ? columns.slice(at, at + 1) : columns
  return (
    <div className={s.board} data-carrying={carry ? true : undefined}>
      {phone && columns.length ? (
        <div className={s.switcher}>
          <ActionIcon size={40} aria-label={t('board.previous')} disabled={at === 0} onClick={() => show(columns[at - 1]?.key)}><Icon name="left" /></ActionIcon>
          <NativeSelect className={s.which} aria-label={t('board.column')} value={columns[at]!.key} data={columns.map((c) => ({ value: c.key, label: c.label }))} onChange={(e) => show(e.currentTarget.value)} />
          <ActionIcon size={40} aria-label={t('board.next')} disabled={at === columns.length - 1} onClick={() => show(columns[at + 1]?.key)}><Icon name="right" /></ActionIcon>
        </div>
      ) : null}
      <p id="board-hint" className="k-hidden">{t('board.hint')}</p>
      <div className="k-hidden" role="status" aria-live="assertive">{say}</div>
      <div ref={root} role="group" aria-label={title} className={s.columns} tabIndex={-1} onKeyDown={onKeyDown} onDragStart={(e) => e.preventDefault()} onScroll={(e) => scrolled.set(base, e.currentTarget.scrollLeft)} onBlur={(e) => { if (carry?.byKey && !e.currentTarget.contains(e.relatedTarget)) setCarry(null) }}>
        {onScreen.map((c) => (
          <BoardColumn
            key={`${field} ${c.key}`} column={c} columns={columns} view={view} ask={places.get(c.key)!.ask} base={base} field={field} root={root} held={carry?.row.id} over={!!carry && carry.to === c.key && carry.from !== c.key}
            closedTo={!!carry && !takes(c, carry.row)} moves={moves} still={!!carry} onMove={onMove}
          />
        ))}
      </div>
      {carry && !carry.byKey ? <div ref={ghost} className={s.ghost} aria-hidden="true"><div className={s.ghostCard}><CardBody row={carry.row} field={field} /></div></div> : null}
    </div>
  )

  function columnOf(all: typeof places, name: string, row: Row): string {
    const own = columnKey(row, field)
    if (all.has(own) && find(own, row.id)) return own
    return [...all.keys()].find((k) => queries.getQueryData(listQuery(name, all.get(k)!.ask).queryKey)?.pages.some((p) => p.items.some((r) => r.id === row.id))) ?? own
  }
}
