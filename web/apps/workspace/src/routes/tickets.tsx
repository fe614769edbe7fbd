import { useQuery } from '@tanstack/react-query'
import { get } from '@kanal/api'
import { Outlet, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react'
import { EmptyState, Keys } from '@kanal/ui'
import { ConversationList, ConversationScreen, ModeSwitch, useMode } from '@/features/conversations/index.ts'
import { useCan } from '@/features/session/index.ts'
import { TicketList, TicketScreen } from '@/features/tickets/index.ts'
import { FilterArea, ListTools, ViewGone, openIn, useViewState, useViews, viewName } from '@/features/views/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { count } from '@/shell/format.ts'
import s from './tickets.module.css'

const Board = lazy(withMore(() => import('@/features/board/index.ts').then((m) => ({ default: m.Board }))))
const FirstSteps = lazy(withMore(() => import('@/features/firststeps/index.ts').then((m) => ({ default: m.FirstSteps }))))

/** The split layout: the list of a view, and one ticket beside it. On a phone one at a time. */
export function TicketsRoute() {
  const { view, ticketId, threadId } = useParams({ strict: false }) as { view: string; ticketId?: string; threadId?: string }
  const threads = useMode(view)
  const conversations = threads?.mode === 'conversations'
  const showing = ticketId ?? threadId
  const views = useViews()
  const state = useViewState(view)
  const [filtering, setFiltering] = useState(false)
  const phone = useNarrow()
  const asTable = state.look.layout === 'table' && !showing && !conversations && !phone
  const asBoard = state.look.layout === 'board' && !showing && !conversations
  const here = views.find((v) => v.id === view)
  const title = state.missing ? t('error.not_found') : here ? viewName(here) : viewName({ id: view, name: state.saved?.name ?? (view.startsWith('custom:') ? ' ' : '') })
  const narrowed = useQuery({
    queryKey: ['tickets-count', state.ask.view + state.ask.at, state.ask.filter], enabled: !conversations && state.ask.filter !== '', staleTime: 5_000, refetchOnMount: 'always',
    queryFn: ({ signal }) => get<{ count: number; capped: boolean }>('/api/tickets/count', { view: state.ask.view + state.ask.at, filter: state.ask.filter }, signal),
  }).data
  const filtered = !conversations && state.ask.filter !== ''
  const open = filtered ? (narrowed ? { n: narrowed.count, capped: narrowed.capped } : null)
    : !here || here.pending ? null : conversations ? (view === 'spam' || view === 'trash' ? { n: here.conversations, capped: here.conversations_capped } : openIn(here)) : { n: here.count, capped: here.capped }
  const number = open ? count(open.n, open.capped) : ''
  // Nothing anywhere: who may set up is told what a new installation needs.
  const young = useCan()('account.access') && !conversations && views.length > 0 && views.every((v) => !v.count && !v.pending)
  const pick = (
    <EmptyState icon="inbox" title={t(conversations ? 'conversations.pick' : 'ticket.pick')} text={t('ticket.pick_text')}>
      <span className={s.hint}><Keys keys={['J']} /> <Keys keys={['K']} /> {t('ticket.pick_keys')}</span>
      <span className={s.hint}><Keys keys={['?']} /> {t('action.sheet')}</span>
    </EmptyState>
  )
  useEffect(() => { if (!showing) document.title = `${number && number !== '0' ? `(${number}) ` : ''}${title} · Kanal` }, [title, showing, number])
  return (
    <main id="main" className={s.split} data-showing={showing ? true : undefined} data-table={asTable || asBoard || undefined}>
      <div className={s.list}>
        <header className={s.head}>
          <h1 className="k-cut">{title}</h1>
          {number ? <span className={`${s.count} k-num`}>{number}</span> : null}
          {threads && view !== 'bots' ? <ModeSwitch mode={threads.mode} setMode={threads.setMode} /> : null}
          {conversations ? null : <ListTools state={state} filtering={filtering} setFiltering={setFiltering} />}
        </header>
        {conversations ? null : <FilterArea view={view} state={state} filtering={filtering} setFiltering={setFiltering} />}
        {threads && conversations ? <Suspense fallback={null}><ConversationList key={view} inboxId={threads.inboxId} view={view} threadId={threadId} ticketId={ticketId} title={title} /></Suspense>
          : state.missing ? <Suspense fallback={null}><ViewGone /></Suspense> : asBoard ? <Suspense fallback={null}><Board key={view} view={view} state={state} title={title} /></Suspense> : <TicketList key={view} view={view} selected={ticketId} title={title} state={state} asTable={asTable} />}
      </div>
      <div className={s.ticket} hidden={asTable || asBoard}>
        {showing ? <Outlet /> : (
          <div className={s.none}>{young ? <Suspense fallback={null}><FirstSteps>{pick}</FirstSteps></Suspense> : pick}</div>
        )}
      </div>
    </main>
  )
}

export function TicketRoute() {
  const { view, ticketId } = useParams({ strict: false }) as { view: string; ticketId: string }
  return <TicketScreen ticketId={ticketId} view={view} />
}

export function ConversationRoute() {
  const { view, threadId } = useParams({ strict: false }) as { view: string; threadId: string }
  return <Suspense fallback={null}><ConversationScreen threadId={threadId} view={view} /></Suspense>
}

const narrow = matchMedia('(max-width: 900px)')
/** A phone has no room for a table. */
function useNarrow(): boolean {
  return useSyncExternalStore((fn) => { narrow.addEventListener('change', fn); return () => narrow.removeEventListener('change', fn) }, () => narrow.matches)
}
