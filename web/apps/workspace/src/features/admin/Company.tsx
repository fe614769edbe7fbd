import '@mantine/core/styles/ColorInput.layer.css'
import '@mantine/core/styles/ColorPicker.layer.css'
import '@mantine/core/styles/ColorSwatch.layer.css'
import { Button, ColorInput, Select, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, patch } from '@kanal/api'
import { sessionQuery, useCan, useSession } from '@/features/session/index.ts'
import { SaveError, SettingsFrame, UnsavedGuard, isStale } from '@/features/settings/index.ts'
import { localeNames, locales, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { fieldOf } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { timeZones } from './zones.ts'
import s from './admin.module.css'

interface CompanySettings { name: string; locale: string; timezone: string; color: string; data_privacy: boolean }
const companyQuery = { queryKey: ['company'], queryFn: () => get<CompanySettings>('/api/settings/company') }

/** Who runs this installation, and what people without settings of their own get. */
export function CompanyPage() {
  const q = useQuery(companyQuery)
  return <SettingsFrame title={t('company.title')} text={t('company.text')} query={q} section="company">{q.data ? <Form company={q.data} /> : null}</SettingsFrame>
}

function Form({ company }: { company: CompanySettings }) {
  const edit = useCan()('settings.manage')
  const { user } = useSession()
  const [seen, setSeen] = useState(company)
  const [form, setForm] = useState(company)
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<CompanySettings | null>(null)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<CompanySettings>) => setForm((f) => ({ ...f, ...part }))
  const load = (c: CompanySettings) => { setSeen(c); setForm(c); setError(null); setTheirs(null); queries.setQueryData(companyQuery.queryKey, c) }
  const dirty = JSON.stringify(form) !== JSON.stringify(seen)
  const save = async (base: CompanySettings) => {
    setBusy(true)
    try {
      load(await patch<CompanySettings>('/api/settings/company', { ...form, expect: base }))
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
      toast(t('toast.saved'))
    } catch (err) { setError(err); if (isStale(err)) setTheirs(await get<CompanySettings>('/api/settings/company')) } finally { setBusy(false) }
  }
  const label: Record<keyof CompanySettings, string> = { name: t('company.name'), locale: t('company.locale'), timezone: t('company.timezone'), color: t('company.color'), data_privacy: t('company.data_privacy') }
  return (
    <fieldset disabled={!edit} className={s.fieldset}>
      <UnsavedGuard dirty={dirty} />
      <div className={s.form}>
        <SaveError error={error} {...(theirs ? { onTheirs: () => load(theirs), onMine: () => void save(theirs), differences: (Object.keys(label) as (keyof CompanySettings)[]).filter((k) => theirs[k] !== form[k]).map((k) => ({ label: label[k], theirs: String(theirs[k]), mine: String(form[k]) })) } : {})} />
        <div data-setting="name">
          <TextInput label={label.name} description={t('company.name_text')} value={form.name} onChange={(e) => set({ name: e.currentTarget.value })} error={fieldOf(error, 'name')} />
          <p className={s.sub}>{t('company.preview')}: <strong>{[user.name, form.name ? `(${form.name})` : ''].join(' ').trim()}</strong></p>
        </div>
        <div data-setting="locale"><Select label={label.locale} description={t('company.locale_text')} data={[...new Set([...locales, form.locale])].map((l) => ({ value: l, label: localeNames[l as keyof typeof localeNames] ?? l }))} value={form.locale} allowDeselect={false} onChange={(v) => v && set({ locale: v })} error={fieldOf(error, 'locale')} /></div>
        <div data-setting="timezone"><Select label={label.timezone} searchable data={timeZones(form.timezone)} value={form.timezone} allowDeselect={false} onChange={(v) => v && set({ timezone: v })} error={fieldOf(error, 'timezone')} nothingFoundMessage={t('state.nothing_found')} /></div>
        <div data-setting="color"><ColorInput label={label.color} description={t('company.color_text')} value={form.color} format="hex" withEyeDropper={false} onChange={(v) => set({ color: v.toLowerCase() })} error={fieldOf(error, 'color')} maw={320} /></div>
        <div data-setting="data_privacy"><Switch label={label.data_privacy} description={t('company.data_privacy_text')} checked={form.data_privacy} onChange={(e) => set({ data_privacy: e.currentTarget.checked })} /></div>
        {edit ? <div className={s.foot}><span className={s.space}>{dirty ? t('state.unsaved') : ''}</span><Button loading={busy} disabled={!dirty} onClick={() => void save(seen)}>{t('action.save')}</Button></div> : null}
      </div>
    </fieldset>
  )
}
