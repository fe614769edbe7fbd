import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { SearchHit } from '@kanal/api'
import { Icon, Tag, type IconName } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { pieces } from './model.ts'
import s from './search.module.css'

type Source = 'ticket' | 'message' | 'comment' | 'contact'
export const sourceOf = (h: SearchHit): Source => (h.comment ? 'comment' : h.kind)
const icons: Record<Source, IconName> = { ticket: 'inbox', message: 'mail', comment: 'comment', contact: 'user' }

/** One thing found: what it is, where the words stand in it, and the ticket it belongs to. It opens at its message. */
export const HitRow = memo(function HitRow({ hit: h, onOpen }: { hit: SearchHit; onOpen: () => void }) {
  const source = sourceOf(h)
  const body = (
    <>
      <span className={s.kind} data-kind={source} title={t(`search.kind_${source}` as Key)}><Icon name={icons[source]} size={15} /><span className="k-hidden">{t(`search.kind_${source}` as Key)}</span></span>
      <span className={s.hitText}>
        <span className={s.hitTitle}>
          <span className="k-cut">{h.title ? <Marked text={h.title_marked || h.title} /> : t('ticket.no_subject')}</span>
          {h.number ? <span className={s.dim}>#{h.number}</span> : null}
          {h.hidden ? <Tag tone="warn">{t(h.hidden === 'spam' ? 'search.in_spam' : 'search.in_trash')}</Tag> : null}
          {h.at ? <time className={s.dim} dateTime={h.at} title={dateTime(h.at)}>{ago(h.at)}</time> : null}
        </span>
        {source === 'contact' ? null : (
          <span className={s.meta}>
            {source === 'comment' ? <span className={s.note}>{t('search.kind_comment')}</span> : null}
            {h.from ? <span className="k-cut"><Marked text={h.from} /></span> : null}
            {h.status ? <span className={s.dim}>{h.status}</span> : null}
            {h.owner ? <span className={s.dim}>{h.owner}</span> : null}
          </span>
        )}
        {h.file ? <span className={s.fromFile}><Icon name="clip" size={13} />{t('search.in_file', { name: h.file })}</span> : null}
        {h.excerpt ? <span className={s.excerpt}><Marked text={h.excerpt} /></span> : null}
        {(h.files ?? []).map((f) => <span key={f} className={s.fromFile}><Icon name="clip" size={13} /><Marked text={f} /></span>)}
      </span>
    </>
  )
  const shared = { className: s.hit, onClick: onOpen, 'data-hit': source }
  const message = h.message_id ? { message: h.message_id } : {}
  if (h.ticket_id) return <Link to="/tickets/$view/$ticketId" params={{ view: h.hidden || (h.open ? 'open' : 'closed'), ticketId: h.ticket_id }} search={message} {...shared}>{body}</Link>
  if (h.thread_id) return <Link to="/conversation/$threadId" params={{ threadId: h.thread_id }} search={message} {...shared}>{body}</Link>
  return <Link {...({ to: `/contacts/${h.contact_id}` } as unknown as { to: '/' })} {...shared}>{body}</Link>
})

export const Marked = ({ text }: { text: string }) => <>{pieces(text).map((p, i) => (p.hit ? <mark key={i}>{p.text}</mark> : p.text))}</>
