import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { get, type Contact, type Message, type Page, type Party, type Snippet, type Thread, type Way } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { isEmpty, without, type ComposerPlace, type DraftBody, type Mode } from '@/features/composer/index.ts'
import type { Reply, TicketConvo } from '@/features/conversation/index.ts'
import { Editor, type EditorHandle } from '@/features/editor/index.ts'
import { useNames, useTeams, useUsers } from '@/features/lookups/index.ts'
import { announceTyping, useOthers } from '@/features/presence/index.ts'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { asButtons, ChatFields, enterSends, WayChoice } from './ChatFields.tsx'
import { Cautions, useCautions } from './Cautions.tsx'
import { FileRow } from './FileRow.tsx'
import { Foot, type SendHow } from './Foot.tsx'
import { Held, useHeld } from './Held.tsx'
import { asLinks } from './links.ts'
import { Recipients } from './Recipients.tsx'
import { SnippetMenu } from './SnippetMenu.tsx'
import { deeds, render, useSnippetSource } from './snippets.ts'
import { ThreadChoice } from './ThreadChoice.tsx'
import { useDraft } from './useDraft.ts'
import { useUploads } from './useUploads.ts'
import s from './writing.module.css'

const none: Way[] = []
const nobody: Party[] = []
const empty = { to: [] as Party[], cc: [] as Party[] }

/** Whom an answer goes to: the thread's own participants, or those of the message that was chosen (EM-38). */
function recipientsFor(thread: Thread, mode: Mode, about: Message | null): { to: Party[]; cc: Party[] } {
  if (mode === 'comment' || mode === 'forward') return empty
  const d = thread.reply_defaults
  const usual = { to: d?.to ?? [], cc: mode === 'reply_all' ? (d?.cc ?? []) : [] }
  if (!about || about.thread_id !== thread.id) return usual
  const field = (f: string) => (about.recipients ?? []).filter((p) => p.field === f).map(({ address, name, kind }) => ({ address, ...(name ? { name } : {}), ...(kind ? { kind } : {}) }))
  const original = about.forward?.is && about.forward.used === 'original' ? about.forward.original : null
  const to = about.direction === 'outgoing' ? field('to') : original?.address ? [original] : field('reply_to').length ? field('reply_to') : [{ address: about.from.address, ...(about.from.name ? { name: about.from.name } : {}) }]
  const own = thread.account?.address.toLowerCase()
  const others = [...field('to'), ...field('cc')].filter((p) => p.address.toLowerCase() !== own && !to.some((x) => x.address.toLowerCase() === p.address.toLowerCase()))
  return { to: to.length ? to : usual.to, cc: mode === 'reply_all' ? others : [] }
}

const forwardSubject = (subject: string) => (/^(fwd?|wg|vb|vl|tr)\s*:/i.test(subject) ? subject : `Fwd: ${subject}`)

/** The open composer: everything around one answer, forward or comment. Loaded when somebody begins to write. */
export function OpenComposer({ place, thread, convo, mode, wanted, about, inReplyTo, onThread, onClose, onSent }: {
  place: ComposerPlace; thread: Thread; convo: TicketConvo; mode: Mode; wanted: number; about: Message | null; inReplyTo: Message | undefined
  onThread(id: string): void; onClose(): void; onSent(m: Message, d: Reply): void
}) {
  const me = useSession().user
  const users = useUsers()
  const teams = useTeams()
  const names = useNames()
  const { ticket } = place
  const ticketId = ticket?.id ?? ''
  const comment = mode === 'comment'
  const forward = mode === 'forward'
  const snap = useSyncExternalStore(convo.subscribe, convo.getSnapshot)
  const messages = snap.items.flatMap((i) => (i.kind === 'entry' && i.value.kind === 'message' ? [i.value.message] : []))
  const newest = messages.reduce((at, m) => (m.created_at > at ? m.created_at : at), '')
  const passed = forward ? (about ?? messages.findLast((m) => m.type === 'message' && m.thread_id === thread.id) ?? messages.findLast((m) => m.type === 'message')) : undefined
  const carried = (m: Message | undefined) => (m?.attachments ?? []).filter((a) => !a.inline).map(({ id, name, size, type }) => ({ id, name, size, type }))
  const fresh = useCallback((): DraftBody => ({
    html: '', text: '', ...recipientsFor(thread, mode, about), bcc: [], subject: forward ? forwardSubject(passed?.subject || thread.subject) : (thread.reply_defaults?.subject ?? thread.subject),
    attachments: forward ? carried(passed) : [], mentions: [], begunAt: '', forwardOf: forward ? passed?.id : undefined,
  }), [thread, mode, about])
  const draft = place.draft && (!place.draft.thread_id || place.draft.thread_id === thread.id) ? place.draft : null
  const { body, change, clear, state, conflict } = useDraft({ user: me.id, ticket: ticketId, thread: thread.id, type: comment ? 'comment' : forward ? 'forward' : 'reply' }, draft, fresh)
  const [wide, setWide] = useState(false)
  const [problem, setProblem] = useState('')
  const [asking, ask] = useState<SendHow | null>(null)
  const [passedOver, passOver] = useState<ReadonlySet<string>>(new Set())
  const [acknowledged, acknowledge] = useState('')
  const seen = useRef(place.seq)
  const editor = useRef<EditorHandle | null>(null)
  const ways = comment || forward ? none : (thread.ways ?? none)
  const [picked, pickWay] = useState('')
  const way = ways.find((w) => w.id === picked) ?? ways[0]
  // The visitor is there: no recipients, no subject, and a line sends.
  const live = !!way && way.channel === thread.channel
  const [enter, setEnter] = useState(enterSends)
  const [quick, setQuick] = useState<string[]>([])
  const can = way?.can ?? thread.can ?? {}
  const limits = useMemo(() => ({ each: can.max_attachment_bytes ?? 0, all: can.max_attachments_bytes ?? 0, types: can.attachment_types ?? [] }), [can.max_attachment_bytes, can.max_attachments_bytes, can.attachment_types])
  const latest = useRef(body)
  latest.current = body
  const files = useUploads(limits, (a, inline) => {
    change({ attachments: [...latest.current.attachments, { id: a.id, name: a.name, size: a.size, type: a.type }] })
    if (inline) editor.current?.insertImage(`/api/attachments/${a.id}?inline=1`, a.name)
  })
  const forwardOf = forward ? (about?.id ?? body.forwardOf ?? passed?.id) : undefined

  // A ticket that opens with something half written leaves the keys to the list: j and k go on.
  useEffect(() => { if (wanted > 0) editor.current?.focus() }, [wanted])
  // Another way of answering, or another message, asks for other recipients, as long as nobody has changed them.
  const last = useRef({ mode, about })
  useEffect(() => {
    const was = last.current
    last.current = { mode, about }
    if (comment || (was.mode === mode && was.about === about)) return
    if (forward) { if (about && about.id !== body.forwardOf) change({ forwardOf: about.id, subject: forwardSubject(about.subject || thread.subject), attachments: [...carried(about), ...body.attachments.filter((a) => !messages.some((m) => m.attachments?.some((x) => x.id === a.id)))] }); return }
    const old = recipientsFor(thread, was.mode, was.about)
    if (same(body.to, old.to) && same(body.cc, old.cc)) change(recipientsFor(thread, mode, about))
  }, [mode, about, comment, forward, thread, body.to, body.cc, change])
  // An untouched draft follows the thread's own recipients.
  const to = live ? nobody : way && !body.to.some((p) => p.address.includes('@')) ? (way.to ?? nobody) : body.to.length === 0 && isEmpty(body) && !comment ? recipientsFor(thread, mode, about).to : body.to

  const others = useOthers(ticketId, me.id)
  const held = useHeld(ticketId, me.id, comment)
  const typing = others.filter((v) => v.state === 'typing' && v.name !== held.by)
  const since = !live && body.begunAt && acknowledged !== newest ? messages.filter((m) => m.created_at > body.begunAt && m.created_at > acknowledged && m.actor !== `user:${me.id}` && m.type !== 'system') : []
  const hadRead = () => { acknowledge(newest); seen.current = place.seq; change({ begunAt: newest }) }
  const cautions = useCautions({ thread: thread.id, to, cc: body.cc, bcc: body.bcc, files: body.attachments.length > 0, forward, text: body.text, off: comment || live }).filter((c) => !passedOver.has(c.key))
  const whom = { ...(ticketId ? { ticket: ticketId } : {}), thread: thread.id }
  const snippets = useSnippetSource(whom)

  const send = (how: SendHow = {}, anyway = false) => {
    if (files.list.some((u) => !u.error)) return setProblem(t('composer.wait_upload'))
    if (isEmpty(body) && !forward) { editor.current?.focus(); return setProblem(t('composer.empty')) }
    if (!comment && !live && to.length + body.cc.length + body.bcc.length === 0) return setProblem(t('composer.no_recipient'))
    setProblem('')
    if (!anyway && (since.length > 0 && !comment || cautions.length > 0 || held.by)) return ask(how)
    ask(null)
    const reply: Reply = {
      thread_id: thread.id, type: comment ? 'comment' : 'reply', html: body.html, text: body.text, to: comment ? [] : to, cc: comment ? [] : body.cc, bcc: comment ? [] : body.bcc,
      subject: comment ? '' : body.subject, attachments: body.attachments, mentions: body.mentions, ...(body.teamMentions?.length ? { team_mentions: body.teamMentions } : {}),
      in_reply_to: forward ? undefined : inReplyTo?.id, set_status: how.status?.slug, seen_seq: since.length > 0 ? place.seq : seen.current, ...(comment ? {} : { if_unchanged: !live, undo: !how.at }), ...(way ? { from_account: way.id } : {}), ...(live && quick.length ? { quick: asButtons(quick) } : {}),
      ...(forwardOf && forward ? { forward_of: forwardOf, carry_attachments: false } : {}), ...(how.at ? { send_at: how.at.toISOString(), only_if_quiet: how.ifQuiet ?? false } : {}),
      ...(how.snooze ? { snooze: true, ...(how.snooze === 'reply' ? {} : { snooze_until: how.snooze.toISOString() }) } : {}), ...(body.macro && ticketId ? { macro_id: body.macro.id } : {}),
    }
    clear()
    setQuick([])
    if (live) { editor.current?.clear(); editor.current?.focus() }
    else onClose()
    void convo.send(reply).then((entry) => { if (entry?.value.kind === 'message') onSent(entry.value.message, reply) })
  }

  const useText = (x: Snippet) => void render(x, whom).then((r) => {
    if (r.html) editor.current?.insertHtml(r.html)
    const does = deeds(r.actions, names)
    if (does && ticketId) change({ macro: { id: x.id, name: x.name, does } })
    editor.current?.focus()
  }).catch(toastError)

  const mentionable = useMemo(() => [...users.filter((u) => u.active && u.id !== me.id).map((u) => ({ id: u.id, name: u.name })), ...teams.map((x) => ({ id: `team:${x.id}`, name: x.name, hint: t('property.team') }))], [users, teams, me.id])
  const findPeople = comment ? undefined : async (q: string) => (q.length < 2 ? [] : ((await get<Page<Contact>>('/api/contacts', { q, limit: 6 })).items ?? []).filter((c) => c.email).map((c) => ({ id: c.email, name: c.name || c.email, hint: c.email })))
  const left = can.max_text ? can.max_text - body.text.length : null

  return (
    <div
      className={s.open} onDragOver={(e) => { if (e.dataTransfer.types.includes('Files')) e.preventDefault() }}
      onDrop={(e) => { if (!e.defaultPrevented && e.dataTransfer.files.length) { e.preventDefault(); files.add([...e.dataTransfer.files]) } }}
    >
      {!comment && place.threads.length > 1 && !forward ? <ThreadChoice threads={place.threads} chosen={thread} onPick={onThread} /> : null}
      {way && ways.length > 1 ? <WayChoice thread={thread} ways={ways} chosen={way} onPick={(w) => { pickWay(w.id); change({ to: w.channel === thread.channel ? [] : (w.to ?? []), cc: [], bcc: [] }); editor.current?.focus() }} /> : null}
      {conflict ? <div className={s.conflict} role="alert"><Icon name="warn" size={14} /><span>{t('draft.conflict')}</span><button type="button" onClick={() => conflict.settle(false)}>{t('draft.take_theirs')}</button><button type="button" onClick={() => conflict.settle(true)}>{t('draft.keep_mine')}</button></div> : null}
      {since.length > 0 ? <Banner tone="warn" icon="info" role="status" action={t('composer.seen')} onAction={hadRead}>{t('composer.changed', { n: since.length, name: since.at(-1)!.author?.name || since.at(-1)!.from?.name || since.at(-1)!.from?.address || '' })}</Banner> : null}
      {held.by ? <Held ticketId={ticketId} by={held.by} taken={held.taken} /> : null}
      {typing.length > 0 ? <Banner tone="accent" icon="user" role="status">{t('presence.typing', { name: typing.map((o) => o.name).join(', ') })}</Banner> : null}
      {live ? null : comment ? <p className={s.internal}>{t('composer.internal')}</p> : (
        <div className={s.fields}>
          <div className={s.fieldLine}><Recipients label={t('message.to')} value={to} autoFocus={forward && to.length === 0} onChange={(v) => change({ to: v })} />
            {can.cc === false || wide || body.cc.length + body.bcc.length > 0 ? null : <button type="button" className={s.ccButton} onClick={() => setWide(true)}>{t('composer.cc_bcc')}</button>}</div>
          {can.cc !== false && (wide || body.cc.length > 0) ? <div className={s.fieldLine}><Recipients label={t('message.cc')} value={body.cc} onChange={(v) => change({ cc: v })} /></div> : null}
          {can.cc !== false && (wide || body.bcc.length > 0) ? <div className={s.fieldLine}><Recipients label={t('message.bcc')} value={body.bcc} onChange={(v) => change({ bcc: v })} /></div> : null}
          {can.subject !== false && (wide || forward) ? <label className={s.fieldLine}><span className={s.fieldLabel}>{t('message.subject')}</span><input className={s.subject} value={body.subject} onChange={(e) => change({ subject: e.currentTarget.value })} /></label> : null}
        </div>
      )}
      <Editor
        value={body.html} label={t(comment ? 'composer.comment_label' : forward ? 'composer.forward_label' : 'composer.reply_label')} placeholder={t(comment ? 'composer.comment_hint' : forward ? 'composer.forward_hint' : 'composer.reply_hint')} autoFocus={wanted > 0 && !(forward && to.length === 0)} handle={editor}
        mentionable={comment ? mentionable : []} findPeople={findPeople} onPerson={(p) => { if (!to.some((x) => x.address.toLowerCase() === p.id.toLowerCase())) change({ to: [...to, { address: p.id, name: p.name }] }) }} snippets={snippets} emoji
        onChange={(v) => {
          setProblem('')
          if (ticketId) announceTyping(ticketId, 'ticket', comment)
          else if (live) announceTyping(thread.id, 'thread')
          change({ html: v.html, text: v.text, mentions: comment ? v.mentions.filter((x) => !x.startsWith('team:')) : [], teamMentions: v.mentions.filter((x) => x.startsWith('team:')).map((x) => x.slice(5)), begunAt: body.begunAt || newest || new Date().toISOString() })
        }}
        enterSends={live && enter} onSubmit={() => (asking ? send(asking, true) : send())} onEscape={onClose} onFiles={(f) => files.add(f, true)}
      />
      {live && can.quick_replies ? <ChatFields quick={quick} onQuick={setQuick} enter={enter} onEnter={setEnter} /> : null}
      {forward ? <Passed message={messages.find((m) => m.id === forwardOf)} /> : null}
      {body.macro && ticketId && !comment ? <p className={s.macro}><Icon name="bolt" size={13} /><span>{t('macro.will', { does: body.macro.does })}</span><button type="button" aria-label={t('composer.remove', { name: body.macro.name })} onClick={() => change({ macro: undefined })}><Icon name="x" size={12} /></button></p> : null}
      <FileRow files={body.attachments} uploads={files.list} links={comment ? undefined : asLinks(body.attachments, body.html, can)} linkDays={can.link_days} onRemove={(id) => change(without(latest.current, id))} onRetry={files.retry} onCancel={files.cancel} />
      {problem ? <p className={s.problem} role="alert">{problem}</p> : null}
      {left !== null && left < 200 ? <p className={left < 0 ? s.problem : s.hint} role="status">{t('composer.left', { n: left })}</p> : null}
      <Cautions list={[...(asking && since.length > 0 ? [{ key: 'since', text: t('caution.changed', { n: since.length }), grave: true }] : []), ...(asking && held.by ? [{ key: 'held', text: t('held.caution', { name: held.by }), grave: true }] : []), ...cautions]} asking={!!asking} onGo={() => { passOver(new Set([...passedOver, ...cautions.map((c) => c.key)])); send(asking ?? {}, true) }} onBack={() => { ask(null); editor.current?.focus() }} />
      <Foot
        ticket={ticket} comment={comment} later={!comment} state={state} from={live ? undefined : way ?? thread.account} canAttach={can.attachments !== false || comment} onFiles={(f) => files.add(f)} onSend={(how) => send(how)} discardable={!isEmpty(body)}
        tools={<SnippetMenu ticketId={ticketId} comment={comment} onUse={useText} />} onDiscard={() => { clear(); onClose() }}
      />
    </div>
  )
}

/** The message that goes along below, in one line. */
function Passed({ message: m }: { message: Message | undefined }) {
  if (!m) return null
  return <p className={s.passed}><Icon name="forward" size={13} /><span className="k-cut">{t('composer.passes_on', { name: m.author?.name || m.from.name || m.from.address, text: m.text.slice(0, 120) || m.subject })}</span></p>
}

const same = (a: Party[], b: Party[]) => a.length === b.length && a.every((p, i) => p.address === b[i]!.address)
