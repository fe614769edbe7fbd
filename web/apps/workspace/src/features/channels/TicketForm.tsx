import { NumberInput, Radio, Select, Stack, Switch, TextInput } from '@mantine/core'
import type { Property, TicketPolicy } from '@kanal/api'
import { ConditionsEditor, useRoutingFields } from '@/features/conditions/index.ts'
import { usePipelines, useProperties } from '@/features/lookups/index.ts'
import { priorities, priorityName } from '@/features/tickets/index.ts'
import { t, type Key } from '@/locales/index.ts'

export const defaultTicket: TicketPolicy = { create: 'always', pipeline: '', status: '', priority: '', category: '', properties: {} }

const creates = ['always', 'when', 'new_topic', 'never'] as const
const owners = ['conversation', 'policy', 'no_one'] as const

/** GEN-05, GEN-18, IH-03, IH-04: when a conversation makes a ticket, who gets it, and what every new ticket of this channel is stamped with. */
export function TicketForm({ value, onChange }: { value: TicketPolicy; onChange(v: TicketPolicy): void }) {
  const pipelines = usePipelines()
  const custom = useProperties('ticket')
  const fields = useRoutingFields()
  const pipeline = pipelines.find((p) => p.slug === value.pipeline) ?? pipelines[0]
  const set = (part: Partial<TicketPolicy>) => onChange({ ...value, ...part })
  const put = (name: string, v: unknown) => set({ properties: { ...value.properties, [name]: v } })
  return (
    <Stack gap="md">
      <Radio.Group label={t('ticket_policy.make')} description={t('ticket_policy.make_text')} value={value.create || 'always'} onChange={(v) => set({ create: v as TicketPolicy['create'] })}>
        <Stack gap={8} mt={6}>{creates.map((c) => <Radio key={c} value={c} label={t(`ticket_policy.${c}` as Key)} description={t(`ticket_policy.${c}_text` as Key)} />)}</Stack>
      </Radio.Group>
      {value.create === 'when' ? <ConditionsEditor fields={fields} value={value.when} onChange={(when) => set({ when })} label={t('ticket_policy.when_label')} empty={t('ticket_policy.when_empty')} /> : null}
      {value.create === 'never' ? null : <Select label={t('ticket_policy.owner')} description={t('ticket_policy.owner_text')} data={owners.map((o) => ({ value: o, label: t(`ticket_policy.owner.${o}` as Key) }))} value={value.owner || 'conversation'} allowDeselect={false} onChange={(v) => set({ owner: (v ?? 'conversation') as NonNullable<TicketPolicy['owner']> })} />}
      {pipelines.length > 1 ? <Select label={t('property.pipeline')} data={pipelines.map((p) => ({ value: p.slug, label: p.name }))} value={pipeline?.slug ?? null} allowDeselect={false} onChange={(v) => set({ pipeline: v ?? '', status: '' })} /> : null}
      <Select label={t('property.status')} data={(pipeline?.statuses ?? []).map((x) => ({ value: x.slug, label: x.name }))} value={value.status || null} placeholder={pipeline?.statuses[0]?.name ?? ''} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} onChange={(v) => set({ status: v ?? '' })} />
      <Select label={t('property.priority')} data={priorities.map((p) => ({ value: p, label: priorityName(p) }))} value={value.priority || null} placeholder={t('property.none')} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} onChange={(v) => set({ priority: v ?? '' })} />
      <TextInput label={t('property.category')} value={value.category} onChange={(e) => set({ category: e.currentTarget.value })} />
      {custom.map((p) => <Stamp key={p.id} property={p} value={value.properties?.[p.name]} onChange={(v) => put(p.name, v)} />)}
    </Stack>
  )
}

function Stamp({ property: p, value, onChange }: { property: Property; value: unknown; onChange(v: unknown): void }) {
  if (p.type === 'boolean') return <Switch label={p.label} checked={value === true} onChange={(e) => onChange(e.currentTarget.checked)} />
  if (p.type === 'number') return <NumberInput label={p.label} value={(value as number | undefined) ?? ''} onChange={(v) => onChange(v === '' ? null : Number(v))} />
  if (p.type === 'choice') return <Select label={p.label} data={p.options ?? []} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} value={(value as string | undefined) ?? null} onChange={onChange} />
  return <TextInput label={p.label} value={String(value ?? '')} onChange={(e) => onChange(e.currentTarget.value)} />
}
