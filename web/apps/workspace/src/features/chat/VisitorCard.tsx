import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { Thread, Visitor } from '@kanal/api'
import { Avatar, Banner, Icon, SkeletonLines, Tag, type Tone } from '@kanal/ui'
import { Facts } from '@/features/panel/index.ts'
import { useCan } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { browserOf, linkable, readable, sureness, type Sureness } from './model.ts'
import { link, unban, useTrail, useVisitor } from './queries.ts'
import { openBan } from './store.ts'
import s from './chat.module.css'

const tones: Record<Sureness, Tone> = { proven: 'ok', linked: 'plain', claimed: 'warn', unknown: 'plain' }

/** Who is on the other side of a chat: what is proven and what is only claimed, where they are and have been (TR-09, TR-10). */
export function VisitorCard({ thread }: { thread: Thread }) {
  const { visitor: v, now, failed } = useVisitor(thread.visitor_id!)
  if (failed) return <p className={s.dim}>{t('chat.gone')}</p>
  if (!v) return <SkeletonLines lines={4} label={t('state.loading')} />
  return (
    <div className={s.card} data-visitor={v.id}>
      <Who v={v} online={now.online} />
      {v.banned_at ? <Banner tone="danger" icon="shield">{t('chat.banned_since', { time: dateTime(v.banned_at), name: v.banned_by_user?.name ?? '', reason: v.ban_reason })}</Banner> : null}
      <Facts rows={[
        now.page.url ? [t('chat.page'), <Address key="p" url={now.page.url} title={now.page.title} />] : null,
        thread.origin?.url ? [t('chat.began_on'), <Address key="o" url={thread.origin.url} title={thread.origin.title} />] : null,
        v.referrer || thread.origin?.referrer ? [t('chat.came_from'), <Address key="r" url={thread.origin?.referrer || v.referrer} />] : null,
        thread.origin?.chatflow ? [t('chat.chatflow'), thread.origin.chatflow] : null,
        v.language ? [t('chat.language'), languageName(v.language)] : null,
        browserOf(v.user_agent) ? [t('chat.browser'), browserOf(v.user_agent)] : null,
        v.country ? [t('chat.country'), countryName(v.country)] : null,
        v.timezone ? [t('chat.time_there'), timeIn(v.timezone)] : null,
        [t('chat.visits'), t('chat.visits_pages', { visits: v.visits, pages: v.views })],
        v.first_seen_at ? [t('chat.first_seen'), dateTime(v.first_seen_at)] : null,
      ]} />
      <Trail v={v} />
      <Consents v={v} />
      <Ban v={v} />
    </div>
  )
}

function Who({ v, online }: { v: Visitor; online: boolean }) {
  const can = useCan()
  const [busy, setBusy] = useState(false)
  const sure = sureness(v)
  const name = v.contact?.name || v.claimed_name || v.contact?.email || v.claimed_email || t('chat.visitor')
  const address = v.contact?.email || v.claimed_email
  return (
    <>
      <div className={s.who}>
        <span className={s.face}><Avatar name={name} size={34} /><span className={s.dot} data-online={online || undefined} aria-hidden="true" /></span>
        <span className={s.whoText}>
          {v.contact_id ? <Link to="/contacts/$contactId" params={{ contactId: v.contact_id }} className="k-cut">{name}</Link> : <strong className="k-cut">{name}</strong>}
          <span className={s.dim}>{t(online ? 'chat.online' : 'chat.away')}{!online && v.last_seen_at ? ` · ${ago(v.last_seen_at)}` : ''}</span>
        </span>
        <Tag tone={tones[sure]} title={t(`chat.sure.${sure}_text` as Key)}>{t(`chat.sure.${sure}` as Key)}</Tag>
      </div>
      {address ? <p className={s.address}><Icon name="mail" size={13} /><span>{address}</span></p> : null}
      {v.claimed_phone ? <p className={s.address}><Icon name="user" size={13} /><span>{v.claimed_phone}</span></p> : null}
      {v.matches ? (
        <Banner tone="warn" icon="user" busy={busy} {...(can('contacts.edit') ? { action: t('chat.link'), onAction: () => { setBusy(true); link(v.id).catch(toastError).finally(() => setBusy(false)) } } : {})}>
          {t('chat.says_to_be', { name: v.matches.name || v.matches.email, email: v.matches.email })}
        </Banner>
      ) : null}
    </>
  )
}

function Address({ url, title = '' }: { url: string; title?: string }): ReactNode {
  const shown = title || readable(url)
  return linkable(url) ? <a href={url} target="_blank" rel="noopener noreferrer" title={url} className={s.link}>{shown}</a> : shown
}

/** Pages as they were opened, the latest first; nothing where nothing may be kept. */
function Trail({ v }: { v: Visitor }) {
  const q = useTrail(v.id)
  const pages = (q.data?.pages ?? []).flatMap((p) => p.items ?? [])
  if (!v.tracked) return <p className={s.dim}>{t('chat.not_tracked')}</p>
  if (pages.length === 0) return null
  return (
    <div>
      <h3 className={s.small}>{t('chat.trail')}</h3>
      <ol className={s.trail}>
        {pages.map((p, i) => <li key={`${p.at}.${i}`}><span className={s.where}>{p.kind === 'event' ? <em>{p.name}</em> : <Address url={p.url} title={p.title} />}</span><time dateTime={p.at ?? ''}>{p.at ? ago(p.at) : ''}</time></li>)}
      </ol>
      {q.hasNextPage ? <Button size="compact-xs" variant="subtle" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('chat.more_pages')}</Button> : null}
    </div>
  )
}

/** What was agreed to, in the words that were shown (CO-06). */
function Consents({ v }: { v: Visitor }) {
  const last = v.consents?.[0]
  if (!last) return null
  return (
    <details className={s.consent}>
      <summary>{t(`chat.consent.${last.action}` as Key)} · {last.at ? dateTime(last.at) : ''}</summary>
      <p>{last.wording}</p>
    </details>
  )
}

function Ban({ v }: { v: Visitor }) {
  const can = useCan()
  if (!can('tickets.edit')) return null
  return v.banned_at
    ? <Button size="xs" variant="default" onClick={() => void unban(v.id).catch(toastError)}>{t('chat.unban')}</Button>
    : <Button size="xs" variant="subtle" color="red" className={s.ban} leftSection={<Icon name="shield" size={14} />} onClick={() => openBan(v.id)}>{t('chat.ban')}</Button>
}

const named = (type: 'language' | 'region', code: string): string => { try { return new Intl.DisplayNames([document.documentElement.lang || 'en'], { type }).of(code) ?? code } catch { return code } }
const languageName = (code: string): string => named('language', code)
const countryName = (code: string): string => named('region', code.toUpperCase())
function timeIn(zone: string): string {
  try { return `${new Intl.DateTimeFormat(document.documentElement.lang || 'en', { hour: '2-digit', minute: '2-digit', timeZone: zone }).format(new Date())} (${zone.replaceAll('_', ' ')})` } catch { return zone }
}
