import { ActionIcon, Menu } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import { Icon } from '@kanal/ui'
import { useSeen } from '@/features/presence/index.ts'
import { PriorityMark, RowBody, rowClass, type Row } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { takes, type Column } from './model.ts'
import { nameOf } from './move.ts'
import s from './board.module.css'

/** What a card says: the marks of a row of the list. Who has it, or in columns of owners, how it stands. */
export function CardBody({ row, field }: { row: Row; field: string }) {
  const others = useSeen(row.id)
  const waits = row.open && row.last_direction === 'incoming'
  return (
    <RowBody
      row={row} of={{ tickets: row.id }} waits={waits} owner={field === 'owner_id' ? row.status.name : row.owner ? row.owner.name.split(' ')[0]! : row.team ? row.team.name : t('ticket.unassigned')}
      mark={<>{others ? <span className={s.seen} title={t('list.seen', { names: others })}><Icon name="eye" size={13} /><span className="k-hidden">{t('list.seen', { names: others })}</span></span> : null}<PriorityMark priority={row.priority} /></>}
    />
  )
}

/** A ticket on the board: a link, and a menu that moves it for who neither drags nor uses the keys. */
export const Card = memo(function Card({ row, view, field, column, columns, held, moves, onMove }: {
  row: Row; view: string; field: string; column: string; columns: Column[]; held: boolean; moves: boolean; onMove(row: Row, to: string): void
}) {
  return (
    <div className={s.cardFrame} data-held={held || undefined}>
      <Link
        to="/tickets/$view/$ticketId" params={{ view, ticketId: row.id }} search className={`${rowClass} ${s.card}`} draggable={false} data-ticket={row.id} data-gone={row.gone || undefined}
        data-waits={(row.open && row.last_direction === 'incoming') || undefined} data-moves={moves || undefined} aria-describedby={moves ? 'board-hint' : undefined}
      >
        <CardBody row={row} field={field} />
      </Link>
      {moves ? (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target><ActionIcon className={s.more} size={26} variant="subtle" color="gray" aria-label={t('board.move', { subject: nameOf(row) })}><Icon name="more" size={14} /></ActionIcon></Menu.Target>
          <Menu.Dropdown className={s.menu}>
            <Menu.Label>{t('board.move_to')}</Menu.Label>
            {columns.filter((c) => c.key !== column && takes(c, row)).map((c) => <Menu.Item key={c.key} onClick={() => onMove(row, c.key)}>{c.label}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </div>
  )
})
