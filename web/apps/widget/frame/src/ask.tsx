// A question with an answer of a certain kind: checked here before it leaves, and again by the server.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Ask, Msg } from '../../shared/types.ts'
import { useChat } from './context.tsx'
import { Icon } from './icons.tsx'
import { faultOf, type Fault } from './model.ts'

/** These take the place of what one writes into; the others are buttons above it. */
export const takesLine = (a: Ask | null | undefined) => !!a && ['email', 'phone', 'number', 'date', 'url'].includes(a.answer)

const kinds: Record<string, { type: 'email' | 'tel' | 'text' | 'date' | 'url'; inputMode?: 'email' | 'tel' | 'decimal' | 'url'; autocomplete?: string }> = {
  email: { type: 'email', inputMode: 'email', autocomplete: 'email' }, phone: { type: 'tel', inputMode: 'tel', autocomplete: 'tel' }, number: { type: 'text', inputMode: 'decimal' }, date: { type: 'date' }, url: { type: 'url', inputMode: 'url', autocomplete: 'url' },
}

export function Line({ m }: { m: Msg }) {
  const { chat, s, t } = useChat()
  const ask = m.input!
  const [value, set] = useState('')
  const [fault, say] = useState<Fault | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const kind = kinds[ask.answer]!
  useEffect(() => { if (s.open && s.focus > 0) input.current?.focus({ preventScroll: true }) }, [s.open, s.focus, m.id])
  const submit = (e: Event) => {
    e.preventDefault()
    const f = faultOf({ ...ask, required: true }, value)
    say(f)
    if (f) { input.current?.focus(); return }
    chat.send(value.trim())
  }
  const name = t(`ask.${ask.answer}` as 'ask.email')
  return (
    <form class="askline" noValidate onSubmit={submit}>
      <div class="row">
        <input ref={input} {...(kind as { type: 'text' })} autocomplete={kind.autocomplete ?? 'off'} value={value} placeholder={ask.placeholder || name} aria-label={ask.placeholder || name} aria-invalid={!!fault} aria-describedby={fault ? 'fault' : undefined}
          enterkeyhint="send" dir={ask.answer === 'date' ? undefined : 'auto'} onInput={(e) => { set(e.currentTarget.value); if (fault) say(null) }} />
        <button type="submit" class="send" aria-label={t('send')}><Icon name="send" flip /></button>
      </div>
      {fault && <p class="fault" id="fault" role="alert">{t(fault)}</p>}
      {!ask.required && <button type="button" class="plain" onClick={() => chat.send(t('answer.skip'), { step: ask.step, value: '', label: t('answer.skip') })}>{t('answer.skip')}</button>}
    </form>
  )
}

export function Choices({ m }: { m: Msg }) {
  const { chat, s, t } = useChat()
  const ask = m.input!
  const file = useRef<HTMLInputElement>(null)
  if (ask.answer === 'file') {
    if (!s.hello?.files.enabled || s.uploads.length) return null
    return (
      <div class="quick">
        <button type="button" onClick={() => file.current?.click()}><Icon name="file" size={18} /> {ask.placeholder || t('ask.file')}</button>
        <input ref={file} type="file" multiple hidden tabIndex={-1} aria-hidden="true" onChange={(e) => { chat.uploads.add(e.currentTarget.files ?? []); e.currentTarget.value = '' }} />
        {!ask.required && <button type="button" onClick={() => chat.send(t('answer.skip'), { step: ask.step, value: '', label: t('answer.skip') })}>{t('answer.skip')}</button>}
      </div>
    )
  }
  const choices = ask.answer === 'yes_no' && !ask.choices?.length ? [{ label: t('yes'), value: 'yes' }, { label: t('no'), value: 'no' }] : ask.choices ?? []
  if (ask.answer !== 'choice' && ask.answer !== 'yes_no') return null
  return (
    <div class="quick" role="group" aria-label={t('quick')}>
      {choices.map((c) => <button key={c.value || c.label} type="button" onClick={() => chat.send(c.label, { step: ask.step, value: c.value || c.label, label: c.label })}>{c.label}</button>)}
    </div>
  )
}
