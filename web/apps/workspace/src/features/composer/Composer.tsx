import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { post, type Draft, type Message, type Thread, type Ticket } from '@kanal/api'
import { Banner, Icon, type IconName } from '@kanal/ui'
import { latestInbound, type Reply, type TicketConvo } from '@/features/conversation/index.ts'
import { useSession } from '@/features/session/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { actionContext, useProvideActions } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { carriedOver, carriedTo } from './carry.ts'
import { readLocal, writeLocal, type DraftBody, type DraftPlace } from './draft.ts'
import s from './composer.module.css'

/** The editor and all around it load when somebody begins to write, or when the browser has nothing else to do. */
const load = withMore(() => import('@/features/writing/index.ts'))
const Open = lazy(async () => ({ default: (await load()).OpenComposer }))
const Chat = lazy(async () => ({ default: (await load()).ChatBar }))

export type Mode = 'reply' | 'reply_all' | 'forward' | 'comment'
const modes: { mode: Mode; icon: IconName; key: 'composer.reply' | 'composer.reply_all' | 'composer.comment' | 'composer.forward' }[] = [
  { mode: 'reply', icon: 'reply', key: 'composer.reply' },
  { mode: 'reply_all', icon: 'replyAll', key: 'composer.reply_all' },
  { mode: 'forward', icon: 'forward', key: 'composer.forward' },
  { mode: 'comment', icon: 'comment', key: 'composer.comment' },
]

/** What is being answered: a ticket, or a conversation that has none (ticket is null). */
export interface ComposerPlace { ticket: Ticket | null; threads: Thread[]; draft: Draft | null; seq: number }

const kindOf = (m: Mode): DraftPlace['type'] => (m === 'comment' || m === 'forward' ? m : 'reply')

/** The docked composer: one line until it is wanted, then reply, reply all, forward or comment. */
export function Composer({ convo, restore, ...place }: ComposerPlace & { convo: TicketConvo; restore: { current: ((d: Reply) => void) | null } }) {
  const session = useSession()
  const me = session.user
  const { threads } = place
  const ticketId = place.ticket?.id ?? ''
  const snap = useSyncExternalStore(convo.subscribe, convo.getSnapshot)
  const newestInbound = useMemo(() => latestInbound(snap.items as never), [snap.items])
  const placeOf = (thread: string, type: DraftPlace['type']): DraftPlace => ({ user: me.id, ticket: ticketId, thread, type })
  // A thread with something half written is the one to go on with.
  const [picked, pick] = useState(() => threads.find((x) => !!readLocal(placeOf(x.id, 'reply')))?.id ?? place.draft?.thread_id ?? '')
  const thread = threads.find((x) => x.id === picked) ?? threads.find((x) => x.id === newestInbound?.thread_id) ?? threads.find((x) => x.can?.send !== false) ?? threads[0]
  const [about, setAbout] = useState<Message | null>(null)
  const inbound = useMemo(() => latestInbound(snap.items as never, thread?.id), [snap.items, thread?.id])
  const canReply = session.permissions.includes('tickets.reply') && !!thread && thread.can?.send !== false
  const canComment = session.permissions.includes('tickets.comment') && !!thread
  const canForward = canReply && thread?.can?.start !== false && snap.items.some((i) => i.kind === 'entry' && i.value.kind === 'message' && i.value.message.type === 'message')
  const may = (m: Mode) => (m === 'comment' ? canComment : m === 'forward' ? canForward : canReply)
  const had = (type: DraftPlace['type']) => !!thread && (!!readLocal(placeOf(thread.id, type)) || (place.draft?.type === type && (!place.draft.thread_id || place.draft.thread_id === thread.id)))
  const [before] = useState(() => carriedTo(ticketId))
  useEffect(carriedOver, [])
  const [mode, setMode] = useState<Mode | null>(() => (before && may(before.mode) ? before.mode : had('reply') && canReply ? 'reply' : had('forward') && canReply ? 'forward' : had('comment') && canComment ? 'comment' : null))
  const [wanted, want] = useState(before?.writing ? 1 : 0)
  const [round, again] = useState(0)
  useEffect(() => { const idle = setTimeout(() => void load(), 1_500); return () => clearTimeout(idle) }, [])

  const open = useCallback((m: Mode, message?: Message) => {
    if (!may(m)) return
    setAbout(message ?? null)
    if (message && m !== 'forward') pick(message.thread_id)
    setMode(m)
    want((n) => n + 1)
  }, [canComment, canReply, canForward])

  /** Puts what did not go out back where it was being written. */
  const giveBack = (d: Reply) => {
    const m: Mode = d.type === 'comment' ? 'comment' : d.forward_of ? 'forward' : mode === 'reply_all' ? 'reply_all' : 'reply'
    const body: DraftBody = { html: d.html, text: d.text, to: d.to, cc: d.cc, bcc: d.bcc, subject: d.subject, attachments: d.attachments, mentions: d.mentions, begunAt: '', forwardOf: d.forward_of, teamMentions: d.team_mentions }
    writeLocal(placeOf(d.thread_id, kindOf(m)), body)
    pick(d.thread_id)
    setMode(m)
    again((n) => n + 1)
    want((n) => n + 1)
  }
  restore.current = giveBack

  // What was just sent and can be taken back still.
  const sent = useRef<{ id: string; draft: Reply } | null>(null)
  const [undoable, setUndoable] = useState<string | null>(null)
  const undo = useCallback(() => {
    const last = sent.current
    sent.current = null
    setUndoable(null)
    if (last) post(`/api/messages/${last.id}/cancel`).then(() => { giveBackRef.current(last.draft); void convo.sync() }).catch(toastError)
  }, [convo])
  const giveBackRef = useRef(giveBack)
  giveBackRef.current = giveBack
  const onSent = useCallback((message: Message, draft: Reply) => {
    if (!message.send_at || !message.send_rule) return
    if (message.send_rule !== 'undo') { toast(t('undo.scheduled', { time: dateTime(message.send_at) }), { action: { label: t('undo.show_all'), run: () => actionContext().navigate('/scheduled') } }); return }
    sent.current = { id: message.id, draft }
    setUndoable(message.id)
    toast(t('undo.sending'), { action: { label: t('action.undo_send'), run: undo } })
    setTimeout(() => { if (sent.current?.id === message.id) { sent.current = null; setUndoable(null) } }, Math.max(0, new Date(message.send_at).getTime() - new Date(message.created_at).getTime()))
  }, [undo])
  useProvideActions({ composer: canReply || canComment ? { open, undo: undoable ? undo : null } : null }, [open, canReply, canComment, undo, undoable])

  if (!thread) return <div className={s.closed}><Banner icon="info">{t('composer.no_thread')}</Banner></div>
  if (!canReply && !canComment) return null
  const hasCc = (thread.reply_defaults?.cc ?? []).length > 0
  // Forward has its place before there is something to forward, so that the others keep theirs.
  const offered = modes.filter((m) => (may(m.mode) || (m.mode === 'forward' && canReply && snap.status !== 'ready')) && (m.mode !== 'reply_all' || hasCc || mode === 'reply_all'))
  return (
    <section className={s.composer} data-mode={mode ?? 'closed'} aria-label={t('composer.label')} onPointerEnter={() => void load()}>
      {thread.visitor_id ? <Suspense><Chat thread={thread} convo={convo} /></Suspense> : null}
      <div className={s.tabs} role="group" aria-label={t('composer.mode')}>
        {offered.map((m) => (
          <button key={m.mode} type="button" aria-pressed={mode === m.mode} disabled={!may(m.mode)} onClick={() => open(m.mode)}><Icon name={m.icon} size={14} /><span>{t(m.key)}</span></button>
        ))}
        {mode ? <button type="button" className={s.fold} aria-label={t('composer.fold')} title={t('composer.fold')} onClick={() => setMode(null)}><Icon name="down" size={14} /></button> : null}
      </div>
      {mode ? (
        <Suspense fallback={<div className={s.loading} aria-busy="true" />}>
          <Open
            key={`${thread.id}.${kindOf(mode)}.${round}`} place={place} thread={thread} convo={convo} mode={mode} wanted={wanted} about={about} inReplyTo={about && mode !== 'forward' && about.thread_id === thread.id ? about : inbound}
            onThread={(id) => { setAbout(null); pick(id); want((n) => n + 1) }} onClose={() => setMode(null)} onSent={onSent}
          />
        </Suspense>
      ) : null}
    </section>
  )
}
