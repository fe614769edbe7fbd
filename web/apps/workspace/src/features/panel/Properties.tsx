import { NumberInput, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import type { Contact, Property, Ticket } from '@kanal/api'
import { useProperties, usePipelines, useStatuses, useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { change, priorities, priorityName, setOwner, setPriority, setStatus } from '@/features/tickets/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { duration } from '@/shell/duration.ts'
import { dateTime } from '@/shell/format.ts'
import { Facts } from './Facts.tsx'
import s from './panel.module.css'

const OwnerLoad = lazy(withMore(async () => ({ default: (await import('@/features/capacity/later.ts')).OwnerLoad })))
const LanguageField = lazy(withMore(async () => ({ default: (await import('@/features/skills/later.ts')).LanguageField })))

const TagsField = lazy(withMore(async () => ({ default: (await import('@/features/tags/later.ts')).TagsField })))

export function Properties({ ticket }: { ticket: Ticket }) {
  const can = useCan()
  const edit = can('tickets.edit')
  const users = useUsers()
  const teams = useTeams()
  const pipelines = usePipelines()
  const statuses = useStatuses(ticket.pipeline_id)
  const custom = useProperties('ticket')
  return (
    <div className={s.properties}>
      <Select size="xs" label={t('property.status')} disabled={!edit} data={statuses.map((x) => ({ value: x.id, label: x.name }))} value={ticket.status_id} allowDeselect={false}
        onChange={(v) => { const st = statuses.find((x) => x.id === v); if (st) setStatus(ticket, st) }} />
      <Select size="xs" label={t('property.owner')} disabled={!can('tickets.assign')} searchable clearable placeholder={t('ticket.unassigned')} clearButtonProps={{ 'aria-label': t('action.release') }} value={ticket.owner_id}
        data={users.filter((u) => u.active || u.id === ticket.owner_id).map((u) => ({ value: u.id, label: u.name || u.email }))} nothingFoundMessage={t('state.nothing_found')}
        renderOption={({ option }) => <><span className={s.option}>{option.label}</span><Suspense fallback={null}><OwnerLoad id={option.value} /></Suspense></>}
        onChange={(v) => { const u = users.find((x) => x.id === v); setOwner(ticket, u ? { id: u.id, name: u.name } : null) }} />
      <Select size="xs" label={t('property.team')} disabled={!can('tickets.assign')} clearable placeholder={t('property.none')} clearButtonProps={{ 'aria-label': t('property.clear') }} value={ticket.team_id} data={teams.map((x) => ({ value: x.id, label: x.name }))}
        onChange={(v) => void change(ticket, { team_id: v }, { team: teams.find((x) => x.id === v) ?? null })} />
      <Select size="xs" label={t('property.priority')} disabled={!edit} clearable placeholder={t('property.none')} clearButtonProps={{ 'aria-label': t('property.clear') }} value={ticket.priority || null} data={priorities.map((p) => ({ value: p, label: priorityName(p) }))}
        onChange={(v) => setPriority(ticket, (v ?? '') as Ticket['priority'])} />
      <Held label={t('property.category')} value={ticket.category} disabled={!edit} onSave={(v) => void change(ticket, { category: v })} />
      <Suspense fallback={<TextInput size="xs" label=" " disabled />}><TagsField ticket={ticket} disabled={!edit} /></Suspense>
      <Suspense fallback={<TextInput size="xs" label=" " disabled />}><LanguageField value={ticket.language ?? ''} disabled={!edit} onSave={(language) => void change(ticket, { language })} /></Suspense>
      {custom.map((p) => <Custom key={p.id} property={p} ticket={ticket} disabled={!edit || !!p.read_only} />)}
      <Held label={t('property.description')} value={ticket.description} disabled={!edit} long onSave={(v) => void change(ticket, { description: v })} />
      <Facts rows={[
        [t('property.inbox'), ticket.inbox?.name],
        pipelines.length > 1 ? [t('property.pipeline'), pipelines.find((p) => p.id === ticket.pipeline_id)?.name] : null,
        [t('property.created_at'), dateTime(ticket.created_at)],
        ticket.first_reply_at ? [t('property.first_reply_at'), took(ticket.first_reply_at, ticket.time_to_first_reply)] : null,
        ticket.closed_at ? [t('property.closed_at'), took(ticket.closed_at, ticket.time_to_close)] : null,
      ]} />
    </div>
  )
}

/** A time, and how long after the ticket's beginning that was (TK-10). */
const took = (at: string, seconds: number | null | undefined) => (seconds === null || seconds === undefined ? dateTime(at) : <>{dateTime(at)}<br /><span className={s.dim}>{t('panel.took', { time: duration(seconds) })}</span></>)

/** A field that saves when left, and takes news from outside while it is not being edited. */
export function Held({ label, value, disabled, long = false, onSave }: { label: string; value: string; disabled: boolean; long?: boolean; onSave(v: string): void }) {
  const [draft, setDraft] = useState<string | null>(null)
  const props = {
    label, disabled, size: 'xs' as const, value: draft ?? value,
    onChange: (e: { currentTarget: { value: string } }) => setDraft(e.currentTarget.value),
    onBlur: () => { if (draft !== null && draft !== value) onSave(draft); setDraft(null) },
    onKeyDown: (e: { key: string; currentTarget: { blur(): void } }) => { if (e.key === 'Escape') setDraft(null); if (e.key === 'Enter' && !long) e.currentTarget.blur() },
  }
  return long ? <Textarea {...props} minRows={2} maxRows={8} /> : <TextInput {...props} />
}

function Custom({ property: p, ticket, disabled }: { property: Property; ticket: Ticket; disabled: boolean }) {
  return <CustomField property={p} values={ticket.properties} value={ticket.properties?.[p.name]} disabled={disabled} onSave={(v) => void change(ticket, { properties: { [p.name]: v } }, { properties: { ...ticket.properties, [p.name]: v } })} />
}

/** The custom properties of a contact. */
export function ContactFields({ contact, disabled, onSave }: { contact: Contact; disabled: boolean; onSave(properties: Record<string, unknown>): void }) {
  return <>{useProperties('contact').map((p) => <CustomField key={p.id} property={p} values={contact.properties} value={contact.properties?.[p.name]} disabled={disabled || !!p.read_only} onSave={(v) => onSave({ [p.name]: v })} />)}</>
}

/** A choice that depends on another offers what fits it (TK-10). */
function offered(p: Property, values: Record<string, unknown> | null | undefined): string[] {
  const on = p.depends_on ? values?.[p.depends_on] : undefined
  return (typeof on === 'string' ? p.options_by?.[on] : undefined) ?? p.options ?? []
}

function CustomField({ property: p, values, value, disabled, onSave: save }: { property: Property; values: Record<string, unknown> | null | undefined; value: unknown; disabled: boolean; onSave(v: unknown): void }) {
  const options = offered(p, values)
  switch (p.type) {
    case 'boolean': return <Switch size="xs" label={p.label} disabled={disabled} checked={value === true} onChange={(e) => save(e.currentTarget.checked)} />
    case 'number': return <NumberInput size="xs" label={p.label} disabled={disabled} value={typeof value === 'number' ? value : ''} onBlur={(e) => { const n = parseFloat(e.currentTarget.value); if (!Number.isNaN(n) && n !== value) save(n) }} />
    case 'choice': return <Select size="xs" label={p.label} disabled={disabled} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} placeholder={t('property.none')} data={options} value={typeof value === 'string' ? value : null} onChange={(v) => save(v ?? '')} />
    case 'date': return <Held label={p.label} disabled={disabled} value={String(value ?? '')} onSave={save} />
    default: return <Held label={p.label} disabled={disabled} long={p.type === 'long_text'} value={Array.isArray(value) ? value.join(', ') : String(value ?? '')} onSave={(v) => save(p.type === 'multi_choice' ? v.split(',').map((x) => x.trim()).filter(Boolean) : v)} />
  }
}
