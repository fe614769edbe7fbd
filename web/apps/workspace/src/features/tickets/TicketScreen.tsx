import { Button } from '@mantine/core'
import { lazy, startTransition, Suspense, useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { useNavigate } from '@tanstack/react-router'
import { Problem, type Thread, type Ticket, type TicketLink } from '@kanal/api'
import { Banner, EmptyState, SkeletonLines } from '@kanal/ui'
import { Composer } from '@/features/composer/index.ts'
import { Timeline, useConvo, type Reply } from '@/features/conversation/index.ts'
import { seedPresence, useAnnounce, useOthers } from '@/features/presence/index.ts'
import { useSession } from '@/features/session/index.ts'
import { StateBanner, TriageHost } from '@/features/triage/index.ts'
import { t } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { joinTicket, useTicket } from './queries.ts'
import { TicketHeader } from './TicketHeader.tsx'
import s from './screen.module.css'

// Beside the ticket, not on the first paint of the list.
const loadPanel = () => import('@/features/panel/index.ts')
const SidePanel = lazy(() => loadPanel().then((m) => ({ default: m.SidePanel })))
const whenIdle = globalThis.requestIdleCallback ?? ((fn: () => void) => setTimeout(fn, 2_000))
whenIdle(() => { void loadPanel() })

/** What is not the ticket itself is drawn once the ticket is painted, and gives way to the next key. */
function AfterPaint({ children }: { children: ReactNode }) {
  const [drawn, draw] = useState(false)
  useEffect(() => {
    let later: ReturnType<typeof setTimeout> | undefined
    const frame = requestAnimationFrame(() => { later = setTimeout(() => startTransition(() => draw(true)), 0) })
    return () => { cancelAnimationFrame(frame); clearTimeout(later) }
  }, [])
  const place = <div className={s.place} />
  return drawn ? <Suspense fallback={place}>{children}</Suspense> : place
}

const none: Thread[] = []
const wide = () => matchMedia('(min-width: 1181px)').matches

export function TicketScreen({ ticketId, view }: { ticketId: string; view: string }) {
  const q = useTicket(ticketId)
  const navigate = useNavigate()
  // A ticket that was joined into another is the other now.
  const into = q.data?.hidden === 'merged' ? q.data.merged_into : null
  useEffect(() => { if (into) void navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: into }, replace: true }) }, [into, view, navigate])
  const back = useCallback(() => void navigate({ to: '/tickets/$view', params: { view } }), [navigate, view])
  if (q.data) return <Loaded key={q.data.id} ticket={q.data} view={view} onBack={back} />
  if (q.isError) {
    const gone = q.error instanceof Problem && (q.error.status === 404 || q.error.status === 403)
    return <div className={s.main}><EmptyState main icon="warn" title={t(gone ? 'error.ticket_gone' : 'error.ticket')} text={gone ? t('error.ticket_gone_text') : sentence(q.error)}>{gone ? <Button variant="default" onClick={back}>{t('action.back')}</Button> : <Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button>}</EmptyState></div>
  }
  return <div className={s.main}><SkeletonLines lines={10} label={t('state.loading')} /></div>
}

/** Whether the side panel is open, and what back and details mean while a ticket or a conversation is shown. */
export function useDetails(onBack: () => void): [boolean, () => void] {
  const [details, setDetails] = useState(() => wide() && localStorage.getItem('kanal.details') !== '0')
  const toggle = useCallback(() => setDetails((d) => { if (wide()) localStorage.setItem('kanal.details', d ? '0' : '1'); return !d }), [])
  useProvideActions({ shell: { ...shellPart, details: toggle, back: onBack } }, [toggle, onBack])
  return [details, toggle]
}

/** The frame of one ticket or conversation: its main column, and the side panel when that is open. */
export function ScreenFrame({ label, panel, children }: { label: string; panel: ReactNode; children: ReactNode }) {
  return (
    <div className={s.split} data-details={panel ? true : undefined}>
      <section className={s.main} aria-label={label}>{children}</section>
      {panel}
    </div>
  )
}

/** What stands in the frame's place while it loads, or when it cannot. */
export const ScreenState = ({ children }: { children: ReactNode }) => <div className={s.main}>{children}</div>

function Loaded({ ticket, view, onBack }: { ticket: Ticket; view: string; onBack: () => void }) {
  const me = useSession().user
  const convo = useConvo(ticket.id)
  const [details, toggle] = useDetails(onBack)
  const restore = useRef<((d: Reply) => void) | null>(null)
  useAnnounce(ticket.id)
  useEffect(() => { if (ticket.viewers) seedPresence(ticket.id, ticket.viewers) }, [ticket.id, ticket.viewers])
  const others = useOthers(ticket.id, me.id)
  useProvideActions({ ticket }, [ticket])
  useEffect(() => { document.title = `${ticket.subject || `#${ticket.number}`} · Kanal` }, [ticket.subject, ticket.number])
  return (
    <ScreenFrame label={ticket.subject || `#${ticket.number}`} panel={details ? <AfterPaint><SidePanel ticket={ticket} onClose={toggle} /></AfterPaint> : null}>
      <TicketHeader ticket={ticket} others={others} onBack={onBack} onDetails={toggle} detailsOpen={details} />
      <StateBanner ticket={ticket} />
      <Claims ticket={ticket} view={view} />
      <Timeline id={ticket.id} convo={convo} threads={ticket.threads ?? none} contactId={ticket.contact_id} number={ticket.number} onRestore={(d) => restore.current?.(d)} />
      <Composer ticket={ticket} threads={ticket.threads ?? none} draft={ticket.draft} seq={ticket.seq} convo={convo} restore={restore} />
      <TriageHost id={ticket.id} />
    </ScreenFrame>
  )
}

const shellPart = { palette: () => dispatchEvent(new Event('kanal:palette')), sheet: () => dispatchEvent(new Event('kanal:sheet')) }

/** A stranger's mail that claims to belong to another ticket: one click joins them. */
function Claims({ ticket, view }: { ticket: Ticket; view: string }) {
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const links = (ticket.links ?? []).filter((l) => (l.kind === 'claims' || l.kind === 'same_mail') && l.other.id !== ticket.merged_into)
  if (links.length === 0) return null
  const join = async (l: TicketLink) => {
    setBusy(true)
    // The ticket that makes the claim is joined into the one it names.
    try {
      const after = await (l.direction === 'from' ? joinTicket(l.other.id, ticket.id) : joinTicket(ticket.id, l.other.id))
      if (after.id !== ticket.id) void navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: after.id } })
    } catch (err) { toastError(err) } finally { setBusy(false) }
  }
  return (
    <div className={s.claims}>
      {links.map((l) => (
        <Banner key={l.kind + l.other.id} tone={l.kind === 'claims' ? 'warn' : 'plain'} icon="link" busy={busy} action={l.kind === 'claims' ? t('claims.join') : undefined} onAction={() => void join(l)}>
          {t(l.kind !== 'claims' ? 'claims.same_mail' : l.direction === 'from' ? 'claims.text_from' : 'claims.text')}{' '}<a href={`/ticket/${l.other.number}`}>#{l.other.number} {l.other.subject}</a>
        </Banner>
      ))}
    </div>
  )
}
