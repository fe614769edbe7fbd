import { Button, TextInput } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { type Enrolment } from '@kanal/api'
import { Banner, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { QrCode } from './QrCode.tsx'
import s from './signin.module.css'

/** Sets up an app that counts codes: picture, secret, and a first code as proof. */
export function Enrol({ begin, confirm, onCancel }: { begin(): Promise<Enrolment>; confirm(code: string): Promise<void>; onCancel?(): void }) {
  const [made, setMade] = useState<Enrolment | null>(null)
  const [code, setCode] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => { void begin().then(setMade, setError) }, []) // eslint-disable-line react-hooks/exhaustive-deps
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try { await confirm(code) } catch (err) { setError(err) } finally { setBusy(false) }
  }
  const field = fieldOf(error, 'code')
  return (
    <form className={s.form} onSubmit={submit}>
      {error && !field ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      {made ? (
        <>
          <p className={s.text}>{t('factor.scan')}</p>
          <QrCode rows={made.qr} />
          <p className={s.hint}>{t('factor.type_it')}</p>
          <code className={s.secret}>{made.secret.match(/.{1,4}/g)?.join(' ')}</code>
          <TextInput label={t('factor.code')} description={t('factor.code_text')} value={code} onChange={(e) => setCode(e.currentTarget.value)} error={field} inputMode="numeric" autoComplete="one-time-code" maxLength={7} required />
          <div className={s.line}>{onCancel ? <Button variant="default" onClick={onCancel}>{t('action.cancel')}</Button> : null}<span className={s.space} /><Button type="submit" loading={busy} disabled={code.replaceAll(' ', '').length !== 6}>{t('factor.confirm')}</Button></div>
        </>
      ) : error ? null : <SkeletonLines label={t('state.loading')} />}
    </form>
  )
}
