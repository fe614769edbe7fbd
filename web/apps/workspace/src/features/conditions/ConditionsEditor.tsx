import { ActionIcon, Button, MultiSelect, NativeSelect, TagsInput, TextInput } from '@mantine/core'
import { useId, useRef } from 'react'
import type { ConditionField, ConditionOp, Conditions, FactCondition } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { bare, fieldName, fresh, grouped, opName, opsOf, optionsOf, single, withOp } from './model.ts'
import s from './conditions.module.css'

export interface ConditionsEditorProps {
  fields: readonly ConditionField[]
  value: Conditions | null | undefined
  onChange(v: Conditions): void
  mayEdit?: boolean
  /** what the conditions are for, for those who hear the page */
  label?: string
  /** what it means when there are none; default: it always holds */
  empty?: string
}

/** Conditions on what is known: field, comparison, values. Used by rules of skills, a channel's tickets and forms. */
export function ConditionsEditor({ fields, value, onChange, mayEdit = true, label, empty }: ConditionsEditorProps) {
  const when = value?.when ?? []
  const box = useRef<HTMLFieldSetElement>(null)
  const put = (next: FactCondition[]) => onChange({ match: value?.match === 'any' ? 'any' : 'all', when: next })
  const focus = (what: string, at = 0) => requestAnimationFrame(() => box.current?.querySelectorAll<HTMLElement>(what)[at]?.focus())
  const add = () => {
    const first = fields.find((f) => !when.some((c) => c.field === f.field)) ?? fields[0]
    if (!first) return
    put([...when, fresh(first)])
    focus('[data-field] select', when.length)
  }
  const remove = (i: number) => {
    put(when.filter((_, x) => x !== i))
    if (when.length > 1) focus('[data-remove]', Math.min(i, when.length - 2))
    else focus('[data-add]')
  }
  return (
    <fieldset className={s.box} ref={box} disabled={!mayEdit} aria-label={label ?? t('cond.label')}>
      {when.length > 1 ? (
        <NativeSelect className={s.match} aria-label={t('filter.word')} value={value?.match === 'any' ? 'any' : 'all'} data={[{ value: 'all', label: t('cond.all') }, { value: 'any', label: t('cond.any') }]}
          onChange={(e) => onChange({ match: e.currentTarget.value as 'all' | 'any', when })} />
      ) : null}
      {when.length ? <ul className={s.list}>{when.map((c, i) => <li key={i}><Row c={c} fields={fields} onChange={(x) => put(when.map((y, at) => (at === i ? x : y)))} onRemove={() => remove(i)} mayEdit={mayEdit} /></li>)}</ul> : <p className={s.empty}>{empty ?? t('cond.none')}</p>}
      {mayEdit ? <div><Button data-add size="compact-sm" variant="light" leftSection={<Icon name="plus" size={13} />} onClick={add} disabled={!fields.length}>{t('cond.add')}</Button></div> : null}
    </fieldset>
  )
}

function Row({ c, fields, onChange, onRemove, mayEdit }: { c: FactCondition; fields: readonly ConditionField[]; onChange(c: FactCondition): void; onRemove(): void; mayEdit: boolean }) {
  const field = fields.find((f) => f.field === c.field)
  const name = field ? fieldName(field) : c.field
  const groups = grouped(fields)
  return (
    <div className={s.row} role="group" aria-label={name}>
      <NativeSelect wrapperProps={{ 'data-field': true }} aria-label={t('filter.field')} value={c.field} data={field || !c.field ? groups : [{ value: c.field, label: c.field }, ...groups]}
        onChange={(e) => { const next = fields.find((f) => f.field === e.currentTarget.value); if (next) onChange(fresh(next)) }} />
      <NativeSelect aria-label={t('filter.op', { name })} value={c.op} data={opsOf(field, c.op).map((o) => ({ value: o, label: opName(field, o) }))} onChange={(e) => onChange(withOp(c, e.currentTarget.value as ConditionOp))} />
      <span className={s.value}>{bare(c.op) ? null : <Values c={c} field={field} name={name} onChange={(values) => onChange({ ...c, values })} />}</span>
      {mayEdit ? <ActionIcon data-remove aria-label={t('filter.remove', { text: name })} onClick={onRemove}><Icon name="x" /></ActionIcon> : null}
    </div>
  )
}

function Values({ c, field, name, onChange }: { c: FactCondition; field: ConditionField | undefined; name: string; onChange(v: string[]): void }) {
  const hint = useId()
  const label = t('filter.value', { name })
  const values = c.values ?? []
  const options = optionsOf(field)
  if (field?.type === 'boolean') return <NativeSelect aria-label={label} value={values[0] ?? 'true'} data={options!} onChange={(e) => onChange([e.currentTarget.value])} />
  if (options) {
    const known = [...options, ...values.filter((v) => !options.some((o) => o.value === v)).map((v) => ({ value: v, label: v }))]
    return <MultiSelect aria-label={label} data={known} value={values} onChange={onChange} searchable hidePickedOptions {...(values.length ? {} : { placeholder: t('cond.choose') })} nothingFoundMessage={t('state.nothing_found')} comboboxProps={{ withinPortal: true }} />
  }
  if (field?.type === 'date') return <TextInput type="date" aria-label={label} value={(values[0] ?? '').slice(0, 10)} onChange={(e) => onChange(e.currentTarget.value ? [e.currentTarget.value] : [])} />
  if (single(c.op) || field?.type === 'number') return <TextInput type="number" step="any" aria-label={label} value={values[0] ?? ''} onChange={(e) => onChange(e.currentTarget.value ? [e.currentTarget.value] : [])} />
  return (
    <>
      <TagsInput aria-label={label} aria-describedby={hint} value={values} onChange={onChange} acceptValueOnBlur splitChars={[]} {...(values.length ? {} : { placeholder: t('cond.type') })} />
      <span id={hint} className="k-hidden">{t('filter.several')}</span>
    </>
  )
}
