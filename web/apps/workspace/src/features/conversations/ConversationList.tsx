import { Link, useNavigate } from '@tanstack/react-router'
import { memo, useCallback } from 'react'
import { EmptyState, Tag } from '@kanal/ui'
import { RowBody, RowList, rowClass, settle, ticketQuery } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import type { Row } from './model.ts'
import { conversationQuery, conversationsQuery, useConversations } from './queries.ts'

/** The open conversations of an inbox: threads first (IH-01). One that has a ticket opens its ticket. */
export function ConversationList({ inboxId, view, threadId, ticketId, title }: { inboxId: string; view: string; threadId: string | undefined; ticketId: string | undefined; title: string }) {
  const q = useConversations(inboxId)
  const navigate = useNavigate()
  const isCurrent = useCallback((r: Row) => r.id === threadId || (!!r.ticket_id && r.ticket_id === ticketId), [threadId, ticketId])
  const refresh = useCallback(() => queries.setQueryData(conversationsQuery(inboxId).queryKey, (d) => d && { ...d, pages: settle(d.pages, d.pages.flatMap((p) => p.items).find(isCurrent)?.id) }), [inboxId, isCurrent])
  const go = useCallback((r: Row | undefined) => {
    if (!r) void navigate({ to: '/tickets/$view', params: { view } })
    else if (r.ticket_id) void navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: r.ticket_id } })
    else void navigate({ to: '/tickets/$view/conversation/$threadId', params: { view, threadId: r.id } })
  }, [navigate, view])
  return (
    <RowList<Row>
      label={title} view={view} q={q} isCurrent={isCurrent} onRefresh={refresh} onGo={go}
      readAhead={(r) => void (r.ticket_id ? queries.prefetchQuery(ticketQuery(r.ticket_id)) : queries.prefetchQuery(conversationQuery(r.id)))}
      empty={<EmptyState icon="inbox" title={t('empty.inbox')} text={t('empty.inbox_text')} />} row={(r, current) => <ConversationLink row={r} view={view} current={current} />}
    />
  )
}

const ConversationLink = memo(function ConversationLink({ row, view, current }: { row: Row; view: string; current: boolean }) {
  const waits = row.open && row.last_direction === 'incoming'
  const same = { className: rowClass, 'data-waits': waits || undefined, 'data-gone': row.gone || undefined, 'data-thread': row.id, 'aria-current': current ? 'true' as const : undefined }
  const mark = row.ticket_id ? <Tag>{t('conversations.ticket', { number: row.ticket_number })}</Tag> : <span className="k-hidden">{t('conversations.no_ticket')}</span>
  const body = <RowBody row={row} of={row.ticket_id ? { tickets: row.ticket_id } : { threads: row.id }} waits={waits} mark={mark} owner={row.owner ? row.owner.name.split(' ')[0]! : (row.team?.name ?? '')} />
  return row.ticket_id
    ? <Link to="/tickets/$view/$ticketId" params={{ view, ticketId: row.ticket_id }} {...same}>{body}</Link>
    : <Link to="/tickets/$view/conversation/$threadId" params={{ view, threadId: row.id }} {...same}>{body}</Link>
})
