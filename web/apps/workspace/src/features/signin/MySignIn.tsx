import { Button, Modal, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { del, get, post, type Ceremony, type Enrolment, type Factors } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { fieldOf, sentence, toastError } from '@/shell/errors.ts'
import { ago } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { Enrol } from './Enrol.tsx'
import { Recovery } from './Recovery.tsx'
import { declined, makePasskey, passkeysHere } from './webauthn.ts'
import s from './signin.module.css'

const factorsQuery = { queryKey: ['factors'], queryFn: () => get<Factors>('/api/me/factors') }
const fresh = () => queries.invalidateQueries({ queryKey: factorsQuery.queryKey })

/** One's own second factor, passkeys and accounts at providers. */
export function MySignIn() {
  const q = useQuery(factorsQuery)
  return (
    <SettingsFrame title={t('mysignin.title')} text={t('mysignin.text')} query={q}>
      {q.data ? <><Codes f={q.data} /><Passkeys f={q.data} /><Identities f={q.data} /></> : null}
    </SettingsFrame>
  )
}

function Codes({ f }: { f: Factors }) {
  const [open, setOpen] = useState<'' | 'enrol' | 'remove' | 'renew'>('')
  const [codes, setCodes] = useState<string[]>([])
  const close = () => { setOpen(''); setCodes([]); void fresh() }
  return (
    <section className={s.section} data-setting="factor">
      <h2>{t('factor.title')} {f.code ? <Tag tone="ok">{t('factor.on')}</Tag> : f.required ? <Tag tone="warn">{t('factor.required')}</Tag> : null}</h2>
      <p className={s.text}>{f.code ? t('factor.on_text', { time: ago(f.since!), n: f.recovery_left }) : t('factor.off_text')}</p>
      {f.code && f.recovery_left < 3 ? <Banner tone="warn" icon="warn">{t('factor.few_left', { n: f.recovery_left })}</Banner> : null}
      <div className={s.line}>
        {f.code ? <><Button variant="default" onClick={() => setOpen('renew')}>{t('factor.renew')}</Button><Button variant="subtle" color="red" onClick={() => setOpen('remove')}>{t('factor.remove')}</Button></>
          : <Button onClick={() => setOpen('enrol')}>{t('factor.set_up')}</Button>}
      </div>
      <Modal opened={open !== ''} onClose={close} title={<strong>{t(codes.length ? 'factor.recovery_title' : open === 'remove' ? 'factor.remove' : open === 'renew' ? 'factor.renew' : 'factor.set_up')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
        {codes.length ? <Recovery codes={codes} onDone={close} />
          : open === 'enrol' ? <Enrol begin={() => post<Enrolment>('/api/me/factors/code')} confirm={async (code) => setCodes((await post<{ codes: string[] }>('/api/me/factors/code/confirm', { code })).codes)} onCancel={close} />
            : <WithCode what={open === 'remove' ? 'factor.remove' : 'factor.renew'} danger={open === 'remove'} onCancel={close} onCode={async (code) => {
              if (open === 'remove') { await post('/api/me/factors/code/remove', { code }); toast(t('factor.removed')); close() } else setCodes((await post<{ codes: string[] }>('/api/me/factors/recovery', { code })).codes)
            }} />}
      </Modal>
    </section>
  )
}

/** Something that takes a code of now, so that a browser left open is not enough. */
function WithCode({ what, danger, onCode, onCancel }: { what: 'factor.remove' | 'factor.renew'; danger: boolean; onCode(code: string): Promise<void>; onCancel(): void }) {
  const [code, setCode] = useState('')
  const [error, setError] = useState<unknown>(null)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setError(null)
    try { await onCode(code) } catch (err) { setError(err) }
  }
  const field = fieldOf(error, 'code')
  return (
    <form className={s.form} onSubmit={submit}>
      {error && !field ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <TextInput label={t('factor.code_or_recovery')} value={code} onChange={(e) => setCode(e.currentTarget.value)} error={field} autoComplete="one-time-code" required data-autofocus />
      <div className={s.line}><span className={s.space} /><Button variant="default" onClick={onCancel}>{t('action.cancel')}</Button><Button type="submit" {...(danger ? { color: 'red' } : {})}>{t(what)}</Button></div>
    </form>
  )
}

function Passkeys({ f }: { f: Factors }) {
  const [naming, setNaming] = useState(false)
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const add = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const c = await post<Ceremony>('/api/me/passkeys')
      await post('/api/me/passkeys/answer', { attempt: c.attempt, name, response: await makePasskey(c.options) })
      setNaming(false)
      setName('')
      toast(t('passkey.added'))
      await fresh()
    } catch (err) { if (!declined(err)) setError(err) } finally { setBusy(false) }
  }
  const can = f.passkeys_offered && passkeysHere()
  return (
    <section className={s.section} data-setting="passkeys">
      <h2>{t('passkey.title')}</h2>
      <p className={s.text}>{t('passkey.text')}</p>
      {f.passkeys.length ? (
        <ul className={s.rows}>
          {f.passkeys.map((p) => (
            <li key={p.id} className={s.row}>
              <Icon name="key" size={20} />
              <span className={s.rowText}><span className={s.name}>{p.name}</span><span className={s.sub}>{p.last_used_at ? t('passkey.used', { time: ago(p.last_used_at) }) : t('passkey.never')}{p.synced ? ` · ${t('passkey.synced')}` : ''}</span></span>
              <Button variant="default" aria-label={t('passkey.remove_named', { name: p.name })} onClick={() => void del(`/api/me/passkeys/${p.id}`).then(fresh).catch(toastError)}>{t('signin.remove')}</Button>
            </li>
          ))}
        </ul>
      ) : null}
      {can ? naming ? (
        <form className={s.form} onSubmit={add}>
          {error && !fieldOf(error, 'name') ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
          <TextInput label={t('passkey.name')} description={t('passkey.name_text')} value={name} onChange={(e) => setName(e.currentTarget.value)} error={fieldOf(error, 'name')} required maxLength={100} autoFocus />
          <div className={s.line}><Button variant="default" onClick={() => setNaming(false)}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={!name.trim()}>{t('passkey.make')}</Button></div>
        </form>
      ) : <div><Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setNaming(true)}>{t('passkey.add')}</Button></div>
        : <p className={s.hint}>{t(f.passkeys_why_not === 'needs_https' ? 'passkey.needs_https' : f.passkeys_why_not ? 'passkey.needs_name' : 'passkey.no_browser')}</p>}
    </section>
  )
}

function Identities({ f }: { f: Factors }) {
  if (!f.identities.length) return null
  return (
    <section className={s.section}>
      <h2>{t('mysignin.identities')}</h2>
      <ul className={s.rows}>{f.identities.map((i) => <li key={i.provider} className={s.row}><span className={s.rowText}><span className={s.name}>{i.name}</span><span className={s.sub}>{i.email}{i.last_used_at ? ` · ${t('passkey.used', { time: ago(i.last_used_at) })}` : ''}</span></span></li>)}</ul>
    </section>
  )
}
