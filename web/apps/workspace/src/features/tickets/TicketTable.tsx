import { Link, useNavigate } from '@tanstack/react-router'
import { memo, type MouseEvent, type ReactNode } from 'react'
import { Avatar, Icon } from '@kanal/ui'
import { useNames } from '@/features/lookups/index.ts'
import { fieldName, useFields } from '@/features/views/later.ts'
import type { ViewState } from '@/features/views/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { duration } from '@/shell/duration.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { ChannelIcon } from './ChannelIcon.tsx'
import type { Row } from './model.ts'
import { PickBox } from './PickBox.tsx'
import { Preview } from './Preview.tsx'
import { PriorityMark, priorityName } from './marks.tsx'
import s from './table.module.css'

/** The heads of the columns; those that sort are buttons. */
export function TableHead({ state }: { state: ViewState }) {
  const fields = useFields()
  const { look } = state
  const by = look.sort.replace(/^-/, '') || 'last_activity_at'
  const down = look.sort === '' || look.sort.startsWith('-')
  return (
    <div role="row" aria-rowindex={1} className={s.head}>
      <span role="columnheader" className={s.boxHead}><span className="k-hidden">{t('select.title')}</span></span>
      {look.columns.map((name) => {
        const f = fields.find((x) => x.name === name)
        const label = f ? fieldName(f) : maybe(`field.${name}`, name)
        const here = by === name
        return (
          <span key={name} role="columnheader" aria-sort={here ? (down ? 'descending' : 'ascending') : undefined}>
            {f?.sort
              ? <button type="button" className={s.sort} onClick={() => void state.setLook({ sort: here ? (down ? name : `-${name}`) : f.type === 'moment' || name === 'priority' ? `-${name}` : name }).catch(toastError)}><span className="k-cut">{label}</span>{here ? <Icon name={down ? 'down' : 'up'} size={12} /> : null}</button>
              : <span className="k-cut">{label}</span>}
          </span>
        )
      })}
    </div>
  )
}

/** One ticket as cells. The subject is the link; a click anywhere else on the line opens it too. */
export const TableCells = memo(function TableCells({ row, view, columns, pick }: { row: Row; view: string; columns: string[]; pick(id: string, through: string[] | null): void }) {
  const navigate = useNavigate()
  const waits = row.open && row.last_direction === 'incoming'
  const names = useNames()
  const open = (e: MouseEvent) => {
    if ((e.target as HTMLElement).closest('a, input, label, button') || e.metaKey || e.ctrlKey || e.shiftKey) return
    void navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: row.id }, search: true })
  }
  const from = row.contact ?? row.participant // beyond a contact's limit they only take part
  const who = from?.name || from?.email || t('ticket.no_contact')
  return (
    <div className={s.cells} style={{ display: 'contents' }} onClick={open}>
      <span role="cell" className={s.box} data-waits={waits || undefined} data-gone={row.gone || undefined}><span className={s.dot} aria-hidden="true" /><PickBox id={row.id} label={t('select.row', { subject: row.subject || `#${row.number}` })} onPick={pick} /></span>
      {columns.map((c) => <span key={c} role="cell" className={s.cell} data-gone={row.gone || undefined} data-waits={waits || undefined}>{cell(c)}</span>)}
      {columns.includes('subject') ? null : <Link to="/tickets/$view/$ticketId" params={{ view, ticketId: row.id }} search data-ticket={row.id} className={s.over}><span className="k-hidden">{row.subject || `#${row.number}`}</span></Link>}
    </div>
  )

  function cell(c: string): ReactNode {
    const time = (iso: string | null | undefined) => (iso ? <time dateTime={iso} title={dateTime(iso)} className="k-num">{ago(iso)}</time> : null)
    const cut = (text: string | null | undefined) => <span className="k-cut" title={text || undefined}>{text}</span>
    switch (c) {
      case 'subject': return (
        <Link to="/tickets/$view/$ticketId" params={{ view, ticketId: row.id }} search data-ticket={row.id} className={s.subject}>
          <span className={`${s.title} k-cut`}>{row.subject || t('ticket.no_subject')}</span>
          <Preview row={row} />
          {waits ? <span className="k-hidden">{t('ticket.waits')}</span> : null}{row.gone ? <span className={s.gone}>{t('list.gone')}</span> : null}
        </Link>
      )
      case 'contact.name': return <span className={s.who}>{cut(who)}{(row.participants ?? 0) > 1 ? <span className={s.people} title={t('list.people', { n: row.participants! })}>+{row.participants! - 1}</span> : null}</span>
      case 'contact.email': return cut(row.contact?.email)
      case 'status_id': return <span className={s.status} data-open={row.open || undefined}>{cut(row.status.name)}</span>
      case 'priority': return row.priority ? <span className={s.with}><PriorityMark priority={row.priority} always />{cut(priorityName(row.priority))}</span> : null
      case 'owner_id': return row.owner ? <span className={s.with}><Avatar name={row.owner.name} size={20} />{cut(row.owner.name)}</span> : <span className={s.dim}>{t('ticket.unassigned')}</span>
      case 'team_id': return cut(row.team?.name)
      case 'inbox_id': return cut(row.inbox.name)
      case 'channel': return row.channel ? <span className={s.with}><ChannelIcon channel={row.channel} size={14} />{cut(maybe(`channel.${row.channel}`, row.channel))}</span> : null
      case 'category': return cut(row.category)
      case 'language': return cut(row.language)
      case 'tags': return cut(row.tags?.join(', '))
      case 'time_to_first_reply': case 'time_to_close': { const n = row[c]; return n === null || n === undefined ? null : <span className="k-num k-cut" title={duration(n)}>{duration(n, false)}</span> }
      case 'number': return <span className="k-num">#{row.number}</span>
      case 'message_count': return <span className="k-num">{row.message_count}</span>
      case 'created_at': case 'updated_at': case 'last_activity_at': case 'last_inbound_at': case 'first_reply_at': case 'closed_at': case 'snoozed_until': {
        const at = row[c]
        return c === 'snoozed_until' ? (at ? <time dateTime={at} className="k-cut">{dateTime(at)}</time> : null) : time(at)
      }
      case 'contact.phone': return cut(row.person?.phone)
      case 'contact.language': return cut(row.person?.language)
      case 'contact.created_at': return time(row.person?.created_at)
      case 'contact.owner_id': return cut(names.user(row.person?.owner_id ?? ''))
    }
    const value = c.startsWith('property.') ? row.properties?.[c.slice(9)] : c.startsWith('contact.property.') ? row.person?.properties[c.slice(17)] : undefined
    if (value === undefined || value === null) return null
    return cut(value === true ? t('group.yes') : value === false ? t('group.no') : Array.isArray(value) ? value.join(', ') : String(value))
  }
})
