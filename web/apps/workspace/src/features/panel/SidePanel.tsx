import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { get, type Contact, type Ticket } from '@kanal/api'
import { Avatar, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { contactTicketsQuery } from '@/features/lookups/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { Ledger } from './Ledger.tsx'
import { Properties } from './Properties.tsx'
import s from './panel.module.css'

const PersonPanel = lazy(withMore(async () => ({ default: (await import('@/features/contacts/index.ts')).PersonPanel })))

const HiddenFields = lazy(withMore(async () => ({ default: (await import('@/features/forms/later.ts')).HiddenFields })))

const Why = lazy(withMore(async () => ({ default: (await import('./Why.tsx')).Why })))
const WaitingLine = lazy(withMore(async () => ({ default: (await import('@/features/waiting/index.ts')).WaitingLine })))

const VisitorCard = lazy(withMore(async () => ({ default: (await import('@/features/chat/index.ts')).VisitorCard })))

const kept = (id: string, fallback: boolean): boolean => { try { return (localStorage.getItem(`kanal.panel.${id}`) ?? (fallback ? '1' : '0')) === '1' } catch { return fallback } }

export function Section({ id, title, open = true, children }: { id: string; title: string; open?: boolean; children: ReactNode }) {
  const [shown, show] = useState(() => kept(id, open))
  const toggle = () => { show(!shown); try { localStorage.setItem(`kanal.panel.${id}`, shown ? '0' : '1') } catch { /* not kept */ } }
  return (
    <section className={s.section}>
      <h2><button type="button" className={s.sectionHead} aria-expanded={shown} onClick={toggle}><span>{title}</span><Icon name={shown ? 'up' : 'down'} size={13} /></button></h2>
      {shown ? <div className={s.sectionBody}>{children}</div> : null}
    </section>
  )
}

/** The column of facts beside a ticket or a conversation. */
export function PanelFrame({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  return (
    <section className={s.panel} aria-label={label} data-panel>
      <div className={s.panelHead}><strong>{t('panel.title')}</strong><button type="button" className={s.close} aria-label={t('panel.close')} onClick={onClose}><Icon name="x" /></button></div>
      {children}
    </section>
  )
}

export function SidePanel({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const chat = ticket.threads?.findLast((x) => x.visitor_id)
  const who = ticket.contact_id ?? ticket.participant?.id ?? null // TK-05: beyond the limit the contact only takes part
  return (
    <PanelFrame label={t('panel.label')} onClose={onClose}>
      {chat ? <Section id="visitor" title={t('chat.visitor')}><Suspense fallback={<div className={s.room} />}><VisitorCard thread={chat} /></Suspense></Section> : null}
      {chat && !who ? null : <Section id="contact" title={t('panel.contact')}><ContactCard contactId={who} brief={ticket.contact ?? ticket.participant ?? null} limited={!ticket.contact_id} /></Section>}
      <Section id="properties" title={t('panel.properties')}><Properties ticket={ticket} /></Section>
      <Section id="why" title={t('panel.why')}>{ticket.waiting ? <Suspense fallback={null}><WaitingLine ticket={ticket} /></Suspense> : null}<Suspense fallback={null}><Why ticket={ticket} /></Suspense></Section>
      <Section id="others" title={t('panel.others')}><OtherTickets contactId={who} except={ticket.id} /></Section>
      {ticket.threads?.some((x) => x.channel === 'form') ? <Suspense fallback={null}><HiddenFields ticket={ticket} /></Suspense> : null}
      <Section id="ledger" title={t('panel.ledger')} open={false}><Ledger ticketId={ticket.id} /></Section>
    </PanelFrame>
  )
}

export function ContactCard({ contactId, brief, limited = false }: { contactId: string | null; brief: { name: string; email: string } | null; limited?: boolean }) {
  const full = useQuery({ queryKey: ['contact', contactId, 'page'], queryFn: () => get<Contact>(`/api/contacts/${contactId}`), enabled: !!contactId })
  if (!brief && !contactId) return <p className={s.none}>{t('panel.no_contact')}</p>
  const c = full.data
  const name = c?.name || brief?.name || brief?.email || ''
  const addresses = c?.addresses ?? []
  return (
    <div className={s.contact}>
      <div className={s.person}><Avatar name={name || '?'} size={34} /><div className={s.personText}>{contactId ? <Link to="/contacts/$contactId" params={{ contactId }} className={`${s.nameLink} k-cut`} title={t('panel.everything')}>{name || t('contact.unknown')}</Link> : <strong className="k-cut">{name}</strong>}{c?.language ? <span className={s.dim}>{languageName(c.language)}</span> : null}</div></div>
      <ul className={s.addresses}>
        {addresses.map((a) => (
          <li key={a.id}><Icon name={a.kind === 'email' ? 'mail' : 'user'} size={13} /><span className={s.address}>{a.value}</span>{a.verified ? <Tag tone="ok">{t('panel.verified')}</Tag> : null}</li>
        ))}
        {addresses.length === 0 && brief?.email ? <li><Icon name="mail" size={13} /><span className={s.address}>{brief.email}</span></li> : null}
      </ul>
      {c?.created_at ? <p className={s.dim}>{t('panel.known_since', { date: dateTime(c.created_at) })}</p> : null}
      {contactId ? <Suspense fallback={<div className={s.room} />}><PersonPanel contactId={contactId} limited={limited} /></Suspense> : null}
    </div>
  )
}

function languageName(tag: string): string {
  try { return new Intl.DisplayNames([document.documentElement.lang || 'en'], { type: 'language' }).of(tag) ?? tag } catch { return tag }
}

export function OtherTickets({ contactId, except = '' }: { contactId: string | null; except?: string }) {
  const q = useQuery({ ...contactTicketsQuery(contactId ?? ''), enabled: !!contactId })
  if (q.isPending && contactId) return <SkeletonLines lines={2} label={t('state.loading')} />
  const list = (q.data?.items ?? []).filter((x) => x.id !== except).slice(0, 12)
  if (list.length === 0) return <p className={s.none}>{t('panel.no_others')}</p>
  return (
    <ul className={s.tickets}>
      {list.map((x) => (
        <li key={x.id}>
          <Link to="/tickets/$view/$ticketId" params={{ view: 'open', ticketId: x.id }} className={s.ticket}>
            <Icon name={x.open ? 'open' : 'closed'} size={13} />
            <span className={s.ticketText}><span className="k-cut">{x.subject || `#${x.number}`}</span><span className={s.dim}>#{x.number} · {x.status?.name} · {ago(x.last_activity_at)}</span></span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
