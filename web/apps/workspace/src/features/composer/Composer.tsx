import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Draft, Party, Status, Thread, Ticket } from '@kanal/api'
import { Banner, Icon, type IconName } from '@kanal/ui'
import { latestInbound, type Reply, type TicketConvo } from '@/features/conversation/index.ts'
import { Editor, type EditorHandle } from '@/features/editor/index.ts'
import { useUsers } from '@/features/lookups/index.ts'
import { announceTyping, useOthers } from '@/features/presence/index.ts'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { isEmpty, readLocal, without, type DraftBody } from './draft.ts'
import { ComposerFoot } from './ComposerFoot.tsx'
import { FileRow } from './FileRow.tsx'
import { asLinks } from './links.ts'
import { Recipients } from './Recipients.tsx'
import { useDraft } from './useDraft.ts'
import { ThreadChoice } from './ThreadChoice.tsx'
import { useUploads } from './useUploads.ts'
import s from './composer.module.css'

export type Mode = 'reply' | 'reply_all' | 'comment'
const modes: { mode: Mode; icon: IconName; key: 'composer.reply' | 'composer.reply_all' | 'composer.comment' }[] = [
  { mode: 'reply', icon: 'reply', key: 'composer.reply' },
  { mode: 'reply_all', icon: 'replyAll', key: 'composer.reply_all' },
  { mode: 'comment', icon: 'comment', key: 'composer.comment' },
]

/** What is being answered: a ticket, or a conversation that has none (ticket is null). */
interface Place { ticket: Ticket | null; threads: Thread[]; draft: Draft | null; seq: number }

/** The docked composer: one line until it is wanted, then reply, reply all or comment. */
export function Composer({ convo, restore, ...place }: Place & { convo: TicketConvo; restore: { current: ((d: Reply) => void) | null } }) {
  const session = useSession()
  const me = session.user
  const { threads } = place
  const ticketId = place.ticket?.id ?? ''
  const snap = useSyncExternalStore(convo.subscribe, convo.getSnapshot)
  const newestInbound = useMemo(() => latestInbound(snap.items as never), [snap.items])
  // A thread with something half written is the one to go on with.
  const [picked, pick] = useState(() => threads.find((x) => !!readLocal({ user: me.id, ticket: ticketId, thread: x.id, type: 'reply' }))?.id ?? place.draft?.thread_id ?? '')
  const thread = threads.find((x) => x.id === picked) ?? threads.find((x) => x.id === newestInbound?.thread_id) ?? threads.find((x) => x.can?.send !== false) ?? threads[0]
  const inbound = useMemo(() => latestInbound(snap.items as never, thread?.id), [snap.items, thread?.id])
  const canReply = session.permissions.includes('tickets.reply') && !!thread && thread.can?.send !== false
  const canComment = session.permissions.includes('tickets.comment') && !!thread
  const hadDraft = !!thread && (!!readLocal({ user: me.id, ticket: ticketId, thread: thread.id, type: 'reply' }) || (place.draft?.type === 'reply' && draftOf(place.draft, thread) !== null))
  const hadComment = !!thread && !hadDraft && !!readLocal({ user: me.id, ticket: ticketId, thread: thread.id, type: 'comment' })
  const [mode, setMode] = useState<Mode | null>(hadDraft && canReply ? 'reply' : hadComment ? 'comment' : null)
  const [wanted, want] = useState(0)
  const open = useCallback((m: Mode) => { if (m === 'comment' ? canComment : canReply) { setMode(m); want((n) => n + 1) } }, [canComment, canReply])
  useProvideActions({ composer: canReply || canComment ? { open } : null }, [open, canReply, canComment])

  if (!thread) return <div className={s.closed}><Banner icon="info">{t('composer.no_thread')}</Banner></div>
  if (!canReply && !canComment) return null
  const hasCc = (thread.reply_defaults?.cc ?? []).length > 0
  const offered = modes.filter((m) => (m.mode === 'comment' ? canComment : canReply && (m.mode === 'reply' || hasCc || mode === 'reply_all')))
  return (
    <section className={s.composer} data-mode={mode ?? 'closed'} aria-label={t('composer.label')}>
      <div className={s.tabs} role="group" aria-label={t('composer.mode')}>
        {offered.map((m) => (
          <button key={m.mode} type="button" aria-pressed={mode === m.mode} onClick={() => open(m.mode)}><Icon name={m.icon} size={14} />{t(m.key)}</button>
        ))}
        {mode ? <button type="button" className={s.fold} aria-label={t('composer.fold')} title={t('composer.fold')} onClick={() => setMode(null)}><Icon name="down" size={14} /></button> : null}
      </div>
      {mode && mode !== 'comment' && threads.length > 1 ? <ThreadChoice threads={threads} chosen={thread} onPick={(id) => { pick(id); want((n) => n + 1) }} /> : null}
      {mode ? <Open key={`${thread.id}.${mode === 'comment'}`} place={place} thread={thread} convo={convo} mode={mode} wanted={wanted} inReplyTo={inbound?.id} onMode={setMode} onClose={() => setMode(null)} restore={restore} /> : null}
    </section>
  )
}

function defaults(thread: Thread, mode: Mode): { to: Party[]; cc: Party[] } {
  const d = thread.reply_defaults
  return { to: d?.to ?? [], cc: mode === 'reply_all' ? (d?.cc ?? []) : [] }
}

function Open({ place, thread, convo, mode, wanted, inReplyTo, onMode, onClose, restore }: {
  place: Place; thread: Thread; convo: TicketConvo; mode: Mode; wanted: number; inReplyTo: string | undefined; onMode(m: Mode): void; onClose(): void; restore: { current: ((d: Reply) => void) | null }
}) {
  const me = useSession().user
  const users = useUsers()
  const { ticket } = place
  const ticketId = ticket?.id ?? ''
  const comment = mode === 'comment'
  const snap = useSyncExternalStore(convo.subscribe, convo.getSnapshot)
  const messages = snap.items.flatMap((i) => (i.kind === 'entry' && i.value.kind === 'message' ? [i.value.message] : []))
  const newest = messages.at(-1)?.created_at ?? ''
  const fresh = useCallback((): DraftBody => ({ html: '', text: '', ...(comment ? { to: [], cc: [] } : defaults(thread, mode)), bcc: [], subject: thread.reply_defaults?.subject ?? thread.subject, attachments: [], mentions: [], begunAt: '' }), [thread, mode, comment])
  const { body, change, clear, state } = useDraft({ user: me.id, ticket: ticketId, thread: thread.id, type: comment ? 'comment' : 'reply' }, draftOf(place.draft, thread), fresh)
  const [wide, setWide] = useState(false)
  const [problem, setProblem] = useState('')
  const editor = useRef<EditorHandle | null>(null)
  const can = thread.can ?? {}
  const limits = useMemo(() => ({ each: can.max_attachment_bytes ?? 0, all: can.max_attachments_bytes ?? 0, types: can.attachment_types ?? [] }), [can.max_attachment_bytes, can.max_attachments_bytes, can.attachment_types])
  const files = useUploads(limits, (a, inline) => {
    change({ attachments: [...latest.current.attachments, { id: a.id, name: a.name, size: a.size, type: a.type }] })
    if (inline) editor.current?.insertImage(`/api/attachments/${a.id}?inline=1`, a.name)
  })
  const latest = useRef(body)
  latest.current = body

  useEffect(() => { editor.current?.focus() }, [wanted])
  // Another way of answering asks for other recipients, as long as nobody has changed them.
  const lastMode = useRef(mode)
  useEffect(() => {
    if (comment || lastMode.current === mode) return
    const old = defaults(thread, lastMode.current)
    if (same(body.to, old.to) && same(body.cc, old.cc)) change(defaults(thread, mode))
    lastMode.current = mode
  }, [mode, comment, thread, body.to, body.cc, change])
  // An untouched draft follows the thread's own recipients.
  const to = body.to.length === 0 && isEmpty(body) && !comment ? defaults(thread, mode).to : body.to

  restore.current = (d) => {
    onMode(d.type === 'comment' ? 'comment' : mode === 'comment' ? 'reply' : mode)
    change({ html: d.html, text: d.text, to: d.to, cc: d.cc, bcc: d.bcc, subject: d.subject, attachments: d.attachments, mentions: d.mentions })
  }

  const others = useOthers(ticketId, me.id).filter((v) => v.state === 'typing')
  const since = body.begunAt ? messages.filter((m) => m.created_at > body.begunAt && m.actor !== `user:${me.id}` && m.type !== 'system') : []

  const send = (status?: Status) => {
    if (files.list.some((u) => !u.error)) return setProblem(t('composer.wait_upload'))
    if (isEmpty(body)) { editor.current?.focus(); return setProblem(t('composer.empty')) }
    if (!comment && to.length + body.cc.length + body.bcc.length === 0) return setProblem(t('composer.no_recipient'))
    setProblem('')
    const reply: Reply = {
      thread_id: thread.id, type: comment ? 'comment' : 'reply', html: body.html, text: body.text, to: comment ? [] : to, cc: comment ? [] : body.cc, bcc: comment ? [] : body.bcc,
      subject: comment ? '' : body.subject, attachments: body.attachments, mentions: body.mentions, in_reply_to: inReplyTo, set_status: status?.slug, seen_seq: place.seq,
    }
    clear()
    onClose()
    void convo.send(reply)
  }

  return (
    <div
      className={s.open} onDragOver={(e) => { if (e.dataTransfer.types.includes('Files')) e.preventDefault() }}
      onDrop={(e) => { if (!e.defaultPrevented && e.dataTransfer.files.length) { e.preventDefault(); files.add([...e.dataTransfer.files]) } }}
    >
      {since.length > 0 ? <Banner tone="warn" icon="info" role="status" action={t('composer.seen')} onAction={() => change({ begunAt: newest })}>{t('composer.changed', { n: since.length, name: since.at(-1)!.author?.name || since.at(-1)!.from?.name || since.at(-1)!.from?.address || '' })}</Banner> : null}
      {others.length > 0 ? <Banner tone="accent" icon="user" role="status">{t('presence.typing', { name: others.map((o) => o.name).join(', ') })}</Banner> : null}
      {comment ? <p className={s.internal}>{t('composer.internal')}</p> : (
        <div className={s.fields}>
          <div className={s.fieldLine}><Recipients label={t('message.to')} value={to} onChange={(v) => change({ to: v })} />
            {wide || body.cc.length + body.bcc.length > 0 ? null : <button type="button" className={s.ccButton} onClick={() => setWide(true)}>{t('composer.cc_bcc')}</button>}</div>
          {can.cc !== false && (wide || body.cc.length > 0) ? <div className={s.fieldLine}><Recipients label={t('message.cc')} value={body.cc} onChange={(v) => change({ cc: v })} /></div> : null}
          {can.cc !== false && (wide || body.bcc.length > 0) ? <div className={s.fieldLine}><Recipients label={t('message.bcc')} value={body.bcc} onChange={(v) => change({ bcc: v })} /></div> : null}
        </div>
      )}
      <Editor
        value={body.html} label={t(comment ? 'composer.comment_label' : 'composer.reply_label')} placeholder={t(comment ? 'composer.comment_hint' : 'composer.reply_hint')} autoFocus={wanted > 0} handle={editor}
        mentionable={comment ? users.filter((u) => u.active && u.id !== me.id) : []}
        onChange={(v) => { setProblem(''); if (ticketId) announceTyping(ticketId); change({ html: v.html, text: v.text, mentions: v.mentions, begunAt: body.begunAt || newest || new Date().toISOString() }) }}
        onSubmit={() => send()} onEscape={onClose} onFiles={(f) => files.add(f, true)}
      />
      <FileRow files={body.attachments} uploads={files.list} links={comment ? undefined : asLinks(body.attachments, body.html, can)} linkDays={can.link_days} onRemove={(id) => change(without(latest.current, id))} onRetry={files.retry} onCancel={files.cancel} />
      {problem ? <p className={s.problem} role="alert">{problem}</p> : null}
      <ComposerFoot ticket={ticket} comment={comment} state={state} from={thread.account} canAttach={can.attachments !== false || comment} onFiles={(f) => files.add(f)} onSend={send} onDiscard={() => { clear(); onClose() }} discardable={!isEmpty(body)} />
    </div>
  )
}

const same = (a: Party[], b: Party[]) => a.length === b.length && a.every((p, i) => p.address === b[i]!.address)
/** The server's draft, if it belongs to this thread: a ticket may have several. */
const draftOf = (d: Draft | null, thread: Thread): Draft | null => (d && (!d.thread_id || d.thread_id === thread.id) ? d : null)
