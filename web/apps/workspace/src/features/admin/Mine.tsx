import { Button, PasswordInput, SegmentedControl, Select, Switch, TextInput, useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, get, patch, post, type Page, type Time, type User } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { usersQuery } from '@/features/lookups/index.ts'
import { sessionQuery, useSession } from '@/features/session/index.ts'
import { SettingsFrame, UnsavedGuard } from '@/features/settings/index.ts'
import { currentLocale, localeNames, locales, setLocale, t, type Key, type Locale } from '@/locales/index.ts'
import { setAppearance, useAppearance } from '@/shell/appearance.ts'
import { queries } from '@/shell/client.ts'
import { afterClose, afterCloseKey, type AfterClose } from '@/shell/leave.ts'
import { fieldOf, sentence, toastError } from '@/shell/errors.ts'
import { ago, setTimeZone } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { timeZones } from './zones.ts'
import s from './admin.module.css'

/** One's own name, language, time zone and password. */
export function Profile() {
  const { user, company } = useSession()
  const begin = (u: User) => ({ first_name: u.first_name, last_name: u.last_name, name: u.name, locale: u.locale || currentLocale(), timezone: u.timezone })
  const [seen, setSeen] = useState(() => begin(user))
  const [form, setForm] = useState(seen)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<typeof form>) => setForm((f) => ({ ...f, ...part }))
  const dirty = JSON.stringify(form) !== JSON.stringify(seen)
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const changed = Object.fromEntries(Object.entries(form).filter(([k, v]) => v !== seen[k as keyof typeof seen]))
      const u = await patch<User>('/api/me', changed)
      setSeen(begin(u))
      setForm(begin(u))
      setTimeZone(u.timezone)
      await setLocale((locales as readonly string[]).includes(u.locale) ? (u.locale as Locale) : currentLocale())
      await Promise.all([queries.invalidateQueries({ queryKey: sessionQuery.queryKey }), queries.invalidateQueries({ queryKey: usersQuery.queryKey })])
      toast(t('toast.saved'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <SettingsFrame title={t('profile.title')} text={t('profile.text')}>
      <UnsavedGuard dirty={dirty} />
      <form className={s.form} onSubmit={(e) => { e.preventDefault(); void save() }}>
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <TextInput label={t('field.email')} description={t('profile.email_text')} value={user.email} readOnly variant="filled" />
        <div data-setting="name"><TextInput label={t('field.your_name')} value={form.name} onChange={(e) => set({ name: e.currentTarget.value })} error={fieldOf(error, 'name')} autoComplete="name" /></div>
        <div className={s.filters} data-setting="names">
          <TextInput className={s.grow} label={t('profile.first_name')} value={form.first_name} onChange={(e) => set({ first_name: e.currentTarget.value })} autoComplete="given-name" />
          <TextInput className={s.grow} label={t('profile.last_name')} value={form.last_name} onChange={(e) => set({ last_name: e.currentTarget.value })} autoComplete="family-name" />
        </div>
        <p className={s.sub}>{t('profile.names_text')}</p>
        <div data-setting="locale"><Select label={t('company.locale')} data={locales.map((l) => ({ value: l, label: localeNames[l] }))} value={form.locale} allowDeselect={false} onChange={(v) => v && set({ locale: v })} /></div>
        <div data-setting="timezone"><Select label={t('company.timezone')} searchable clearable clearButtonProps={{ 'aria-label': t('property.clear') }} placeholder={`${t('profile.company_zone')}${company.timezone ? ` (${company.timezone})` : ''}`} data={timeZones(form.timezone)} value={form.timezone || null} onChange={(v) => set({ timezone: v ?? '' })} nothingFoundMessage={t('state.nothing_found')} error={fieldOf(error, 'timezone')} /></div>
        <div className={s.foot}><Button type="submit" loading={busy} disabled={!dirty}>{t('action.save')}</Button></div>
      </form>
      <h2 id="password">{t('profile.password')}</h2>
      <ChangePassword />
    </SettingsFrame>
  )
}

function ChangePassword() {
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const change = async () => {
    setBusy(true)
    setError(null)
    try {
      await post('/api/me/password', { old, new: fresh })
      setOld('')
      setFresh('')
      await queries.invalidateQueries({ queryKey: ['sessions'] })
      toast(t('profile.password_changed'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <form className={s.form} data-setting="password" onSubmit={(e) => { e.preventDefault(); void change() }}>
      <p className={s.text}>{t('profile.password_text')}</p>
      {error && !fieldOf(error, 'old_password') && !fieldOf(error, 'password') ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <PasswordInput label={t('profile.old_password')} value={old} onChange={(e) => setOld(e.currentTarget.value)} autoComplete="current-password" error={fieldOf(error, 'old_password')} visibilityToggleButtonProps={{ 'aria-label': t('password.show') }} />
      <PasswordInput label={t('field.new_password')} value={fresh} onChange={(e) => setFresh(e.currentTarget.value)} autoComplete="new-password" error={fieldOf(error, 'password')} visibilityToggleButtonProps={{ 'aria-label': t('password.show') }} />
      <div className={s.foot}><Button type="submit" variant="default" loading={busy} disabled={!old || !fresh}>{t('profile.change_password')}</Button></div>
    </form>
  )
}

interface MyPreferences { undo_send_seconds?: number; after_close?: AfterClose }
const preferencesQuery = { queryKey: ['preferences'], queryFn: () => get<MyPreferences>('/api/me/preferences') }

/** How Kanal behaves for oneself; kept with the person, the appearance with the browser. */
export function Preferences() {
  const q = useQuery(preferencesQuery)
  const look = useAppearance()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const set = (part: MyPreferences) => {
    const before = queries.getQueryData(preferencesQuery.queryKey)
    queries.setQueryData(preferencesQuery.queryKey, (p: MyPreferences | undefined) => ({ ...p, ...part }))
    void patch('/api/me', { preferences: part }).catch((err) => { queries.setQueryData(preferencesQuery.queryKey, before); toastError(err) })
  }
  // closing reads the choice from this browser; the server keeps it for the others
  const setAfterClose = (v: AfterClose) => { try { localStorage.setItem(afterCloseKey, v) } catch { /* private mode */ } set({ after_close: v }) }
  return (
    <SettingsFrame title={t('prefs.title')} text={t('prefs.text')} query={q}>
      <div className={s.form}>
        <h2>{t('prefs.writing')}</h2>
        <div data-setting="undo"><Select label={t('prefs.undo')} allowDeselect={false} data={[0, 5, 10, 20, 30].map((n) => ({ value: String(n), label: n ? t('prefs.seconds', { seconds: n }) : t('prefs.undo_off') }))} value={String(q.data?.undo_send_seconds ?? 10)} onChange={(v) => set({ undo_send_seconds: Number(v) })} /></div>
        <div data-setting="after_close"><Select label={t('prefs.after_close')} allowDeselect={false} data={(['next', 'previous', 'list', 'stay'] as const).map((x) => ({ value: x, label: t(`prefs_close.${x}` as Key) }))} value={q.data?.after_close ?? afterClose()} onChange={(v) => setAfterClose(v as AfterClose)} /></div>
        <h2>{t('prefs.look')}</h2>
        <div data-setting="scheme">
          <p className={s.label} id="prefs-scheme">{t('prefs.scheme')}</p>
          <SegmentedControl aria-labelledby="prefs-scheme" value={colorScheme} onChange={(v) => setColorScheme(v as typeof colorScheme)} data={(['light', 'dark', 'auto'] as const).map((c) => ({ value: c, label: t(`scheme.${c}`) }))} />
        </div>
        <div data-setting="contrast"><Switch label={t('appearance.contrast')} checked={look.contrast === 'more'} onChange={(e) => setAppearance({ contrast: e.currentTarget.checked ? 'more' : 'auto' })} /></div>
        <div data-setting="density"><Switch label={t('appearance.compact')} checked={look.density === 'compact'} onChange={(e) => setAppearance({ density: e.currentTarget.checked ? 'compact' : 'comfortable' })} /></div>
      </div>
    </SettingsFrame>
  )
}

export interface SessionItem { id: string; user_agent: string; ip: string; created_at: Time; last_seen_at: Time; current: boolean }

/** Where one is signed in. */
export function Sessions() {
  const q = useQuery({ queryKey: ['sessions'], queryFn: async () => (await get<Page<SessionItem>>('/api/sessions')).items ?? [] })
  const { user } = useSession()
  const end = (ids: string[]) => void Promise.all(ids.map((id) => del(`/api/sessions/${id}`))).then(() => queries.invalidateQueries({ queryKey: ['sessions'] })).catch(toastError)
  const others = (q.data ?? []).filter((x) => !x.current)
  return (
    <SettingsFrame title={t('sessions.title')} text={t('sessions.text')} query={q} action={others.length ? <Button variant="default" onClick={() => end(others.map((x) => x.id))}>{t('sessions.end_others')}</Button> : null}>
      <SessionList sessions={q.data ?? []} name={user.name} onEnd={(id) => end([id])} />
    </SettingsFrame>
  )
}

export function SessionList({ sessions, onEnd }: { sessions: SessionItem[]; name: string; onEnd?: (id: string) => void }) {
  return (
    <ul className={s.rows}>
      {sessions.map((x) => (
        <li key={x.id} className={s.row}>
          <Icon name="key" size={20} />
          <span className={s.rowText}><span className={s.name}>{browserName(x.user_agent)}</span><span className={s.sub}>{t('sessions.seen', { time: ago(x.last_seen_at), ip: x.ip || '–' })}</span></span>
          {x.current ? <Tag tone="accent">{t('sessions.this')}</Tag> : onEnd ? <Button variant="default" onClick={() => onEnd(x.id)} aria-label={t('sessions.end_named', { name: browserName(x.user_agent) })}>{t('sessions.end')}</Button> : null}
        </li>
      ))}
    </ul>
  )
}

/** What a person would call the browser: its name and the system it runs on. */
function browserName(agent: string): string {
  const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : agent.split(/[\s/]/)[0]
  const system = /iPhone|iPad/.test(agent) ? 'iOS' : /Android/.test(agent) ? 'Android' : /Mac OS/.test(agent) ? 'macOS' : /Windows/.test(agent) ? 'Windows' : /Linux/.test(agent) ? 'Linux' : ''
  return [browser || '?', system].filter(Boolean).join(', ')
}
