import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, post, type Ceremony, type SignInWays } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { declined, passkeysHere, showPasskey } from './webauthn.ts'
import s from './signin.module.css'

/** Ways in beside a password. only: a passkey and nothing else. */
export function OtherWays({ next, onDone, only }: { next?: string; onDone(): void; only?: boolean }) {
  const { data } = useQuery({ queryKey: ['sign-in'], queryFn: () => get<SignInWays>('/api/sign-in'), retry: false })
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const passkey = async () => {
    setBusy(true)
    setError(null)
    try {
      const c = await post<Ceremony>('/api/session/passkey')
      await post('/api/session/passkey/answer', { attempt: c.attempt, response: await showPasskey(c.options) })
      onDone()
    } catch (err) { if (!declined(err)) setError(err); setBusy(false) }
  }
  const keys = data?.passkeys && passkeysHere()
  const providers = only ? [] : (data?.providers ?? [])
  if (!keys && !providers.length) return null
  return (
    <div className={s.ways}>
      {only ? null : <span className={s.or}>{t('signin.or')}</span>}
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      {providers.map((p) => <Button key={p.slug} variant="default" component="a" href={`/api/sign-in/oidc/${p.slug}${next ? `?next=${encodeURIComponent(next)}` : ''}`}>{t('signin.with', { name: p.name })}</Button>)}
      {keys ? <Button variant="default" leftSection={<Icon name="key" size={14} />} loading={busy} onClick={() => void passkey()}>{t('signin.passkey')}</Button> : null}
    </div>
  )
}
