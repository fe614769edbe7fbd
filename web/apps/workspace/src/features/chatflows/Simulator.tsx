import { ActionIcon, Button, NativeSelect, Switch, Tabs, TextInput } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Banner, Icon } from '@kanal/ui'
import { useBusinessHours } from '@/features/hours/index.ts'
import { Outcome, type Tried } from '@/features/routing/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { useAppearance } from '@/shell/appearance.ts'
import { useDesk } from './context.ts'
import { stepTitle } from './describe.ts'
import { FramePreview, helloOf } from './FramePreview.tsx'
import { languageName, languagesOf, widgetLanguages } from './languages.ts'
import { useTalk, type Ask, type Button as Reply, type Env, type Said, type Talk } from './simulate.ts'
import s from './simulator.module.css'

/** Where the conversation stands and which steps and lines it went through. */
export interface Trail { at: string | null; passed: ReadonlySet<string> }

/** The conversation as it would be, by the same engine that talks to visitors. Nothing leaves: what would be sent or set is told. */
export function Simulator({ onTrail, onClose, onShow }: { onTrail(trail: Trail): void; onClose?: () => void; onShow(step: string): void }) {
  const { editor, account, lang } = useDesk()
  const { def } = editor
  const [env, setEnv] = useState<Env>({ language: def.language && def.language !== 'auto' ? def.language : lang, known: false, availability: 'available', page_url: 'https://www.example.com/' })
  const asked = useMemo(() => [...new Set((def.steps ?? []).flatMap((x) => (x.type === 'branch' ? (x.cases ?? []).flatMap((c) => c.when.filter((w) => w.on === 'hours').map((w) => w.name ?? '')) : [])))], [def.steps])
  const named = useBusinessHours()
  const told = useMemo<Env>(() => ({ ...env, ...(env.known ? { contact: { first_name: 'Ida', last_name: 'Holm', name: 'Ida Holm', email: 'ida@example.com' } } : {}) }), [env])
  const { talk, busy, error, restart, step } = useTalk(def, told, account)
  const over = talk.state.over || ''
  const at = over ? null : (talk.state.at ?? null)
  useEffect(() => onTrail({ at, passed: talk.passed }), [at, talk.passed])
  const set = (part: Partial<Env>) => setEnv({ ...env, ...part })
  const last = talk.said.findLast((x) => x.from === 'bot')
  const open = !over && talk.state.wait === 'answer' && last && talk.said.at(-1) === last ? last : null
  const say = (text: string, quick: { step: string; value: string; label: string } | null, files: string[] = []) => {
    if (files.length) void step({ type: 'file', files, text }, false, files.join(', '))
    else void step({ type: 'answered', text: quick ? quick.label : text, ...(quick ? { quick } : {}) }, false, quick ? quick.label : text)
  }
  const languages = [...new Set([...languagesOf(def), ...widgetLanguages])]
  return (
    <section className={s.sim} aria-label={t('flow.test')} data-simulator>
      <header className={s.head}>
        {onClose ? <h2>{t('flow.test')}</h2> : <span />}
        <Button variant="default" leftSection={<Icon name="refresh" size={14} />} onClick={() => void restart()}>{t('sim.restart')}</Button>
        {onClose ? <ActionIcon aria-label={t('sim.close')} onClick={onClose}><Icon name="x" size={14} /></ActionIcon> : null}
      </header>
      <details className={s.env}>
        <summary>{t('sim.env')}: <span>{[t(`flow.state.${env.availability}` as Key), languageName(env.language), t(env.known ? 'sim.known' : 'sim.unknown')].join(' · ')}</span></summary>
        <div className={s.envFields}>
          <NativeSelect label={t('sim.availability')} value={env.availability} data={['available', 'away', 'offline', 'capacity'].map((v) => ({ value: v, label: t(`flow.state.${v}` as Key) }))} onChange={(e) => set({ availability: e.currentTarget.value })} />
          <NativeSelect label={t('sim.language')} value={env.language} data={languages.map((v) => ({ value: v, label: languageName(v) }))} onChange={(e) => set({ language: e.currentTarget.value })} />
          <TextInput label={t('sim.page')} value={env.page_url} onChange={(e) => set({ page_url: e.currentTarget.value })} />
          {asked.map((x) => <NativeSelect key={x} label={x ? (named.find((h) => h.slug === x)?.name ?? x) : t('flow.hours_channel')} value={env.hours?.[x] ?? 'open'} data={(['open', 'closed'] as const).map((v) => ({ value: v, label: t(`flow.hours.${v}` as Key) }))} onChange={(e) => set({ hours: { ...env.hours, [x]: e.currentTarget.value } })} />)}
          <Switch label={t('sim.known_visitor')} checked={env.known} onChange={(e) => set({ known: e.currentTarget.checked })} />
        </div>
      </details>
      {error ? <Banner tone="danger" icon="warn" role="alert" action={t('action.retry')} onAction={() => void restart()}>{sentence(error)}</Banner> : null}
      <Tabs defaultValue="chat" className={s.tabs!} keepMounted={false}>
        <Tabs.List><Tabs.Tab value="chat">{t('sim.chat')}</Tabs.Tab><Tabs.Tab value="log">{t('sim.log', { n: talk.noted.length })}</Tabs.Tab></Tabs.List>
        <Tabs.Panel value="chat" className={s.panel!}>
          <Chat talk={talk} open={open} busy={busy} hello={helloOf(account, def, 'bot', env.language, env.availability, env.known, '')} onSay={say} onRestart={() => void restart()} />
        </Tabs.Panel>
        <Tabs.Panel value="log" className={s.panel!}><Log talk={talk} onShow={onShow} /></Tabs.Panel>
      </Tabs>
      <p className={s.where} role="status">
        {over ? t(`sim.over.${over}` as Key) : at ? <>{t('sim.at')} <button type="button" onClick={() => onShow(at)}>{stepTitle((def.steps ?? []).find((x) => x.id === at) ?? { id: at, type: 'message', x: 0, y: 0 })} ({at})</button></> : busy ? t('state.loading') : ''}
      </p>
      {talk.state.wait === 'timer' && !over ? <Button variant="default" leftSection={<Icon name="clock" size={14} />} onClick={() => void step({ type: 'timer' })}>{t('sim.skip_wait')}</Button> : null}
      {talk.state.wait === 'webhook' && !over ? <Webhook onAnswer={(ok, body) => void step({ type: 'webhook_result', ok, status: ok ? 200 : 500, body })} /> : null}
    </section>
  )
}

/** What the called server would answer. */
function Webhook({ onAnswer }: { onAnswer(ok: boolean, body: string): void }) {
  const [body, setBody] = useState('{}')
  return <div className={s.webhook}><TextInput label={t('sim.webhook_answer')} value={body} onChange={(e) => setBody(e.currentTarget.value)} /><Button variant="default" onClick={() => onAnswer(true, body)}>{t('sim.webhook_ok')}</Button><Button variant="default" onClick={() => onAnswer(false, body)}>{t('sim.webhook_fail')}</Button></div>
}

/** CF-12: who would get it now, with the reasons to open. */
function Who({ tried }: { tried: Tried }) {
  const owner = (tried.assignment.candidates ?? []).find((c) => c.chosen)
  return <details className={s.who} data-who={owner?.name ?? ''}><summary>{owner ? t('routing.try_gets', { name: owner.name }) : t('sim.who_nobody')}</summary><Outcome got={tried} /></details>
}

function Log({ talk, onShow }: { talk: Talk; onShow(step: string): void }) {
  const answers = Object.entries(talk.state.answers ?? {})
  const known = Object.entries(talk.state.known ?? {})
  return (
    <div className={s.log} tabIndex={0} role="group" aria-label={t('sim.log', { n: talk.noted.length })}>
      {talk.noted.length ? <ol>{talk.noted.map((x) => <li key={x.id} data-tone={x.tone}>{x.step ? <button type="button" onClick={() => onShow(x.step)}>{x.step}</button> : null}<span>{x.text}{x.tried ? <Who tried={x.tried} /> : null}</span></li>)}</ol> : <p className={s.hint}>{t('sim.log_empty')}</p>}
      {answers.length || known.length ? <><h3>{t('sim.values')}</h3><dl>{answers.map(([k, v]) => <div key={k}><dt>{`answer.${k}`}</dt><dd>{v.text || v.value}</dd></div>)}{known.map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl></> : null}
    </div>
  )
}

function Chat({ talk, open, busy, hello, onSay, onRestart }: { talk: Talk; open: Said | null; busy: boolean; hello: ReturnType<typeof helloOf>; onSay(text: string, quick: { step: string; value: string; label: string } | null, files?: string[]): void; onRestart(): void }) {
  const dark = useAppearance() && document.documentElement.dataset.mantineColorScheme === 'dark'
  const state = useMemo(() => ({
    hello, view: 'chat' as const, scheme: dark ? 'dark' as const : 'light' as const, typing: busy ? { name: hello.heading.name, avatar: '' } : null,
    threads: [{ id: 'sim', open: !talk.state.over, bot: true, with: null, last_at: talk.said.at(-1)?.at ?? '', preview: '', unread: 0, rated: false, can_rate: false, created_at: talk.said[0]?.at ?? '' }],
    messages: talk.said.map((m) => ({
      id: String(m.id), thread_id: 'sim', kind: 'message' as const, from: m.from, author: m.from === 'bot' ? { name: hello.heading.name, avatar: hello.heading.avatar } : null, text: m.link ? [m.text, m.link.label, m.link.url].filter(Boolean).join('\n') : m.text, html: '',
      files: m.image ? [{ id: `i${m.id}`, name: '', type: 'image/*', size: 0, url: m.image, image: true, width: 0, height: 0 }] : [],
      quick: m === open || m.quick.some((q) => q.url) ? m.quick.map((q) => ({ label: q.label, value: q.value ?? '', url: q.url ?? '', step: q.step ?? m.step })) : [],
      input: m === open && m.input ? { step: m.input.step, answer: m.input.answer as 'text', required: !!m.input.required, choices: (m.input.choices ?? []).map((c) => ({ label: c.label, value: c.value ?? c.label })), placeholder: '' } : null,
      at: m.at, client_id: '', status: 'read' as const,
    })),
  }), [talk, open, busy, dark, hello.texts.locale, hello.availability.state, hello.account.color])
  return (
    <FramePreview
      title={t('sim.frame')} state={state} fallback={<Bubbles talk={talk} open={open} busy={busy} onSay={onSay} />}
      onAct={(act) => { if (act.kind === 'send') onSay(act.text, act.quick, act.files.map((f) => f.name)); if (act.kind === 'new') onRestart() }}
    />
  )
}

/** The same conversation, plainly: where the frame cannot be shown. */
function Bubbles({ talk, open, busy, onSay }: { talk: Talk; open: Said | null; busy: boolean; onSay(text: string, quick: { step: string; value: string; label: string } | null, files?: string[]): void }) {
  const [text, setText] = useState('')
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => end.current?.scrollIntoView({ block: 'end' }), [talk.said.length])
  const press = (q: Reply, input: Ask | null) => onSay('', { step: q.step || input?.step || open?.step || '', value: q.value ?? q.label, label: q.label })
  const send = (e: React.FormEvent) => { e.preventDefault(); if (!text.trim()) return; onSay(text.trim(), null); setText('') }
  return (
    <div className={s.chat}>
      <div className={s.bubbles} role="log" aria-label={t('sim.chat')} tabIndex={0}>
        {talk.said.map((m) => (
          <div key={m.id} className={s.bubble} data-from={m.from}>
            <span className="k-hidden">{t(m.from === 'bot' ? 'sim.bot' : 'sim.visitor')}: </span>
            {m.image ? <img src={m.image} alt="" /> : null}
            <span dir="auto">{m.text}</span>
            {m.link ? <a href={m.link.url} target="_blank" rel="noreferrer">{m.link.label || m.link.url}</a> : null}
            {m.quick.filter((q) => q.url).map((q) => <a key={q.url} href={q.url} target="_blank" rel="noreferrer">{q.label}</a>)}
          </div>
        ))}
        {open ? <div className={s.quick}>{[...open.quick.filter((q) => !q.url), ...(open.input?.choices ?? [])].map((q) => <button key={q.label} type="button" onClick={() => press(q, open.input)}>{q.label}</button>)}</div> : null}
        {busy ? <p className={s.hint}>{t('sim.typing')}</p> : null}
        <div ref={end} />
      </div>
      <form className={s.write} onSubmit={send}>
        <TextInput aria-label={t('sim.write')} placeholder={t('sim.write')} value={text} disabled={!!talk.state.over} onChange={(e) => setText(e.currentTarget.value)} />
        {open?.input?.answer === 'file' ? <Button variant="default" onClick={() => onSay('', null, ['photo.jpg'])}>{t('sim.file')}</Button> : null}
        <Button type="submit" disabled={!!talk.state.over || !text.trim()}>{t('sim.send')}</Button>
      </form>
    </div>
  )
}
