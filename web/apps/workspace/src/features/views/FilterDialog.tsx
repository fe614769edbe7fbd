import { ActionIcon, Button, Modal, MultiSelect, NativeSelect, NumberInput, SegmentedControl, TagsInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { get, type Filter, type ViewField } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { count } from '@/shell/format.ts'
import { fieldName, opName, useFields, useOptions } from './fields.ts'
import { asGroup, complete, group, isGroup } from './filter.ts'
import type { ViewState } from './look.ts'
import s from './tools.module.css'

/** Builds a filter over every field and property, and says how many tickets it finds while it is built. */
export function FilterDialog({ view, state, onClose }: { view: string; state: ViewState; onClose(): void }) {
  const fields = useFields()
  const [root, setRoot] = useState<Filter>(() => {
    const { word, items } = asGroup(state.filter)
    return group(word, items.length ? items : [{ field: 'status_id', op: 'is' }])
  })
  const ready = useMemo(() => complete(root), [root])
  const found = useFound(state.saved ? 'all' : view, ready)
  // One begins at the first field, also when the fields came later than the window.
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => { if (fields.length) requestAnimationFrame(() => form.current?.querySelector('select')?.focus()) }, [fields.length])
  const apply = () => { state.setFilter(ready ?? (state.saved ? { all: [] } : null)); onClose() }
  return (
    <Modal opened onClose={onClose} size="lg" title={t('filter.title')} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form ref={form} className={s.form} onSubmit={(e) => { e.preventDefault(); apply() }}>
        {fields.length ? <GroupEdit f={root} fields={fields} depth={0} onChange={setRoot} /> : null}
        <div className={s.foot}>
          <span className={s.found} role="status">{found.error ? sentence(found.error) : found.data ? t('filter.finds', { n: found.data.count, count: count(found.data.count, found.data.capped) }) : ''}</span>
          <Button variant="subtle" color="gray" onClick={() => { state.setFilter(state.saved ? { all: [] } : null); onClose() }}>{t('filter.clear')}</Button>
          <Button type="submit">{t('filter.apply')}</Button>
        </div>
      </form>
    </Modal>
  )
}

/** How many there are, after a pause in building. */
function useFound(view: string, filter: Filter | null) {
  const text = filter ? JSON.stringify(filter) : ''
  const [settled, settle] = useState(text)
  useEffect(() => { const timer = setTimeout(() => settle(text), 350); return () => clearTimeout(timer) }, [text])
  return useQuery({ queryKey: ['tickets-count', view, settled], queryFn: ({ signal }) => get<{ count: number; capped: boolean }>('/api/tickets/count', { view, filter: settled }, signal), staleTime: 10_000, retry: false, placeholderData: (d) => d })
}

function GroupEdit({ f, fields, depth, onChange, onRemove }: { f: Filter; fields: ViewField[]; depth: number; onChange(f: Filter): void; onRemove?: () => void }) {
  const { word, items } = asGroup(f)
  const put = (i: number, sub: Filter | null) => onChange(group(word, sub ? items.map((x, at) => (at === i ? sub : x)) : items.filter((_, at) => at !== i)))
  return (
    <fieldset className={s.group} data-deep={depth > 0 || undefined}>
      <legend className="k-hidden">{t('filter.group')}</legend>
      <div className={s.groupHead}>
        <SegmentedControl size="xs" value={word} onChange={(w) => onChange(group(w as 'all' | 'any', items))} data={[{ value: 'all', label: t('filter.all') }, { value: 'any', label: t('filter.any') }]} aria-label={t('filter.word')} />
        {onRemove ? <ActionIcon aria-label={t('filter.remove_group')} onClick={onRemove}><Icon name="x" /></ActionIcon> : null}
      </div>
      <ul className={s.conditions}>
        {items.map((sub, i) => (
          <li key={i}>
            {isGroup(sub)
              ? <GroupEdit f={sub} fields={fields} depth={depth + 1} onChange={(x) => put(i, x)} onRemove={() => put(i, null)} />
              : <ConditionEdit f={sub} fields={fields} onChange={(x) => put(i, x)} onRemove={() => put(i, null)} />}
          </li>
        ))}
      </ul>
      <div className={s.adds}>
        <Button size="compact-sm" variant="light" leftSection={<Icon name="plus" size={13} />} onClick={() => onChange(group(word, [...items, { field: 'status_id', op: 'is' }]))}>{t('filter.add')}</Button>
        {depth < 2 ? <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onChange(group(word, [...items, { any: [{ field: 'status_id', op: 'is' }] }]))}>{t('filter.add_group')}</Button> : null}
      </div>
    </fieldset>
  )
}

function ConditionEdit({ f, fields, onChange, onRemove }: { f: Filter; fields: ViewField[]; onChange(f: Filter): void; onRemove(): void }) {
  const field = fields.find((x) => x.name === f.field)
  const groups = useMemo(() => {
    const of = (label: string, list: ViewField[]) => ({ group: label, items: list.map((x) => ({ value: x.name, label: fieldName(x) })).sort((a, b) => a.label.localeCompare(b.label)) })
    return [
      of(t('filter.ticket'), fields.filter((x) => x.object === 'ticket' && !x.custom)), of(t('filter.ticket_properties'), fields.filter((x) => x.object === 'ticket' && x.custom)),
      of(t('filter.contact'), fields.filter((x) => x.object === 'contact')), of(t('filter.company'), fields.filter((x) => x.object === 'company')),
    ].filter((g) => g.items.length)
  }, [fields])
  const name = field ? fieldName(field) : f.field!
  return (
    <div className={s.condition}>
      <NativeSelect
        aria-label={t('filter.field')} value={f.field} data={field ? groups : [{ value: f.field!, label: f.field! }, ...groups]}
        onChange={(e) => { const next = fields.find((x) => x.name === e.currentTarget.value)!; onChange({ field: next.name, op: next.ops[0]!, ...(next.type === 'boolean' ? { value: 'true' } : {}) }) }}
      />
      <NativeSelect
        aria-label={t('filter.op', { name })} value={f.op} data={(field?.ops ?? [f.op!]).map((o) => ({ value: o, label: opName(field, o) }))}
        onChange={(e) => { const op = e.currentTarget.value; onChange({ field: f.field!, op, ...(shape(op) === shape(f.op!) && f.value !== undefined ? { value: f.value } : {}) }) }}
      />
      <span className={s.value}>{field ? <ValueEdit f={f} field={field} name={name} onChange={(value) => onChange({ ...f, value })} /> : null}</span>
      <ActionIcon aria-label={t('filter.remove', { text: name })} onClick={onRemove}><Icon name="x" /></ActionIcon>
    </div>
  )
}

const shape = (op: string): string => (op === 'in' || op === 'not_in' ? 'list' : op === 'between' ? 'two' : op === 'empty' || op === 'not_empty' ? 'none' : op.endsWith('_days') ? 'days' : 'one')

function ValueEdit({ f, field, name, onChange }: { f: Filter; field: ViewField; name: string; onChange(v: unknown): void }) {
  const options = useOptions()(field)
  const label = t('filter.value', { name })
  const list = Array.isArray(f.value) ? f.value.map(String) : f.value === undefined ? [] : [String(f.value)]
  switch (shape(f.op!)) {
    case 'none': return null
    case 'days': return <NumberInput aria-label={label} min={0} max={36500} value={list[0] ?? ''} suffix={` ${t('filter.days')}`} onChange={(v) => onChange(v === '' ? '' : Number(v))} />
    case 'list':
      return options
        ? <MultiSelect aria-label={label} data={options} value={list} onChange={onChange} searchable hidePickedOptions comboboxProps={{ withinPortal: true }} />
        : <TagsInput aria-label={label} value={list} onChange={onChange} placeholder={t('filter.several')} />
    case 'two':
      return <span className={s.two}>{[0, 1].map((i) => <Single key={i} field={field} label={`${label} ${i + 1}`} value={list[i] ?? ''} onChange={(v) => { const next = [list[0] ?? '', list[1] ?? '']; next[i] = v; onChange(next) }} />)}</span>
  }
  return options
    ? <NativeSelect aria-label={label} value={list[0] ?? ''} data={[...(list[0] ? [] : [{ value: '', label: '' }]), ...options]} onChange={(e) => onChange(e.currentTarget.value)} />
    : <Single field={field} label={label} value={list[0] ?? ''} onChange={onChange} />
}

function Single({ field, label, value, onChange }: { field: ViewField; label: string; value: string; onChange(v: string): void }) {
  const type = field.type === 'moment' || field.type === 'date' ? 'date' : field.type === 'number' || field.type === 'duration' ? 'number' : 'text'
  return <TextInput aria-label={label} type={type} {...(type === 'number' ? { step: 'any' } : {})} {...(field.type === 'duration' ? { rightSection: <span className={s.unit}>{t('filter.hours_unit')}</span>, rightSectionWidth: 58, min: 0 } : {})} value={type === 'date' ? value.slice(0, 10) : value} onChange={(e) => onChange(e.currentTarget.value)} />
}
