import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useRef, useState } from 'react'
import { get, post, request, type ChannelAccount, type Message, type Page, type Snippet, type Ticket } from '@kanal/api'
import { Banner, EmptyState, Icon } from '@kanal/ui'
import { isEmpty, without, writeLocal, type DraftBody } from '@/features/composer/index.ts'
import { Cautions, FileRow, Foot, Recipients, SnippetMenu, render, useCautions, useDraft, useSnippetSource, useUploads, type SendHow } from '@/features/writing/index.ts'
import { Editor, type EditorHandle } from '@/features/editor/index.ts'
import { useSession } from '@/features/session/index.ts'
import { useSpecs } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import s from './compose.module.css'

const fresh = (): DraftBody => ({ html: '', text: '', to: [], cc: [], bcc: [], subject: '', attachments: [], mentions: [], begunAt: '' })
const noLimits = { each: 0, all: 0, types: [] as string[] }

/** EM-11: a new message to anybody; sending it opens a ticket. */
export function ComposePage() {
  const session = useSession()
  const navigate = useNavigate()
  const specs = useSpecs()
  const accounts = useQuery({ queryKey: ['channel-accounts', 'sendable'], queryFn: async () => { const b = await get<Page<ChannelAccount> | ChannelAccount[]>('/api/channel-accounts'); return Array.isArray(b) ? b : (b.items ?? []) } })
  const usable = (accounts.data ?? []).filter((a) => a.active && (specs.length === 0 || specs.find((x) => x.channel === a.channel)?.can.start))
  const [account, setAccount] = useState<string | null>(null)
  const from = usable.find((a) => a.id === (account ?? localStorage.getItem('kanal.compose.from'))) ?? usable.find((a) => !a.fallback) ?? usable[0]
  const { body, change, clear, state, conflict } = useDraft({ user: session.user.id, ticket: '', thread: '', type: 'new' }, null, useCallback(fresh, []))
  const [cc, setCc] = useState(false)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const key = useRef('')
  const editor = useRef<EditorHandle | null>(null)
  const latest = useRef(body)
  latest.current = body
  const files = useUploads(noLimits, (a, inline) => {
    change({ attachments: [...latest.current.attachments, { id: a.id, name: a.name, size: a.size, type: a.type }] })
    if (inline) editor.current?.insertImage(`/api/attachments/${a.id}?inline=1`, a.name)
  })
  const [asking, ask] = useState<SendHow | null>(null)
  const [over, setOver] = useState<ReadonlySet<string>>(new Set())
  const cautions = useCautions({ thread: '', to: body.to, cc: body.cc, bcc: body.bcc, files: body.attachments.length > 0, forward: false, text: `${body.subject} ${body.text}`, off: false }).filter((c) => !over.has(c.key))
  const snippets = useSnippetSource({ email: body.to[0]?.address })
  const send = async (how: SendHow = {}, anyway = false) => {
    if (files.list.some((u) => !u.error)) return setError(t('composer.wait_upload'))
    if (!from) return setError(t('compose.no_account'))
    if (body.to.length === 0) return setError(t('composer.no_recipient'))
    if (isEmpty(body)) return setError(t('composer.empty'))
    if (!anyway && cautions.length > 0) return ask(how)
    ask(null)
    setBusy(true)
    setError('')
    key.current ||= [...crypto.getRandomValues(new Uint8Array(16))].map((x) => x.toString(16).padStart(2, '0')).join('')
    try {
      const r = await request<{ ticket: Ticket | null; message: Message | null } & Partial<Ticket>>('POST', '/api/tickets', {
        body: { channel_account_id: from.id, to: body.to, cc: body.cc, bcc: body.bcc, subject: body.subject, html: body.html, text: body.text, attachments: body.attachments.map((a) => a.id), ...(how.at ? { send_at: how.at.toISOString(), only_if_quiet: how.ifQuiet ?? false } : { undo: true }) },
        headers: { 'Idempotency-Key': key.current },
      })
      localStorage.setItem('kanal.compose.from', from.id)
      clear()
      const m = r.message
      if (m?.send_rule === 'undo') toast(t('undo.sending'), { action: { label: t('action.undo_send'), run: () => void takeBack(m.id, body) } })
      else if (m?.send_at && how.at) toast(t('undo.scheduled', { time: dateTime(m.send_at) }), { action: { label: t('undo.show_all'), run: () => void navigate({ to: '/scheduled' }) } })
      const ticketId = r.ticket?.id ?? r.id
      if (ticketId) await navigate({ to: '/tickets/$view/$ticketId', params: { view: 'open', ticketId } })
      else await navigate({ to: '/conversation/$threadId', params: { threadId: r.message!.thread_id } })
    } catch (err) { setError(sentence(err)); setBusy(false) }
  }
  const takeBack = async (id: string, was: DraftBody) => {
    try { await post(`/api/messages/${id}/cancel`); writeLocal({ user: session.user.id, ticket: '', thread: '', type: 'new' }, was); await navigate({ to: '/compose' }) } catch (err) { toastError(err) }
  }
  const useText = (x: Snippet) => void render(x, { email: body.to[0]?.address }).then((r) => {
    if (r.subject && !latest.current.subject) change({ subject: r.subject })
    if (r.html) editor.current?.insertHtml(r.html)
  }).catch(toastError)
  if (accounts.data && usable.length === 0) {
    return <main className={s.page} id="main"><EmptyState icon="plug" title={t('compose.no_account')} text={t('compose.no_account_text')}><Button variant="default" onClick={() => void navigate({ to: '/settings/$', params: { _splat: 'help-desk/channels' } })}>{t('channels.connect')}</Button></EmptyState></main>
  }
  return (
    <main className={s.page} id="main">
      <div className={s.card}>
        <h1>{t('compose.title')}</h1>
        {error ? <Banner tone="danger" icon="warn" role="alert">{error}</Banner> : null}
        <div className={s.lines}>
          <label className={s.line}><span className={s.label}>{t('message.from')}</span>
            <Select variant="unstyled" size="sm" className={s.grow} aria-label={t('message.from')} data={usable.map((a) => ({ value: a.id, label: `${a.name} <${a.delivery_identifier}>` }))} value={from?.id ?? null} onChange={setAccount} allowDeselect={false} /></label>
          <div className={s.line}><Recipients label={t('message.to')} value={body.to} onChange={(v) => change({ to: v })} autoFocus />{cc ? null : <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setCc(true)}>{t('composer.cc_bcc')}</Button>}</div>
          {cc || body.cc.length ? <div className={s.line}><Recipients label={t('message.cc')} value={body.cc} onChange={(v) => change({ cc: v })} /></div> : null}
          {cc || body.bcc.length ? <div className={s.line}><Recipients label={t('message.bcc')} value={body.bcc} onChange={(v) => change({ bcc: v })} /></div> : null}
          <label className={s.line}><span className={s.label}>{t('message.subject')}</span><TextInput variant="unstyled" size="sm" className={s.grow} value={body.subject} onChange={(e) => change({ subject: e.currentTarget.value })} /></label>
        </div>
        <Editor value={body.html} label={t('compose.body')} placeholder={t('compose.write')} handle={editor} minHeight={220} onChange={(v) => change({ html: v.html, text: v.text, begunAt: body.begunAt || new Date().toISOString() })} onSubmit={() => void (asking ? send(asking, true) : send())} snippets={snippets} emoji onFiles={(f) => files.add(f, true)} />
        <FileRow files={body.attachments} uploads={files.list} onRemove={(id) => change(without(latest.current, id))} onRetry={files.retry} onCancel={files.cancel} />
        {busy ? <span className="k-hidden" role="status">{t('pending.sending')}</span> : null}
        {conflict ? <Banner tone="warn" icon="warn" action={t('draft.keep_mine')} onAction={() => conflict.settle(true)}>{t('draft.conflict')}</Banner> : null}
        <Cautions list={cautions} asking={!!asking} onGo={() => { setOver(new Set([...over, ...cautions.map((c) => c.key)])); void send(asking ?? {}, true) }} onBack={() => ask(null)} />
        <Foot ticket={null} comment={false} later state={state} from={undefined} canAttach tools={<SnippetMenu ticketId="" comment={false} onUse={useText} />} onFiles={(f) => files.add(f)} onSend={(how) => { if (!busy) void send(how) }} onDiscard={clear} discardable={!isEmpty(body)} />
        <p className={s.hint}><Icon name="info" size={13} /> {t('compose.hint')}</p>
      </div>
    </main>
  )
}
