import { Link } from '@tanstack/react-router'
import { lazy, memo, Suspense, type ReactNode } from 'react'
import { Icon } from '@kanal/ui'
import { t, withMore } from '@/locales/index.ts'
import { useSeen } from '@/features/presence/index.ts'
import { HeldReason } from '@/features/running/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { ChannelIcon } from './ChannelIcon.tsx'
import type { Row } from './model.ts'
import { PickBox } from './PickBox.tsx'
import { Preview } from './Preview.tsx'
import { PriorityMark } from './marks.tsx'
import s from './list.module.css'

const LiveTime = lazy(withMore(() => import('@/features/chat/index.ts').then((m) => ({ default: m.LiveTime }))))

/** One row (WS-08): who and how many, when, subject, the last line with what it is, channel, owner, and whether the customer waits. */
export const TicketRowLink = memo(function TicketRowLink({ row, view, current, pick }: { row: Row; view: string; current: boolean; pick(id: string, through: string[] | null): void }) {
  const waits = row.open && row.last_direction === 'incoming'
  const others = useSeen(row.id)
  return (
    <>
      <Link
        to="/tickets/$view/$ticketId" params={{ view, ticketId: row.id }} search className={s.row} data-waits={waits || undefined} data-gone={row.gone || undefined}
        aria-current={current ? 'true' : undefined} data-ticket={row.id}
      >
        <RowBody
          row={row} of={{ tickets: row.id }} waits={waits} owner={row.owner ? row.owner.name.split(' ')[0]! : row.team ? row.team.name : t('ticket.unassigned')}
          mark={<>{row.hidden === 'spam' ? <HeldReason reason={row.hidden_reason ?? ''} /> : null}{others ? <span className={s.seen} title={t('list.seen', { names: others })}><Icon name="eye" size={13} /><span className="k-hidden">{t('list.seen', { names: others })}</span></span> : null}<PriorityMark priority={row.priority} /></>}
        />
      </Link>
      <PickBox id={row.id} label={t('select.row', { subject: row.subject || `#${row.number}` })} onPick={pick} />
    </>
  )
})

/** The class of a row's link. */
export const rowClass = s.row

/** What a row of a list says: of a ticket, or of a conversation that may have one. */
export function RowBody({ row, of, waits, mark, owner }: {
  row: Pick<Row, 'contact' | 'message_count' | 'last_activity_at' | 'subject' | 'last_direction' | 'snippet' | 'channel' | 'gone' | 'participants' | 'participant' | 'latest' | 'has_draft' | 'snoozed' | 'snoozed_until'>; of: { tickets?: string; threads?: string }; waits: boolean; mark: ReactNode; owner: string
}) {
  const from = row.contact ?? row.participant
  const who = from?.name || from?.email || t(row.channel === 'chat' ? 'chat.visitor' : 'ticket.no_contact')
  const time = <time className={s.time} dateTime={row.last_activity_at} title={dateTime(row.last_activity_at)}>{ago(row.last_activity_at)}</time>
  return (
    <>
      <span className={s.line}>
        <span className={s.dot} aria-hidden="true" />
        <span className={`${s.who} k-cut`}>{who}</span>
        {(row.participants ?? 0) > 1 ? <span className={s.number} title={t('list.people', { n: row.participants! })}>+{row.participants! - 1}</span> : null}
        {row.message_count > 1 ? <span className={s.number} title={t('list.messages', { n: row.message_count })}>{row.message_count}</span> : null}
        {row.channel === 'chat' ? <Suspense fallback={time}><LiveTime {...of} at={row.last_activity_at} waits={waits} className={s.time!}>{time}</LiveTime></Suspense> : time}
      </span>
      <span className={s.line}>
        <span className={`${s.subject} k-cut`}>{row.subject || t(row.channel === 'chat' ? 'chat.subject' : 'ticket.no_subject')}</span>
        {mark}
      </span>
      <span className={`${s.line} ${s.dim}`}>
        <Preview row={row} />
        {row.snoozed ? <span className={s.markOf} title={row.snoozed_until ? dateTime(row.snoozed_until) : t('view.snoozed')}><Icon name="clock" size={13} /><span className="k-hidden">{t('view.snoozed')}</span></span> : null}
        {waits ? <span className="k-hidden">{t('ticket.waits')}</span> : null}
        {row.gone ? <span className={s.goneMark}>{t('list.gone')}</span> : null}
        <ChannelIcon channel={row.channel} size={13} />
        <span className={`${s.owner} k-cut`}>{owner}</span>
      </span>
    </>
  )
}
