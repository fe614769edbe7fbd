import { NumberInput, Select, Stack, Switch, TextInput } from '@mantine/core'
import type { Property, TicketPolicy } from '@kanal/api'
import { usePipelines, useProperties } from '@/features/lookups/index.ts'
import { priorities, priorityName } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'

export const defaultTicket: TicketPolicy = { create: 'always', pipeline: '', status: '', priority: '', category: '', properties: {} }

/** GEN-18: what every new ticket of this channel is stamped with. */
export function TicketForm({ value, onChange }: { value: TicketPolicy; onChange(v: TicketPolicy): void }) {
  const pipelines = usePipelines()
  const custom = useProperties('ticket')
  const pipeline = pipelines.find((p) => p.slug === value.pipeline) ?? pipelines[0]
  const set = (part: Partial<TicketPolicy>) => onChange({ ...value, ...part })
  const put = (name: string, v: unknown) => set({ properties: { ...value.properties, [name]: v } })
  return (
    <Stack gap="md">
      <Switch label={t('ticket_policy.create')} description={t('ticket_policy.create_text')} checked={value.create !== 'never'} onChange={(e) => set({ create: e.currentTarget.checked ? 'always' : 'never' })} />
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
