import { Button, NativeSelect } from '@mantine/core'
import { useInfiniteQuery, type UseInfiniteQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId, useState, type ReactNode } from 'react'
import type { Person, TimelineItem } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { EventLine, MessageItem } from '@/features/conversation/index.ts'
import { ContactSubmissions, SubmissionOf } from '@/features/forms/later.ts'
import { useCan } from '@/features/session/index.ts'
import { ChannelIcon } from '@/features/tickets/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { ago, bytes, dateTime } from '@/shell/format.ts'
import { filesQuery, ticketsQuery, timelineQuery } from './queries.ts'
import s from './contacts.module.css'

type Tab = 'timeline' | 'tickets' | 'files' | 'forms'
const tabsOf = (forms: boolean): Tab[] => ['timeline', 'tickets', 'files', ...(forms ? ['forms' as const] : [])]

/** Everything with a person, over all tickets one may see. */
export function Story({ c }: { c: Person }) {
  const [tab, setTab] = useState<Tab>('timeline')
  const id = useId()
  const tabs = tabsOf(useCan()('submissions.view'))
  const move = (e: React.KeyboardEvent) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0
    if (!step) return
    const next = tabs[(tabs.indexOf(tab) + step * (document.documentElement.dir === 'rtl' ? -1 : 1) + tabs.length) % tabs.length]!
    setTab(next)
    document.getElementById(`${id}-${next}`)?.focus()
  }
  return (
    <div className={s.story}>
      <div className={s.tabs} role="tablist" aria-label={t('contact.parts')} onKeyDown={move}>
        {tabs.map((x) => <button key={x} id={`${id}-${x}`} type="button" role="tab" aria-selected={x === tab} aria-controls={`${id}-panel`} tabIndex={x === tab ? 0 : -1} onClick={() => setTab(x)}>{t(`contact.${x}` as Key)}</button>)}
      </div>
      <div className={s.tabPanel} role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`}>
        {tab === 'timeline' ? <PersonTimeline c={c} /> : tab === 'tickets' ? <Tickets c={c} /> : tab === 'forms' ? <ContactSubmissions contactId={c.id} /> : <Files c={c} />}
      </div>
    </div>
  )
}

/** The states that every list here has: reading, failed, empty, more. */
function Paged({ q, empty, children }: { q: UseInfiniteQueryResult; empty: ReactNode | null; children: ReactNode }) {
  if (q.isPending) return <SkeletonLines lines={6} label={t('state.loading')} />
  if (q.isError && !q.data) return <EmptyState icon="warn" title={t('error.list')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState>
  return <>{empty ?? children}{q.hasNextPage ? <Button variant="default" className={s.moreButton} loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('contact.more')}</Button> : null}</>
}

function PersonTimeline({ c }: { c: Person }) {
  const [show, setShow] = useState('')
  const q = useInfiniteQuery(timelineQuery(c.id, show))
  const items = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  const tickets = new Map(q.data?.pages.flatMap((p) => p.tickets ?? []).map((x) => [x.id, x]))
  return (
    <>
      <NativeSelect size="xs" className={s.show} aria-label={t('contact.show')} value={show} onChange={(e) => setShow(e.currentTarget.value)} data={['', 'messages', 'comments', 'events'].map((v) => ({ value: v, label: t(`contact.show.${v || 'all'}` as Key) }))} />
      <Paged q={q} empty={items.length === 0 ? <EmptyState icon="clock" title={t('contact.timeline_none')} text={t('contact.timeline_none_text')} /> : null}>
        <ol className={s.items}>{items.map((it, i) => <Item key={it.kind === 'message' ? it.message.id : it.event.id} it={it} before={items[i - 1]} tickets={tickets} contactId={c.id} />)}</ol>
      </Paged>
    </>
  )
}

const ticketOf = (it: TimelineItem | undefined): string | null => (!it ? null : it.kind === 'message' ? it.message.ticket_id : it.event.ticket_id)

/** The ticket is named once for what follows on it. */
function Item({ it, before, tickets, contactId }: { it: TimelineItem; before: TimelineItem | undefined; tickets: Map<string, { number: number; subject: string }>; contactId: string }) {
  const id = ticketOf(it)
  const ticket = id && id !== ticketOf(before) ? tickets.get(id) : undefined
  return (
    <li>
      {ticket ? <p className={s.inTicket}><Link to="/tickets/$view/$ticketId" params={{ view: 'open', ticketId: id! }}>{t('contact.in_ticket', { number: ticket.number, subject: ticket.subject })}</Link></p> : null}
      {it.kind === 'message' ? <><MessageItem message={it.message} initiallyOpen={false} />{it.message.channel === 'form' && it.message.direction === 'incoming' ? <SubmissionOf contactId={contactId} messageId={it.message.id} /> : null}</> : <EventLine event={it.event} />}
    </li>
  )
}

function Tickets({ c }: { c: Person }) {
  const q = useInfiniteQuery(ticketsQuery(c.id))
  const list = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  return (
    <Paged q={q} empty={list.length === 0 ? <EmptyState icon="inbox" title={t('contact.tickets_none')} text={t('contact.tickets_none_text')} /> : null}>
      <ul className={s.table}>
        {list.map((x) => (
          <li key={x.id}>
            <Link to="/tickets/$view/$ticketId" params={{ view: x.open ? 'open' : 'closed', ticketId: x.id }} className={s.line}>
              <Icon name={x.open ? 'open' : 'closed'} size={14} />
              <span className={s.rowText}><span className={`${s.name} k-cut`}>{x.subject || t('ticket.no_subject')}</span><span className={`${s.sub} k-cut`}>{`#${x.number} · ${x.status?.name ?? ''}${x.owner ? ` · ${x.owner.name}` : ''}`}</span></span>
              <ChannelIcon channel={x.channel} size={13} /><time className={s.time} dateTime={x.last_activity_at} title={dateTime(x.last_activity_at)}>{ago(x.last_activity_at)}</time>
            </Link>
          </li>
        ))}
      </ul>
    </Paged>
  )
}

function Files({ c }: { c: Person }) {
  const q = useInfiniteQuery(filesQuery(c.id))
  const list = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  return (
    <Paged q={q} empty={list.length === 0 ? <EmptyState icon="clip" title={t('contact.files_none')} text={t('contact.files_none_text')} /> : null}>
      <ul className={s.table}>
        {list.map((f) => (
          <li key={f.id} className={s.line}>
            <Icon name="clip" size={14} />
            <span className={s.rowText}><a className={`${s.name} k-cut`} href={`/api/attachments/${f.id}`} download>{f.name}</a><span className={s.sub}>{bytes(f.size)}</span></span>
            <Tag>{t(f.direction === 'incoming' ? 'contact.file_in' : 'contact.file_out')}</Tag>
            <time className={s.time} dateTime={f.created_at} title={dateTime(f.created_at)}>{ago(f.created_at)}</time>
          </li>
        ))}
      </ul>
    </Paged>
  )
}
