import { ActionIcon, Button, Modal, MultiSelect, Select, Stack, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, patch, post, type Page, type Property, type WhoMay } from '@kanal/api'
import { Banner, EmptyState, Icon, Tag } from '@kanal/ui'
import { propertiesQuery, useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { Affects, SaveError, SettingsFrame, Sortable, isStale } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { fieldOf, sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { slugOf } from './slug.ts'
import s from './admin.module.css'

const types = ['text', 'long_text', 'number', 'boolean', 'date', 'choice', 'multi_choice'] as const
const refresh = () => queries.invalidateQueries({ queryKey: propertiesQuery.queryKey })

export const TicketProperties = () => <Properties object="ticket" />
export const ContactProperties = () => <Properties object="contact" />

/** TK-10, CR: what tickets and contacts say beside their own fields. */
function Properties({ object }: { object: 'ticket' | 'contact' }) {
  const q = useQuery(propertiesQuery)
  const edit = useCan()('properties.manage')
  const [editing, setEditing] = useState<Partial<Property> | null>(null)
  const list = (q.data ?? []).filter((p) => p.object === object)
  const reorder = (next: Property[]) => {
    queries.setQueryData(propertiesQuery.queryKey, (all) => [...(all ?? []).filter((p) => p.object !== object), ...next.map((p, position) => ({ ...p, position }))])
    void Promise.all(next.map((p, position) => (p.position === position ? null : patch(`/api/properties/${p.id}`, { position })))).then(refresh).catch((err) => { toastError(err); void refresh() })
  }
  const add = edit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing({ object })}>{t('properties.add')}</Button> : null
  return (
    <SettingsFrame title={t(`properties.${object}_title` as Key)} text={t(`properties.${object}_text` as Key)} query={q} section="properties" action={add}
      empty={q.data && list.length === 0 && !editing ? <EmptyState icon="flag" title={t('properties.empty')} text={t('properties.empty_text')}>{add}</EmptyState> : undefined}>
      <Sortable items={list} idOf={(p) => p.id} nameOf={(p) => p.label} disabled={!edit} onChange={reorder}>
        {(p) => (
          <>
            <span className={s.rowText}><span className={s.name}>{p.label}</span><span className={s.sub}><code className={s.slug}>{p.name}</code>{p.options?.length ? ` · ${p.options.join(', ')}` : ''}</span></span>
            {p.required_on_close ? <Tag tone="warn">{t('properties.required')}</Tag> : null}
            {p.depends_on ? <Tag>{t('properties.depends_tag', { name: list.find((x) => x.name === p.depends_on)?.label ?? p.depends_on })}</Tag> : null}
            {p.access ? <Tag tone="warn">{t('properties.limited')}</Tag> : null}
            <Tag>{maybe(`property_type.${p.type}`, p.type)}</Tag>
            {edit ? <Button variant="default" onClick={() => setEditing(p)} aria-label={t('users.edit', { name: p.label })}>{t('action.edit')}</Button> : null}
          </>
        )}
      </Sortable>
      {editing ? <PropertyModal property={editing} others={list.filter((p) => p.id !== editing.id)} position={list.length} onClose={() => setEditing(null)} /> : null}
    </SettingsFrame>
  )
}

const all: WhoMay = { everyone: true, users: [], teams: [] }
const accessOf = (p: Partial<Property>) => ({ view: p.access?.view ?? all, edit: p.access?.edit ?? all })

/** PM-11: who sees a property, who changes it. */
function PropertyAccessFields({ value, onChange }: { value: ReturnType<typeof accessOf>; onChange: (v: ReturnType<typeof accessOf>) => void }) {
  const users = useUsers()
  const teams = useTeams()
  const part = (key: 'view' | 'edit') => {
    const who = value[key]
    const put = (v: Partial<WhoMay>) => onChange({ ...value, [key]: { ...who, ...v } })
    const word = key === 'view' ? 'see' : 'edit'
    return (
      <>
        <Switch label={t(`properties.access_${key}` as Key)} description={key === 'view' ? t('properties.access_view_text') : undefined} checked={who.everyone} onChange={(e) => put({ everyone: e.currentTarget.checked })} />
        {who.everyone ? null : (
          <>
            <MultiSelect label={t(`properties.access_${word}_teams` as Key)} searchable data={teams.map((x) => ({ value: x.id, label: x.name }))} value={who.teams ?? []} onChange={(v) => put({ teams: v })} />
            <MultiSelect label={t(`properties.access_${word}_users` as Key)} searchable data={users.filter((u) => u.active).map((u) => ({ value: u.id, label: u.name || u.email }))} value={who.users ?? []} onChange={(v) => put({ users: v })} />
          </>
        )}
      </>
    )
  }
  return <fieldset className={s.fieldset}><legend>{t('properties.access')}</legend><Stack gap="sm">{part('view')}{part('edit')}</Stack></fieldset>
}

function PropertyModal({ property, others, position, onClose }: { property: Partial<Property>; others: Property[]; position: number; onClose: () => void }) {
  const isNew = !property.id
  const begin = (p: Partial<Property>) => ({ label: p.label ?? '', type: p.type ?? 'text', options: p.options ?? [], required: p.required_on_close ?? false, dependsOn: p.depends_on ?? '', optionsBy: p.options_by ?? {}, access: accessOf(p) })
  const [seen, setSeen] = useState(property)
  const [form, setForm] = useState(() => begin(property))
  const [option, setOption] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Property | null>(null)
  const [archiving, setArchiving] = useState(false)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<typeof form>) => setForm((f) => ({ ...f, ...part }))
  const choice = form.type === 'choice' || form.type === 'multi_choice'
  const deciding = others.find((p) => p.name === form.dependsOn)
  const addOption = () => { const o = option.trim(); if (o && !form.options.includes(o)) set({ options: [...form.options, o] }); setOption('') }
  const drop = (o: string) => set({ options: form.options.filter((x) => x !== o), optionsBy: Object.fromEntries(Object.entries(form.optionsBy).map(([k, v]) => [k, v.filter((x) => x !== o)])) })
  const save = async (base: Partial<Property>) => {
    setBusy(true)
    setError(null)
    const body = { label: form.label.trim(), ...(choice ? { options: form.options, depends_on: form.dependsOn, options_by: form.dependsOn ? form.optionsBy : {} } : {}), ...(property.object === 'ticket' ? { required_on_close: form.required } : {}), access: form.access }
    try {
      if (isNew) await post('/api/properties', { ...body, object: property.object, type: form.type, name: slugOf(form.label).replaceAll('-', '_'), position })
      else await patch(`/api/properties/${property.id}`, { ...body, expect: { label: base.label, options: base.options ?? [], required_on_close: base.required_on_close ?? false, depends_on: base.depends_on ?? '', options_by: base.options_by ?? {}, access: base.access ?? null } })
      await refresh()
      toast(t('toast.saved'))
      onClose()
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(((await get<Page<Property>>('/api/properties')).items ?? []).find((p) => p.id === property.id) ?? null)
      setBusy(false)
    }
  }
  const archive = async () => {
    setBusy(true)
    try { await patch(`/api/properties/${property.id}`, { archived: true }); await refresh(); onClose() } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={<strong>{isNew ? t('properties.add') : property.label}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        <SaveError error={error} {...(theirs ? { onTheirs: () => { setSeen(theirs); setForm(begin(theirs)); setError(null); setTheirs(null) }, onMine: () => void save(theirs), differences: [
          { label: t('properties.label'), theirs: theirs.label, mine: form.label }, { label: t('properties.options'), theirs: (theirs.options ?? []).join(', '), mine: form.options.join(', ') },
        ].filter((d) => d.theirs !== d.mine) } : {})} />
        {archiving ? (
          <>
            <p>{t('properties.archive_text')}</p>
            <Affects object="property" id={property.id!} />
            <div className={s.foot}><Button variant="default" onClick={() => setArchiving(false)}>{t('action.back')}</Button><Button color="red" loading={busy} onClick={() => void archive()}>{t('properties.archive')}</Button></div>
          </>
        ) : (
          <>
            <TextInput label={t('properties.label')} required value={form.label} onChange={(e) => set({ label: e.currentTarget.value })} error={fieldOf(error, 'label') ?? fieldOf(error, 'name')} data-autofocus />
            <Select label={t('properties.type')} description={isNew ? undefined : t('properties.type_text')} disabled={!isNew} data={types.map((x) => ({ value: x, label: t(`property_type.${x}` as Key) }))} value={form.type} allowDeselect={false} onChange={(v) => set({ type: v ?? 'text' })} />
            {choice ? (
              <fieldset className={s.fieldset}>
                <legend>{t('properties.options')}</legend>
                <Sortable items={form.options} idOf={(o) => o} nameOf={(o) => o} onChange={(options) => set({ options })}>
                  {(o) => <><span className={s.rowText}>{o}</span><ActionIcon variant="subtle" aria-label={t('properties.remove_option', { name: o })} onClick={() => drop(o)}><Icon name="x" /></ActionIcon></>}
                </Sortable>
                <div className={s.copyLine}>
                  <TextInput className={s.grow} aria-label={t('properties.add_option')} placeholder={t('properties.add_option')} value={option} onChange={(e) => setOption(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); addOption() } }} />
                  <Button variant="default" disabled={!option.trim()} onClick={addOption}>{t('properties.add_option')}</Button>
                </div>
                <p className={s.sub}>{t('properties.options_text')}</p>
              </fieldset>
            ) : null}
            {choice && others.some((p) => p.type === 'choice') ? (
              <Select label={t('properties.depends')} description={t('properties.depends_text')} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} placeholder={t('properties.depends_none')} data={others.filter((p) => p.type === 'choice').map((p) => ({ value: p.name, label: p.label }))}
                value={form.dependsOn || null} onChange={(v) => set({ dependsOn: v ?? '', optionsBy: {} })} error={fieldOf(error, 'depends_on')} />
            ) : null}
            {deciding ? (deciding.options ?? []).map((value) => (
              <MultiSelect key={value} label={t('properties.when', { name: deciding.label, value })} placeholder={form.optionsBy[value]?.length ? undefined : t('properties.all_options')} data={form.options} value={form.optionsBy[value] ?? []}
                onChange={(v) => { const { [value]: _, ...rest } = form.optionsBy; set({ optionsBy: v.length ? { ...rest, [value]: v } : rest }) }} />
            )) : null}
            {property.object === 'ticket' ? <Switch label={t('properties.required')} description={t('properties.required_text')} checked={form.required} onChange={(e) => set({ required: e.currentTarget.checked })} /> : null}
            <PropertyAccessFields value={form.access} onChange={(access) => set({ access })} />
            {isNew ? null : <Affects object="property" id={property.id!} />}
            <div className={s.foot}>
              {isNew ? null : <Button variant="subtle" color="red" onClick={() => { setError(null); setArchiving(true) }}>{t('properties.archive')}</Button>}
              <span className={s.space} />
              <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
              <Button loading={busy} disabled={!form.label.trim() || (choice && form.options.length === 0)} onClick={() => void save(seen)}>{t('action.save')}</Button>
            </div>
          </>
        )}
      </Stack>
      {error && archiving ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
    </Modal>
  )
}
