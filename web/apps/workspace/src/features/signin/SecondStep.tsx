import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { post, type Enrolment, type SignInAnswer, type SignInNeeds } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { Enrol } from './Enrol.tsx'
import { OtherWays } from './OtherWays.tsx'
import { Recovery } from './Recovery.tsx'
import s from './signin.module.css'

/** What is asked after a password: a code, a passkey, or to set up a second factor first. */
export function SecondStep({ attempt, needs, onDone, onBack }: { attempt: string; needs: SignInNeeds; onDone(): void; onBack(): void }) {
  const [codes, setCodes] = useState<string[]>([])
  if (codes.length) return <Recovery codes={codes} onDone={onDone} />
  if (needs === 'enrol') {
    return (
      <>
        <p className={s.text}>{t('factor.asked')}</p>
        <Enrol begin={() => post<Enrolment>('/api/session/enrol', { attempt })} confirm={async (code) => setCodes((await post<SignInAnswer>('/api/session/enrol/confirm', { attempt, code })).recovery_codes ?? [])} onCancel={onBack} />
      </>
    )
  }
  if (needs === 'passkey') return <><p className={s.text}>{t('factor.passkey_asked')}</p><OtherWays onDone={onDone} only /><Button variant="default" onClick={onBack}>{t('action.back')}</Button></>
  return <Code attempt={attempt} onDone={onDone} onBack={onBack} />
}

function Code({ attempt, onDone, onBack }: { attempt: string; onDone(): void; onBack(): void }) {
  const [code, setCode] = useState('')
  const [lost, setLost] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try { await post('/api/session/code', { attempt, code }); onDone() } catch (err) { setError(err); setBusy(false) }
  }
  const field = fieldOf(error, 'code')
  return (
    <form className={s.form} onSubmit={submit}>
      {error && !field ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <TextInput key={String(lost)} label={t(lost ? 'factor.recovery_code' : 'factor.code')} description={t(lost ? 'factor.recovery_code_text' : 'factor.code_text')} value={code} onChange={(e) => setCode(e.currentTarget.value)} error={field} autoFocus required
        {...(lost ? { autoComplete: 'off' } : { inputMode: 'numeric' as const, autoComplete: 'one-time-code' })} />
      <Button type="submit" loading={busy}>{t('signin.submit')}</Button>
      <div className={s.line}>
        <Button variant="subtle" onClick={() => { setLost(!lost); setCode(''); setError(null) }}>{t(lost ? 'factor.have_app' : 'factor.lost')}</Button>
        <span className={s.space} />
        <Button variant="default" onClick={onBack}>{t('action.back')}</Button>
      </div>
    </form>
  )
}
