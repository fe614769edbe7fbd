import { Banner } from '@kanal/ui'
import { NumberInput, Select, Switch, TextInput } from '@mantine/core'
import type { FormTicket, Property } from '@kanal/api'
import { usePipelines, useProperties } from '@/features/lookups/index.ts'
import { priorities, priorityName } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { decider, Decision } from './Decision.tsx'
import { Part, TokenLine } from './fields.tsx'
import { insert, ticketFields } from './model.ts'
import { decidedFields } from './templates.ts'
import s from './forms.module.css'

/** FM-05 to FM-07: what every ticket from this form gets, and who decides its pipeline and status. */
export function TicketTab() {
  const { editor, mayEdit } = useDesk()
  const { def } = editor
  const ticket = def.ticket ?? {}
  const custom = useProperties('ticket')
  const set = (part: Partial<FormTicket>) => editor.edit((d) => ({ ...d, ticket: { ...d.ticket, ...part } }), `ticket ${Object.keys(part).join()}`)
  const put = (name: string, v: unknown) => set({ properties: { ...ticket.properties, [name]: v } })
  const pipeline = decider(def, 'pipeline')
  const status = decider(def, 'status')
  const any = ticketFields(def).length > 0
  return (
    <div className={s.form}>
      <Part title={t('forms.ticket')} text={t('forms.ticket_text')} setting="forms.ticket">
        <Switch label={t('forms.ticket_make')} description={t('forms.ticket_make_text')} disabled={!mayEdit} checked={ticket.make !== false} onChange={(e) => set({ make: e.currentTarget.checked })} />
        {any ? null : <Banner tone="note" icon="info">{t('forms.no_ticket_fields')}</Banner>}
        <TokenLine label={t('forms.ticket_name')} hint={t('forms.ticket_name_text')} at="ticket.name" value={ticket.name ?? ''} onChange={(name) => set({ name })} />
      </Part>
      <Part title={t('property.pipeline')} text={t('forms.decided_text')} setting="forms.pipeline">{pipeline ? <Decision field={pipeline} /> : <Plain what="pipeline" />}</Part>
      <Part title={t('property.status')} setting="forms.status">{status ? <Decision field={status} /> : <Plain what="status" />}</Part>
      <Part title={t('forms.ticket_defaults')} text={t('forms.ticket_defaults_text')}>
        <Select label={t('property.priority')} disabled={!mayEdit} data={priorities.map((p) => ({ value: p, label: priorityName(p) }))} value={ticket.priority || null} placeholder={t('property.none')} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} onChange={(v) => set({ priority: v ?? '' })} />
        <TextInput label={t('property.category')} disabled={!mayEdit} value={ticket.category ?? ''} onChange={(e) => set({ category: e.currentTarget.value })} />
        {custom.map((p) => <Stamp key={p.id} property={p} value={ticket.properties?.[p.name]} disabled={!mayEdit} onChange={(v) => put(p.name, v)} />)}
      </Part>
    </div>
  )
}

/** A form without these fields: the default still holds, and the field can be had. */
function Plain({ what }: { what: 'pipeline' | 'status' }) {
  const { editor, mayEdit } = useDesk()
  const pipelines = usePipelines()
  const { def } = editor
  const pipeline = pipelines.find((p) => p.slug === def.ticket?.pipeline) ?? pipelines[0]
  const values = what === 'pipeline' ? pipelines.map((p) => ({ value: p.slug, label: p.name })) : (pipeline?.statuses ?? []).map((x) => ({ value: x.slug, label: x.name }))
  const more = (mode: 'rules' | 'read_only') => editor.edit((d) => insert(d, { ...decidedFields.find((f) => f.name === what)!, mode, hidden: mode !== 'read_only', ...(mode === 'rules' ? { set_by: [{ if: null, value: values[0]?.value ?? '' }] } : { read_only: true }) }, null))
  return (
    <>
      <Select label={t(what === 'pipeline' ? 'property.pipeline' : 'property.status')} description={t('forms.decided_default')} disabled={!mayEdit} data={values} value={def.ticket?.[what] || null} placeholder={values[0]?.label ?? ''} clearable clearButtonProps={{ 'aria-label': t('property.clear') }}
        onChange={(v) => editor.edit((d) => ({ ...d, ticket: { ...d.ticket, [what]: v ?? '', ...(what === 'pipeline' ? { status: '' } : {}) } }))} />
      {mayEdit ? <div><button type="button" className={s.link} onClick={() => more('rules')}>{t('forms.by_rules')}</button></div> : null}
    </>
  )
}

function Stamp({ property: p, value, disabled, onChange }: { property: Property; value: unknown; disabled: boolean; onChange(v: unknown): void }) {
  if (p.type === 'boolean') return <Switch label={p.label} disabled={disabled} checked={value === true} onChange={(e) => onChange(e.currentTarget.checked)} />
  if (p.type === 'number') return <NumberInput label={p.label} disabled={disabled} value={(value as number | undefined) ?? ''} onChange={(v) => onChange(v === '' ? null : Number(v))} />
  if (p.type === 'choice') return <Select label={p.label} disabled={disabled} data={p.options ?? []} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} value={(value as string | undefined) ?? null} onChange={onChange} />
  return <TextInput label={p.label} disabled={disabled} value={String(value ?? '')} onChange={(e) => onChange(e.currentTarget.value)} />
}
