import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useState, type FormEvent, type ReactNode } from 'react'
import { get, post, Problem, type SignInAnswer, type SignInNeeds } from '@kanal/api'
import { Banner, EmptyState } from '@kanal/ui'
import { t, useLocale, withMore } from '@/locales/index.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { Wordmark } from '@/shell/Wordmark.tsx'
import { entered, signIn } from '@/features/session/index.ts'
import s from './auth.module.css'

// What most people never see at this door comes later.
const OtherWays = lazy(withMore(() => import('@/features/signin/index.ts').then((m) => ({ default: m.OtherWays }))))
const SecondStep = lazy(withMore(() => import('@/features/signin/index.ts').then((m) => ({ default: m.SecondStep }))))

function Card({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <main className={s.page}>
      <div className={s.card}>
        <Wordmark size={28} />
        <div>
          <h1>{title}</h1>
          {text ? <p className={s.text}>{text}</p> : null}
        </div>
        {children}
      </div>
    </main>
  )
}

/** What the server said when it took somebody back from a provider, said once. */
function whyRefused(): string {
  const said = /(?:^|; )kanal_refused=([\w-]+)/.exec(document.cookie)?.[1]
  if (!said) return ''
  document.cookie = 'kanal_refused=; path=/signin; max-age=0'
  try { return new TextDecoder().decode(Uint8Array.from(atob(said.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))) } catch { return '' }
}

export function SignIn() {
  useLocale()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as { next?: string }
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  // Who comes back from a provider brings what it said behind the #.
  const [brought] = useState(() => new URLSearchParams(location.hash.slice(1)))
  const [refused] = useState(whyRefused)
  const [step, setStep] = useState<{ attempt: string; needs: SignInNeeds } | null>(() => (brought.get('attempt') ? { attempt: brought.get('attempt')!, needs: brought.get('needs') as SignInNeeds } : null))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const next = search.next && search.next.startsWith('/') && !search.next.startsWith('//') ? search.next : '/'
  const done = () => void entered().then(() => navigate({ to: next })).catch(setError)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const a = await signIn(email.trim(), password)
      if (a.needs) { setStep({ attempt: a.attempt!, needs: a.needs }); setBusy(false) } else await navigate({ to: next })
    } catch (err) { setError(err); setBusy(false) }
  }
  if (step) return <Card title={t('signin.title')}><Suspense><SecondStep attempt={step.attempt} needs={step.needs} onDone={done} onBack={() => { setStep(null); setPassword('') }} /></Suspense></Card>
  return (
    <Card title={t('signin.title')}>
      {!error && refused ? <Banner tone="danger" icon="warn" role="alert">{refused}</Banner> : null}
      <form className={s.form} onSubmit={submit}>
        {error ? <Banner tone="danger" icon="warn" role="alert">{error instanceof Problem && error.status === 401 ? t('signin.wrong') : sentence(error)}</Banner> : null}
        <TextInput label={t('field.email')} type="email" name="email" autoComplete="username" required autoFocus value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
        <PasswordInput label={t('field.password')} name="password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.currentTarget.value)} visibilityToggleButtonProps={{ 'aria-label': t('signin.show_password') }} />
        <Button type="submit" size="sm" loading={busy}>{t('signin.submit')}</Button>
        <p className={s.hint}>{t('signin.forgot')}</p>
      </form>
      <Suspense><OtherWays next={next} onDone={done} /></Suspense>
    </Card>
  )
}

export function Setup() {
  useLocale()
  const navigate = useNavigate()
  const { token = '' } = useSearch({ strict: false }) as { token?: string }
  const link = useQuery({ queryKey: ['setup', token], queryFn: () => get<{ email: string; purpose: string; valid: boolean }>('/api/setup', { token }), retry: false })
  const [form, setForm] = useState({ name: '', email: '', password: '' })
  const [step, setStep] = useState<{ attempt: string; needs: SignInNeeds } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (k: keyof typeof form) => (e: { currentTarget: HTMLInputElement }) => { const v = e.currentTarget.value; setForm((f) => ({ ...f, [k]: v })) }
  const fixed = link.data?.email ?? ''
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const email = fixed || form.email.trim()
      const a = await post<SignInAnswer>('/api/setup', { token, name: form.name.trim(), email, password: form.password })
      if (a.needs) { setStep({ attempt: a.attempt!, needs: a.needs }); return }
      await entered()
      await navigate({ to: '/' })
    } catch (err) { setError(err); setBusy(false) }
  }
  if (link.isError || link.data?.valid === false || token === '') {
    return <Card title={t('setup.title')}><EmptyState icon="key" title={t('setup.invalid')} text={t('setup.invalid_text')}><Button variant="default" component="a" href="/signin">{t('setup.to_signin')}</Button></EmptyState></Card>
  }
  const reset = link.data?.purpose === 'reset'
  if (step) return <Card title={t('signin.title')}><Suspense><SecondStep attempt={step.attempt} needs={step.needs} onDone={() => void entered().then(() => navigate({ to: '/' })).catch(setError)} onBack={() => void navigate({ to: '/signin' })} /></Suspense></Card>
  return (
    <Card title={reset ? t('setup.reset_title') : t('setup.title')} text={reset ? t('setup.reset_text') : t('setup.text')}>
      <form className={s.form} onSubmit={submit}>
        {error && !(error instanceof Problem && error.field) ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {reset ? null : <TextInput label={t('field.your_name')} name="name" autoComplete="name" required autoFocus value={form.name} onChange={set('name')} error={fieldOf(error, 'name')} />}
        <TextInput label={t('field.email')} type="email" name="email" autoComplete="username" required readOnly={fixed !== ''} value={fixed || form.email} onChange={set('email')} error={fieldOf(error, 'email')} />
        <PasswordInput label={t('field.new_password')} description={t('setup.password_hint')} name="password" autoComplete="new-password" required minLength={10} value={form.password} onChange={set('password')} error={fieldOf(error, 'password')} visibilityToggleButtonProps={{ 'aria-label': t('signin.show_password') }} />
        <Button type="submit" size="sm" loading={busy}>{reset ? t('setup.reset_submit') : t('setup.submit')}</Button>
      </form>
    </Card>
  )
}
