import { Button, CopyButton, Modal, PasswordInput, SegmentedControl, Select, Switch, TagsInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { del, get, post, put, type SignInProvider, type SignInRules } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { SaveError, SettingsFrame, UnsavedGuard } from '@/features/settings/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { fieldOf, sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { Directory } from './DirectorySettings.tsx'
import s from './signin.module.css'

const rulesQuery = { queryKey: ['sign-in', 'settings'], queryFn: () => get<SignInRules>('/api/sign-in/settings') }
const providersQuery = { queryKey: ['sign-in', 'providers'], queryFn: async () => (await get<{ items: SignInProvider[] }>('/api/sign-in/providers')).items }

/** PM-13: what is asked of everybody who signs in, and who else vouches for people. */
export function SignInSettings() {
  const q = useQuery(rulesQuery)
  return <SettingsFrame title={t('signinset.title')} text={t('signinset.text')} query={q} section="sign_in">{q.data ? <><Rules rules={q.data} /><Providers /><Directory /></> : null}</SettingsFrame>
}

function Rules({ rules }: { rules: SignInRules }) {
  const [seen, setSeen] = useState(rules)
  const [form, setForm] = useState(rules)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<SignInRules>) => setForm((f) => ({ ...f, ...part }))
  const dirty = JSON.stringify(form) !== JSON.stringify(seen)
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const r = await put<SignInRules>('/api/sign-in/settings', form)
      setSeen(r)
      setForm(r)
      queries.setQueryData(rulesQuery.queryKey, r)
      toast(t('toast.saved'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <div className={s.section}>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} />
      <Choice id="passwords" label={t('signinset.passwords')} text={t('signinset.passwords_text')} value={form.passwords} values={['everybody', 'owners']} name={(v) => t(`signinset.passwords.${v}` as Key)} error={fieldOf(error, 'passwords')} onChange={(v) => set({ passwords: v as SignInRules['passwords'] })} />
      <Choice id="second_factor" label={t('signinset.factor')} text={t('signinset.factor_text')} value={form.second_factor} values={['optional', 'administrators', 'everybody']} name={(v) => t(`signinset.factor.${v}` as Key)} error={fieldOf(error, 'second_factor')} onChange={(v) => set({ second_factor: v as SignInRules['second_factor'] })} />
      <div data-setting="allow"><TagsInput label={t('signinset.allow')} description={t('signinset.allow_text')} placeholder={form.allow.length ? '' : '192.0.2.0/24'} value={form.allow} onChange={(allow) => set({ allow })} error={fieldOf(error, 'allow')} splitChars={[',', ' ']} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} /></div>
      <div className={s.line}><span className={s.hint}>{dirty ? t('state.unsaved') : ''}</span><span className={s.space} /><Button loading={busy} disabled={!dirty} onClick={() => void save()}>{t('action.save')}</Button></div>
    </div>
  )
}

function Choice({ id, label, text, value, values, name, error, onChange }: { id: string; label: string; text: string; value: string; values: string[]; name(v: string): string; error?: string | undefined; onChange(v: string): void }) {
  return (
    <div data-setting={id} className={s.form}>
      <div><strong>{label}</strong><p className={s.hint}>{text}</p></div>
      <SegmentedControl aria-label={label} value={value} onChange={onChange} data={values.map((v) => ({ value: v, label: name(v) }))} />
      {error ? <Banner tone="danger" icon="warn" role="alert">{error}</Banner> : null}
    </div>
  )
}

function Providers() {
  const { data = [] } = useQuery(providersQuery)
  const [editing, setEditing] = useState<SignInProvider | 'new' | null>(null)
  const refresh = () => queries.invalidateQueries({ queryKey: ['sign-in', 'providers'] })
  const check = (p: SignInProvider) => void post(`/api/sign-in/providers/${p.slug}/try`).then(() => toast(t('provider.answers', { name: p.name }))).catch(toastError)
  return (
    <section className={s.section} data-setting="providers">
      <div className={s.line}><h2>{t('provider.title')}</h2><span className={s.space} /><Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing('new')}>{t('provider.add')}</Button></div>
      <p className={s.text}>{t('provider.text')}</p>
      {data.length ? (
        <ul className={s.rows}>
          {data.map((p) => (
            <li key={p.slug} className={s.row}>
              <span className={s.rowText}><span className={s.name}>{p.name}</span><span className={s.sub}>{p.issuer}</span></span>
              {p.active ? <Tag tone="ok">{t('provider.on')}</Tag> : <Tag>{t('provider.off')}</Tag>}
              <Button variant="default" onClick={() => check(p)} aria-label={t('provider.try_named', { name: p.name })}>{t('provider.try')}</Button>
              <Button variant="default" onClick={() => setEditing(p)} aria-label={t('provider.edit', { name: p.name })}>{t('action.edit')}</Button>
            </li>
          ))}
        </ul>
      ) : null}
      {editing ? <ProviderForm provider={editing === 'new' ? null : editing} onClose={() => { setEditing(null); void refresh() }} /> : null}
    </section>
  )
}

const blank = { slug: '', name: '', issuer: '', client_id: '', active: true, settings: { domains: [] as string[], create: false, role: 'agent', unverified: false, second_factor: false } }

/** What a provider is called in addresses when nobody says otherwise. */
const usual = 'company'

function ProviderForm({ provider, onClose }: { provider: SignInProvider | null; onClose(): void }) {
  const [form, setForm] = useState(() => (provider ? { ...blank, ...provider } : blank))
  const [secret, setSecret] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [sure, setSure] = useState(false)
  const set = (part: Partial<typeof blank>) => setForm((f) => ({ ...f, ...part }))
  const trust = (part: Partial<(typeof blank)['settings']>) => set({ settings: { ...form.settings, ...part } })
  const slug = form.slug || usual
  const redirect = provider?.redirect_uri ?? `${location.origin}/api/sign-in/oidc/${slug}/callback`
  const save = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await put(`/api/sign-in/providers/${slug}`, { name: form.name, issuer: form.issuer, client_id: form.client_id, active: form.active, settings: form.settings, ...(secret ? { client_secret: secret } : {}) })
      toast(t('toast.saved'))
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  const known = ['name', 'issuer', 'client_id', 'slug', 'settings.domains', 'settings.role'].some((f) => fieldOf(error, f))
  return (
    <Modal opened onClose={onClose} size="lg" title={<strong>{provider ? t('provider.edit', { name: provider.name }) : t('provider.add')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.form} onSubmit={save}>
        {error && !known ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <TextInput label={t('provider.name')} description={t('provider.name_text')} value={form.name} onChange={(e) => set({ name: e.currentTarget.value })} error={fieldOf(error, 'name')} required data-autofocus />
        {provider ? null : <TextInput label={t('provider.slug')} description={t('provider.slug_text')} value={form.slug} placeholder={usual} onChange={(e) => set({ slug: e.currentTarget.value.toLowerCase() })} error={fieldOf(error, 'slug')} />}
        <div className={s.copy}><TextInput label={t('provider.redirect')} description={t('provider.redirect_text')} value={redirect} readOnly variant="filled" /><CopyButton value={redirect}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton></div>
        <TextInput label={t('provider.issuer')} description={t('provider.issuer_text')} placeholder="https://login.example.com/realm" value={form.issuer} onChange={(e) => set({ issuer: e.currentTarget.value })} error={fieldOf(error, 'issuer')} required />
        <TextInput label={t('provider.client_id')} value={form.client_id} onChange={(e) => set({ client_id: e.currentTarget.value })} error={fieldOf(error, 'client_id')} required />
        <PasswordInput label={t('provider.secret')} description={t(provider?.has_secret ? 'provider.secret_kept' : 'provider.secret_text')} value={secret} onChange={(e) => setSecret(e.currentTarget.value)} autoComplete="off" visibilityToggleButtonProps={{ 'aria-label': t('signin.show_password') }} />
        <TagsInput label={t('provider.domains')} description={t('provider.domains_text')} value={form.settings.domains} onChange={(domains) => trust({ domains })} error={fieldOf(error, 'settings.domains')} splitChars={[',', ' ']} placeholder={form.settings.domains.length ? '' : 'example.com'} />
        <Switch label={t('provider.create')} description={t('provider.create_text')} checked={form.settings.create} onChange={(e) => trust({ create: e.currentTarget.checked })} />
        {form.settings.create ? <Select label={t('provider.role')} data={['admin', 'supervisor', 'agent', 'light', 'viewer'].map((r) => ({ value: r, label: t(`role.${r}` as Key) }))} value={form.settings.role} allowDeselect={false} onChange={(v) => v && trust({ role: v })} error={fieldOf(error, 'settings.role')} /> : null}
        <Switch label={t('provider.second_factor')} description={t('provider.second_factor_text')} checked={form.settings.second_factor} onChange={(e) => trust({ second_factor: e.currentTarget.checked })} />
        <Switch label={t('provider.unverified')} description={t('provider.unverified_text')} checked={form.settings.unverified} onChange={(e) => trust({ unverified: e.currentTarget.checked })} />
        <Switch label={t('provider.active')} checked={form.active} onChange={(e) => set({ active: e.currentTarget.checked })} />
        <div className={s.line}>
          {provider ? sure ? <><span className={s.text}>{t('provider.remove_text')}</span><Button color="red" onClick={() => void del(`/api/sign-in/providers/${provider.slug}`).then(onClose).catch(setError)}>{t('signin.remove')}</Button></> : <Button variant="subtle" color="red" onClick={() => setSure(true)}>{t('signin.remove')}</Button> : null}
          <span className={s.space} />
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" loading={busy}>{t('action.save')}</Button>
        </div>
      </form>
    </Modal>
  )
}
