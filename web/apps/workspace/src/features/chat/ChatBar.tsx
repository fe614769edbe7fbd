import { lazy, Suspense, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { createPortal } from 'react-dom'
import type { Thread } from '@kanal/api'
import type { TicketConvo } from '@/features/conversation/index.ts'
import { RunButton } from '@/features/tickets/index.ts'
import { Icon, Tag } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { linkable, readable } from './model.ts'
import { seen, useVisitor } from './queries.ts'
import { closeBan, useBan } from './store.ts'
import './actions.ts'
import s from './chat.module.css'

const BanDialog = lazy(() => import('./BanDialog.tsx').then((m) => ({ default: m.BanDialog })))

/** What stands between a chat's story and its composer: whether the visitor is there, where, and what they are typing. What can be done stands in the head. */
export function ChatBar({ thread, convo }: { thread: Thread; convo: TicketConvo }) {
  const { visitor: v, now } = useVisitor(thread.visitor_id!)
  const banning = useBan()
  const [tools, setTools] = useState<Element | null>(null)
  useEffect(() => setTools(document.getElementById('story-tools')), [])
  const name = v?.contact?.name || v?.claimed_name || v?.contact?.email || v?.claimed_email || t('chat.visitor')
  useSeen(thread, convo)
  useFlash(thread, convo, name)
  return (
    <div className={s.bar} data-chat data-online={now.online || undefined}>
      {tools ? createPortal(<><RunButton id="chat.join" /><RunButton id="chat.end" /></>, tools) : null}
      <span className={s.state}><span className={s.dot} aria-hidden="true" />{t(now.online ? 'chat.online' : 'chat.away')}</span>
      {v?.banned_at ? <Tag tone="danger">{t('chat.banned')}</Tag> : null}
      {now.typing
        ? <span className={s.typing} data-typing><Icon name="compose" size={13} /><span className={s.typed}><strong>{t('chat.types', { name })}</strong>{now.text ? <> <q className="k-cut">{now.text}</q></> : null}</span></span>
        : now.page.url ? <span className={`${s.page} k-cut`}>{linkable(now.page.url) ? <a href={now.page.url} target="_blank" rel="noopener noreferrer" title={now.page.url}>{now.page.title || readable(now.page.url)}</a> : now.page.title}</span> : null}
      {!now.online && v ? <span className={s.hint}>{t(v.contact?.email || v.claimed_email ? 'chat.goes_by_mail' : 'chat.no_address')}</span> : null}
      {banning && banning === thread.visitor_id ? <Suspense fallback={null}><BanDialog id={banning} onClose={closeBan} /></Suspense> : null}
    </div>
  )
}

/** The newest of the visitor's messages in a story; ids have one length, so they compare as text. */
function useNewest(thread: Thread, convo: TicketConvo): string {
  const snap = useSyncExternalStore(convo.subscribe, convo.getSnapshot)
  return useMemo(() => snap.items.reduce((id, i) => (i.kind === 'entry' && i.value.kind === 'message' && i.value.message.thread_id === thread.id && i.value.message.direction === 'incoming' ? i.value.message.id : id), ''), [snap, thread.id])
}

/** Whoever looks at a chat has seen it: the visitor is shown so. */
function useSeen(thread: Thread, convo: TicketConvo): void {
  const newest = useNewest(thread, convo)
  useEffect(() => {
    if (!newest) return
    const tell = () => { if (!document.hidden) { document.removeEventListener('visibilitychange', tell); void seen(thread.id, newest).catch(() => { /* the next one says it too */ }) } }
    document.addEventListener('visibilitychange', tell)
    tell()
    return () => document.removeEventListener('visibilitychange', tell)
  }, [thread.id, newest])
}

/** A message that comes while the window is out of sight makes its title change until somebody looks. */
function useFlash(thread: Thread, convo: TicketConvo, name: string): void {
  const newest = useNewest(thread, convo)
  const [first, setFirst] = useState('')
  useEffect(() => {
    if (!newest) return
    if (!first || !document.hidden) { setFirst(newest); return }
    if (newest === first) return
    const was = document.title
    const other = t('chat.title_new', { name })
    const timer = setInterval(() => { document.title = document.title === other ? was : other }, 1_200)
    const stop = () => { if (!document.hidden) { clearInterval(timer); document.title = was; setFirst(newest) } }
    document.addEventListener('visibilitychange', stop)
    return () => { clearInterval(timer); document.title = was; document.removeEventListener('visibilitychange', stop) }
  }, [newest, first, name])
}
