import { Link } from '@tanstack/react-router'
import { memo, type ReactNode } from 'react'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { ChannelIcon } from './ChannelIcon.tsx'
import type { Row } from './model.ts'
import { PriorityMark } from './marks.tsx'
import s from './list.module.css'

/** One row (WS-08): who, when, subject, the last line with its direction, channel, owner, and whether the customer waits. */
export const TicketRowLink = memo(function TicketRowLink({ row, view, current }: { row: Row; view: string; current: boolean }) {
  const waits = row.open && row.last_direction === 'incoming'
  return (
    <Link
      to="/tickets/$view/$ticketId" params={{ view, ticketId: row.id }} className={s.row} data-waits={waits || undefined} data-gone={row.gone || undefined}
      aria-current={current ? 'true' : undefined} data-ticket={row.id}
    >
      <RowBody row={row} waits={waits} mark={<PriorityMark priority={row.priority} />} owner={row.owner ? row.owner.name.split(' ')[0]! : row.team ? row.team.name : t('ticket.unassigned')} />
    </Link>
  )
})

/** The class of a row's link. */
export const rowClass = s.row

/** What a row of a list says: of a ticket, or of a conversation that may have one. */
export function RowBody({ row, waits, mark, owner }: {
  row: Pick<Row, 'contact' | 'message_count' | 'last_activity_at' | 'subject' | 'last_direction' | 'snippet' | 'channel' | 'gone'>; waits: boolean; mark: ReactNode; owner: string
}) {
  const who = row.contact?.name || row.contact?.email || t('ticket.no_contact')
  return (
    <>
      <span className={s.line}>
        <span className={s.dot} aria-hidden="true" />
        <span className={`${s.who} k-cut`}>{who}</span>
        {row.message_count > 1 ? <span className={s.number}>{row.message_count}</span> : null}
        <time className={s.time} dateTime={row.last_activity_at} title={dateTime(row.last_activity_at)}>{ago(row.last_activity_at)}</time>
      </span>
      <span className={s.line}>
        <span className={`${s.subject} k-cut`}>{row.subject || t('ticket.no_subject')}</span>
        {mark}
      </span>
      <span className={`${s.line} ${s.dim}`}>
        {row.last_direction === 'outgoing' ? <Icon name="reply" size={13} /> : null}
        <span className={`${s.snippet} k-cut`}>{row.snippet}</span>
        {waits ? <span className="k-hidden">{t('ticket.waits')}</span> : null}
        {row.gone ? <span className={s.goneMark}>{t('list.gone')}</span> : null}
        <ChannelIcon channel={row.channel} size={13} />
        <span className={`${s.owner} k-cut`}>{owner}</span>
      </span>
    </>
  )
}
