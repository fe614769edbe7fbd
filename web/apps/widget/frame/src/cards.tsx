// What is asked or told beside the messages: agreement, address, rating, the end, the transcript.

import { useRef, useState } from 'preact/hooks'
import { Problem } from './api.ts'
import { useChat } from './context.tsx'
import { Icon } from './icons.tsx'
import { isEmail } from './model.ts'
import { Linked } from './rich.tsx'

const wordOf = (err: unknown) => (err instanceof Problem && err.message && !err.unreachable ? err.message : '')

export function ConsentCard() {
  const { chat, s, t } = useChat()
  const c = s.hello!.flow!.consent!
  return (
    <section class="card consent" aria-labelledby="consent">
      <h2 id="consent"><Icon name="shield" size={18} /> {t('consent.title')}</h2>
      <p dir="auto"><Linked text={c.text} /></p>
      <div class="buttons">
        <button type="button" class="button main" onClick={() => chat.agreement.answer(true)}>{t('consent.yes')}</button>
        <button type="button" class="button" onClick={() => chat.agreement.answer(false)}>{t('consent.no')}</button>
      </div>
    </section>
  )
}

export function Declined() {
  const { chat, s, t } = useChat()
  return (
    <section class="card" role="status">
      <p dir="auto">{s.hello?.flow?.consent?.declined || t('consent.declined')}</p>
      <button type="button" class="plain" onClick={chat.agreement.reconsider}>{t('consent.again')}</button>
    </section>
  )
}

export function CaptureCard() {
  const { chat, s, t } = useChat()
  const capture = s.hello!.flow!.capture
  const [email, setEmail] = useState('')
  const [name, setName] = useState('')
  const [fault, say] = useState('')
  const [busy, wait] = useState(false)
  const box = useRef<HTMLInputElement>(null)
  const submit = async (e: Event) => {
    e.preventDefault()
    if (!isEmail(email.trim())) { say(t(email.trim() ? 'answer.email' : 'answer.required')); box.current?.focus(); return }
    wait(true)
    try { await chat.profile({ name: name.trim(), email: email.trim() }) } catch (err) { say(wordOf(err) || t('failed')) }
    wait(false)
  }
  return (
    <form class="card" noValidate aria-labelledby="capture" onSubmit={(e) => void submit(e)}>
      <h2 id="capture"><Icon name="mail" size={18} /> {t('capture.title')}</h2>
      <p class="hint">{t('capture.why')}</p>
      {capture.name && <label>{t('capture.name')}<input value={name} autocomplete="name" maxLength={200} dir="auto" onInput={(e) => setName(e.currentTarget.value)} /></label>}
      <label>{t('capture.email')}
        <input ref={box} type="email" inputMode="email" autocomplete="email" required value={email} dir="auto" maxLength={254} aria-invalid={!!fault} aria-describedby={fault ? 'capture-fault' : undefined} onInput={(e) => { setEmail(e.currentTarget.value); say('') }} />
      </label>
      {fault && <p class="fault" id="capture-fault" role="alert">{fault}</p>}
      <div class="buttons">
        <button type="submit" class="button main" disabled={busy}>{t('capture.save')}</button>
        {!capture.required && <button type="button" class="button" onClick={chat.skipCapture}>{t('capture.skip')}</button>}
      </div>
    </form>
  )
}

export function Rating({ done }: { done: () => void }) {
  const { chat, t } = useChat()
  const [score, choose] = useState(0)
  const [comment, set] = useState('')
  const [state, go] = useState<'' | 'busy' | 'sent' | 'failed'>('')
  const faces = [['😞', 'rate.1'], ['😐', 'rate.2'], ['😊', 'rate.3']] as const
  const send = async () => {
    go('busy')
    try { await chat.rate(score, comment.trim()); go('sent'); setTimeout(done, 2500) } catch { go('failed') }
  }
  if (state === 'sent') return <section class="card" role="status"><p>{t('rate.thanks')}</p></section>
  return (
    <section class="card" aria-labelledby="rate">
      <h2 id="rate">{t('rate.title')}</h2>
      <div class="faces-row" role="radiogroup" aria-labelledby="rate" onKeyDown={(e) => {
        const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key]
        if (!by) return
        e.preventDefault()
        const rtl = document.documentElement.dir === 'rtl' && e.key.endsWith('t') ? -1 : 1
        const n = ((score || (by > 0 ? 0 : 1)) - 1 + by * rtl + 3) % 3 + 1
        choose(n)
        ;(e.currentTarget.children[n - 1] as HTMLElement).focus()
      }}>
        {faces.map(([face, key], i) => <button key={key} type="button" role="radio" aria-checked={score === i + 1} aria-label={t(key)} tabIndex={score === i + 1 || (score === 0 && i === 0) ? 0 : -1} onClick={() => choose(i + 1)}><span aria-hidden="true">{face}</span></button>)}
      </div>
      {score > 0 && (
        <>
          <label>{t('rate.comment')}<textarea rows={2} value={comment} maxLength={2000} dir="auto" onInput={(e) => set(e.currentTarget.value)} /></label>
          {state === 'failed' && <p class="fault" role="alert">{t('failed')}</p>}
          <div class="buttons"><button type="button" class="button main" disabled={state === 'busy'} onClick={() => void send()}>{t('rate.send')}</button></div>
        </>
      )}
    </section>
  )
}

/** A question over the conversation: whether to end it, or where its transcript should go. */
export function Sheet({ kind, close }: { kind: 'end' | 'transcript'; close: () => void }) {
  const { chat, s, t } = useChat()
  const [email, set] = useState(s.gave)
  const [fault, say] = useState('')
  const [state, go] = useState<'' | 'busy' | 'sent'>('')
  const submit = async (e: Event) => {
    e.preventDefault()
    if (state === 'busy') return
    if (kind === 'transcript' && !(s.known && !email.trim()) && !isEmail(email.trim())) { say(t('answer.email')); return }
    go('busy')
    try {
      if (kind === 'end') { await chat.end(); return close() }
      await chat.transcript(email.trim())
      go('sent')
    } catch (err) { say(wordOf(err) || t('failed')); go('') }
  }
  const id = `sheet-${kind}`
  return (
    <dialog class="sheet" aria-labelledby={id} ref={(d) => { if (d && !d.open) d.showModal() }} onClose={close} onKeyDown={(e) => e.stopPropagation()} onClick={(e) => { if (e.target === e.currentTarget) close() }}>
      <form noValidate onSubmit={(e) => void submit(e)}>
        <h2 id={id}>{kind === 'end' ? t('end.title') : t('transcript.title')}</h2>
        {state === 'sent' ? <p role="status">{email.trim() ? t('transcript.sent', { email: email.trim() }) : t('transcript.sent.known')}</p> : kind === 'end' ? <p>{t('end.text')}</p> : (
          <label>{t('capture.email')}<input type="email" inputMode="email" autocomplete="email" value={email} dir="auto" maxLength={254} aria-invalid={!!fault} aria-describedby={fault ? 'sheet-fault' : undefined} onInput={(e) => { set(e.currentTarget.value); say('') }} />{s.known && <small class="hint">{t('transcript.known')}</small>}</label>
        )}
        {fault && <p class="fault" id="sheet-fault" role="alert">{fault}</p>}
        <div class="buttons">
          {state === 'sent' ? <button type="button" class="button main" onClick={close}>{t('done')}</button> : (
            <>
              <button type="submit" class="button main" disabled={state === 'busy'}>{kind === 'end' ? t('end.yes') : t('transcript.send')}</button>
              <button type="button" class="button" onClick={close}>{t('cancel')}</button>
            </>
          )}
        </div>
      </form>
    </dialog>
  )
}
