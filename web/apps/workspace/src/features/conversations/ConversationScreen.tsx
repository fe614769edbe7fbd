import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Problem, type Conversation } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { carryOver, Composer, handOver, moveLocal } from '@/features/composer/index.ts'
import { moveOutbox, Timeline, useConvo, type Reply } from '@/features/conversation/index.ts'
import { VisitorCard } from '@/features/chat/index.ts'
import { ContactCard, Facts, OtherTickets, PanelFrame, Section } from '@/features/panel/index.ts'
import { useInboxes } from '@/features/lookups/index.ts'
import { Others, useAnnounce, useOthers } from '@/features/presence/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { ChannelIcon, HeaderFrame, Heading, RunButton, ScreenFrame, ScreenState, ticketQuery, useDetails } from '@/features/tickets/index.ts'
import { TriageHost } from '@/features/triage/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { makeTicket, useConversation } from './queries.ts'
import { ConversationMenu, ConversationOwner } from './ConversationTools.tsx'
import './actions.ts'
import s from './conversations.module.css'

const ThreadWhy = lazy(withMore(async () => ({ default: (await import('@/features/panel/later.ts')).ThreadWhy })))

/** One conversation without a ticket (IH-01): read and answered like any other (GEN-19). Once it has a ticket, the ticket is shown. */
export function ConversationScreen({ threadId, view }: { threadId: string; view: string }) {
  const q = useConversation(threadId)
  const me = useSession().user
  const navigate = useNavigate()
  const ticketId = q.data?.ticket_id
  // The ticket is read before the screen changes, so that who is writing loses neither the cursor nor a key (MG-06).
  const shown = useRef('')
  if (q.data && !ticketId) shown.current = threadId
  const [ready, setReady] = useState('')
  useEffect(() => {
    if (!ticketId) return
    let live = true
    void queries.ensureQueryData(ticketQuery(ticketId)).catch(() => { /* the ticket's own screen says why */ }).then(() => { if (live) { carryOver(ticketId); handOver(threadId); setReady(ticketId) } })
    return () => { live = false }
  }, [ticketId, threadId])
  const leaving = !!ticketId && ready === ticketId
  useEffect(() => {
    if (!leaving) return
    for (const type of ['reply', 'comment', 'forward'] as const) moveLocal({ user: me.id, ticket: '', thread: threadId, type }, ticketId)
    moveOutbox(threadId, ticketId)
    void navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId }, replace: true })
  }, [leaving, ticketId, threadId, me.id, view, navigate])
  const back = useCallback(() => void navigate({ to: '/tickets/$view', params: { view } }), [navigate, view])
  if (q.data && (!ticketId || (!leaving && shown.current === threadId))) return <Loaded key={q.data.id} conversation={q.data} onBack={back} />
  if (q.isError) {
    const gone = q.error instanceof Problem && (q.error.status === 404 || q.error.status === 403)
    return <ScreenState><EmptyState main icon="warn" title={t(gone ? 'error.conversation_gone' : 'error.conversation')} text={gone ? t('error.ticket_gone_text') : sentence(q.error)}>{gone ? <Button variant="default" onClick={back}>{t('action.back')}</Button> : <Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button>}</EmptyState></ScreenState>
  }
  return <ScreenState><SkeletonLines lines={10} label={t('state.loading')} /></ScreenState>
}

function Loaded({ conversation: c, onBack }: { conversation: Conversation; onBack: () => void }) {
  const can = useCan()
  const convo = useConvo(c.id, 'threads')
  const [details, toggle] = useDetails(onBack)
  const [busy, setBusy] = useState(false)
  const restore = useRef<((d: Reply) => void) | null>(null)
  const threads = useMemo(() => [c], [c])
  const ticket = useCallback(() => {
    setBusy(true)
    makeTicket(c).then((made) => toast(t('conversations.made', { number: made.number }))).catch(toastError).finally(() => setBusy(false))
  }, [c])
  const mayMake = can('tickets.edit') && !busy
  useProvideActions({ conversation: { id: c.id, makeTicket: mayMake ? ticket : null, thread: c } }, [c, mayMake, ticket])
  const me = useSession().user
  useAnnounce(c.id, 'thread')
  const others = useOthers(c.id, me.id)
  const title = c.subject || t(c.channel === 'chat' ? 'chat.subject' : 'ticket.no_subject')
  useEffect(() => { document.title = `${title} · Kanal` }, [title])
  return (
    <ScreenFrame label={title} panel={details ? <Panel conversation={c} onClose={toggle} onTicket={mayMake ? ticket : null} /> : null}>
      <HeaderFrame title={<Heading text={title} />} tools={<>
        <Others list={others} />
        <RunButton id="conversation.ticket" />
        {c.hidden ? <RunButton id="conversation.restore" /> : c.open ? <RunButton id="conversation.close" /> : <RunButton id="conversation.reopen" />}
        <ConversationMenu />
      </>} onBack={onBack} onDetails={toggle} detailsOpen={details}>
        <Tag>{t('conversations.no_ticket')}</Tag>
        <span className={s.account}><ChannelIcon channel={c.channel} size={13} /><span className="k-cut">{c.account?.address || c.account?.name}</span></span>
        <ConversationOwner conversation={c} />
      </HeaderFrame>
      {c.hidden ? <Banner tone="warn" icon={c.hidden === 'spam' ? 'spam' : 'trash'} role="status">{t(c.hidden === 'spam' ? 'state.thread_spam' : 'state.thread_trash')}</Banner> : c.open ? null : <Banner icon="closed" role="status">{t('state.thread_closed')}</Banner>}
      <Timeline id={c.id} convo={convo} threads={threads} onRestore={(d) => restore.current?.(d)} />
      <Composer ticket={null} threads={threads} draft={c.draft} seq={c.seq} convo={convo} restore={restore} />
      <TriageHost id={c.id} />
    </ScreenFrame>
  )
}

function Panel({ conversation: c, onClose, onTicket }: { conversation: Conversation; onClose: () => void; onTicket: (() => void) | null }) {
  const inbox = useInboxes().find((x) => x.id === c.inbox_id)
  return (
    <PanelFrame label={t('conversations.label')} onClose={onClose}>
      {c.visitor_id ? <Section id="visitor" title={t('chat.visitor')}><VisitorCard thread={c} /></Section> : null}
      {c.visitor_id && !c.contact_id ? null : <Section id="contact" title={t('panel.contact')}><ContactCard contactId={c.contact_id} brief={c.contact} /></Section>}
      <Section id="conversation" title={t('timeline.label')}>
        <Facts rows={[
          inbox ? [t('property.inbox'), inbox.name] : null,
          [t('conversations.begun'), dateTime(c.created_at)],
        ]} />
      </Section>
      <Section id="why" title={t('panel.why')}><Suspense fallback={null}><ThreadWhy conversation={c} /></Suspense></Section>
      <Section id="ticket" title={t('conversations.no_ticket')}>
        <p className={s.why}>{t('conversations.why_ticket')}</p>
        {onTicket ? <Button size="xs" variant="default" leftSection={<Icon name="plus" size={14} />} onClick={onTicket}>{t('action.make_ticket')}</Button> : null}
      </Section>
      <Section id="others" title={t('panel.others')}><OtherTickets contactId={c.contact_id} /></Section>
    </PanelFrame>
  )
}
