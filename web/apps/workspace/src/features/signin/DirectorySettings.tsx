import { Button, CopyButton, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { get, put, type DirectoryRules } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { SaveError, UnsavedGuard } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { fieldOf } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import s from './signin.module.css'

const directoryQuery = { queryKey: ['directory', 'settings'], queryFn: () => get<DirectoryRules>('/api/directory/settings') }

interface GivenRole { role: string; name: string; may_give: boolean }
const rolesQuery = { queryKey: ['roles'], queryFn: () => get<{ roles: GivenRole[] }>('/api/roles'), staleTime: Infinity }

/** PM-13: what a company's directory keeps here by SCIM. */
export function Directory() {
  const { data } = useQuery(directoryQuery)
  return (
    <section className={s.section} data-setting="directory">
      <h2>{t('directory.title')}</h2>
      <p className={s.text}>{t('directory.text')}</p>
      {data ? <Rules rules={data} /> : null}
    </section>
  )
}

function Rules({ rules }: { rules: DirectoryRules }) {
  const roles = useQuery(rolesQuery).data?.roles ?? []
  const [seen, setSeen] = useState(rules)
  const [form, setForm] = useState(rules)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<DirectoryRules>) => setForm((f) => ({ ...f, ...part }))
  const group = (at: number, part: Partial<DirectoryRules['groups'][number]>) => set({ groups: form.groups.map((g, i) => (i === at ? { ...g, ...part } : g)) })
  const dirty = JSON.stringify(form) !== JSON.stringify(seen)
  const choices = roles.filter((r) => r.role !== 'owner').map((r) => ({ value: r.role, label: r.name || maybe(`role.${r.role}`, r.role), disabled: !r.may_give }))
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const r = await put<DirectoryRules>('/api/directory/settings', { role: form.role, tickets: form.tickets, groups: form.groups })
      setSeen(r)
      setForm(r)
      queries.setQueryData(directoryQuery.queryKey, r)
      toast(t('toast.saved'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} />
      <div className={s.copy}><TextInput label={t('directory.address')} description={t('directory.address_text')} value={form.address} readOnly variant="filled" /><CopyButton value={form.address}>{({ copied, copy }) => <Button variant="default" onClick={copy} aria-label={t('directory.copy')}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton></div>
      <p className={s.hint}>{t('directory.token_text')} <Link to="/settings/$" params={{ _splat: 'tokens' }}>{t('tokens.title')}</Link></p>
      <Select label={t('directory.role')} description={t('directory.role_text')} data={choices} value={form.role} allowDeselect={false} onChange={(v) => v && set({ role: v })} error={fieldOf(error, 'role')} />
      <div className={s.form}>
        <div><strong>{t('directory.groups')}</strong><p className={s.hint}>{t('directory.groups_text')}</p></div>
        {form.groups.map((g, i) => (
          <div key={i} className={s.pair}>
            <TextInput aria-label={t('directory.group_n', { n: i + 1 })} placeholder={t('directory.group')} value={g.group} onChange={(e) => group(i, { group: e.currentTarget.value })} error={fieldOf(error, `groups.${i}`)} />
            <Select aria-label={t('directory.role_n', { n: i + 1 })} data={choices} value={g.role} allowDeselect={false} onChange={(v) => v && group(i, { role: v })} />
            <Button variant="default" onClick={() => set({ groups: form.groups.filter((_, n) => n !== i) })} aria-label={t('directory.remove_n', { n: i + 1 })}><Icon name="x" size={14} /></Button>
          </div>
        ))}
        <div><Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => set({ groups: [...form.groups, { group: '', role: 'agent' }] })}>{t('directory.add_group')}</Button></div>
      </div>
      <div className={s.form}>
        <div><strong>{t('directory.tickets')}</strong><p className={s.hint}>{t('directory.tickets_text')}</p></div>
        <SegmentedControl aria-label={t('directory.tickets')} value={form.tickets} onChange={(v) => set({ tickets: v as DirectoryRules['tickets'] })} data={(['rule', 'release', 'keep'] as const).map((v) => ({ value: v, label: t(`directory.tickets.${v}` as Key) }))} />
      </div>
      <div className={s.line}><span className={s.hint}>{dirty ? t('state.unsaved') : ''}</span><span className={s.space} /><Button loading={busy} disabled={!dirty} onClick={() => void save()} aria-label={t('directory.save')}>{t('action.save')}</Button></div>
    </>
  )
}
