import { ActionIcon, Button, NativeSelect, Select, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { Icon } from '@kanal/ui'
import { useBusinessHours } from '@/features/hours/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { answerNames, useDesk } from './context.ts'
import { stepText, stepTitle } from './describe.ts'
import { Words } from './fields.tsx'
import { setPort } from './model.ts'
import type { Option, Step, When } from './types.ts'
import s from './chatflows.module.css'

/** Where a way out leads. This is the way to connect without a pointer. */
export function StepPick({ step, port, to, label, none }: { step: Step; port: string; to: string; label: string; none: string }) {
  const { editor, lang, base, mayEdit, fault } = useDesk()
  const data = (editor.def.steps ?? []).filter((x) => x.id !== step.id).map((x) => ({ value: x.id, label: [`${x.id} ${stepTitle(x)}`, stepText(x, lang, base, editor.def)].filter(Boolean).join(' – ').slice(0, 60) }))
  return (
    <Select
      label={label} data={data} value={data.some((x) => x.value === to) ? to : null} placeholder={none} searchable clearable disabled={!mayEdit} error={fault(step.id, port.replace(/^choice\./, 'choices.').replace(/^case\./, 'cases.').replace(/\.\d+$/, (n) => `${n}.next`))} nothingFoundMessage={t('state.nothing_found')}
      clearButtonProps={{ 'aria-label': t('flow.disconnect') }} onChange={(v) => editor.edit((d) => ({ ...d, steps: (d.steps ?? []).map((x) => (x.id === step.id ? setPort(x, port, v ?? '') : x)) }))}
    />
  )
}

/** A list of things of one step: each with its own fields, moved, removed and added. */
export function Rows<T>({ title, items, onChange, make, add, name, max = 20, children }: {
  title: string; items: readonly T[]; onChange(items: T[]): void; make(): T; add: string; name(i: number): string; max?: number; children(item: T, set: (part: Partial<T>) => void, i: number): ReactNode
}) {
  const { mayEdit } = useDesk()
  const swap = (i: number, j: number) => { const out = [...items]; [out[i], out[j]] = [out[j]!, out[i]!]; onChange(out) }
  return (
    <fieldset className={s.rows}>
      <legend>{title}</legend>
      {items.map((item, i) => (
        <div key={i} className={s.row} role="group" aria-label={name(i)}>
          <div className={s.rowHead}>
            <span>{name(i)}</span>
            {mayEdit ? (
              <span className={s.rowTools}>
                <ActionIcon size={24} disabled={i === 0} onClick={() => swap(i, i - 1)} aria-label={t('flow.row_up', { name: name(i) })}><Icon name="up" size={13} /></ActionIcon>
                <ActionIcon size={24} disabled={i === items.length - 1} onClick={() => swap(i, i + 1)} aria-label={t('flow.row_down', { name: name(i) })}><Icon name="down" size={13} /></ActionIcon>
                <ActionIcon size={24} onClick={() => onChange(items.filter((_, j) => j !== i))} aria-label={t('flow.row_remove', { name: name(i) })}><Icon name="trash" size={13} /></ActionIcon>
              </span>
            ) : null}
          </div>
          {children(item, (part) => onChange(items.map((x, j) => (j === i ? { ...x, ...part } : x))), i)}
        </div>
      ))}
      {mayEdit && items.length < max ? <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => onChange([...items, make()])}>{add}</Button> : null}
    </fieldset>
  )
}

/** CF-09, CH-32: buttons the visitor may press. Those of a message may open an address instead. */
export function Options({ step, field, title, onChange }: { step: Step; field: 'quick' | 'choices'; title: string; onChange(v: Option[]): void }) {
  const { mayEdit, fault } = useDesk()
  const port = field === 'quick' ? 'quick' : 'choice'
  return (
    <Rows title={title} items={step[field] ?? []} onChange={onChange} make={(): Option => ({ label: {}, value: '' })} add={t('flow.add_option')} name={(i) => t('flow.port_option', { n: i + 1 })} max={13}>
      {(o, set, i) => (
        <>
          <Words label={t('flow.option_label')} step={step.id} field={`${field}.${i}.label`} value={o.label} long={false} plain onChange={(label) => set({ label })} />
          <TextInput label={t('flow.option_value')} description={t('flow.option_value_text')} value={o.value ?? ''} disabled={!mayEdit} error={fault(step.id, `${field}.${i}.value`)} onChange={(e) => set({ value: e.currentTarget.value })} />
          {field === 'quick' ? <TextInput label={t('flow.option_url')} type="url" value={o.url ?? ''} disabled={!mayEdit} error={fault(step.id, `${field}.${i}.url`)} onChange={(e) => set({ url: e.currentTarget.value })} /> : null}
          {o.url ? null : <StepPick step={step} port={`${port}.${i}`} to={o.next ?? ''} label={t('flow.leads_to')} none={t('flow.port_else')} />}
        </>
      )}
    </Rows>
  )
}

const ons = ['answer', 'contact', 'ticket', 'availability', 'hours', 'page', 'language', 'known'] as const
const textOps = ['is', 'is_not', 'contains', 'not_contains', 'begins', 'ends', 'greater', 'less', 'exists', 'not_exists']
const opsOf = (on: string): string[] => (on === 'availability' || on === 'language' ? ['is', 'is_not'] : on === 'known' || on === 'hours' ? ['is'] : textOps)

/** CF-11: what must hold for a way to be taken. All of one case must. */
export function Conditions({ step, at, value, onChange }: { step: Step; at: number; value: When[]; onChange(v: When[]): void }) {
  const { editor, mayEdit, fault } = useDesk()
  const names = answerNames(editor.def.steps ?? [])
  const hours = useBusinessHours()
  const set = (i: number, part: Partial<When>) => onChange(value.map((w, j) => (j === i ? { ...w, ...part } : w)))
  const choices = (on: string): { value: string; label: string }[] | null => (
    on === 'availability' ? ['available', 'away', 'offline', 'capacity'].map((v) => ({ value: v, label: t(`flow.state.${v}` as Key) }))
      : on === 'hours' ? ['open', 'closed'].map((v) => ({ value: v, label: t(`flow.hours.${v}` as Key) }))
      : on === 'known' ? ['true', 'false'].map((v) => ({ value: v, label: t(`flow.known.${v}` as Key) })) : null)
  return (
    <div className={s.conditions}>
      {value.map((w, i) => {
        const list = choices(w.on)
        const field = `cases.${at}.when.${i}`
        return (
          <div key={i} className={s.condition} role="group" aria-label={t('flow.condition', { n: i + 1 })}>
            {i > 0 ? <span className={s.and}>{t('flow.and_all')}</span> : null}
            <NativeSelect aria-label={t('flow.what')} disabled={!mayEdit} value={w.on} error={fault(step.id, `${field}.on`)} data={ons.map((v) => ({ value: v, label: t(`flow.on.${v}` as Key) }))} onChange={(e) => { const on = e.currentTarget.value; set(i, { on, name: '', op: 'is', value: choices(on)?.[0]?.value ?? '' }) }} />
            {w.on === 'answer' ? <NativeSelect aria-label={t('flow.which_answer')} disabled={!mayEdit} value={w.name ?? ''} error={fault(step.id, `${field}.name`)} data={[{ value: '', label: t('flow.choose_answer') }, ...[...new Set([...names, ...(w.name ? [w.name] : [])])].map((n) => ({ value: n, label: n }))]} onChange={(e) => set(i, { name: e.currentTarget.value })} /> : null}
            {w.on === 'contact' || w.on === 'ticket' ? <TextInput aria-label={t('flow.property')} placeholder={t('flow.property')} disabled={!mayEdit} value={w.name ?? ''} error={fault(step.id, `${field}.name`)} onChange={(e) => set(i, { name: e.currentTarget.value })} /> : null}
            {w.on === 'hours' ? <NativeSelect aria-label={t('flow.hours_which')} disabled={!mayEdit} value={w.name ?? ''} error={fault(step.id, `${field}.name`)} data={[{ value: '', label: t('flow.hours_channel') }, ...hours.map((h) => ({ value: h.slug, label: h.name })), ...(w.name && !hours.some((h) => h.slug === w.name) ? [{ value: w.name, label: w.name }] : [])]} onChange={(e) => set(i, { name: e.currentTarget.value })} /> : null}
            {w.on === 'page' ? <NativeSelect aria-label={t('flow.page_part')} disabled={!mayEdit} value={w.name || 'url'} data={['url', 'path', 'host', ...(w.name?.startsWith('query.') ? [w.name] : [])].map((v) => ({ value: v, label: v }))} onChange={(e) => set(i, { name: e.currentTarget.value })} /> : null}
            <NativeSelect aria-label={t('flow.how')} disabled={!mayEdit} value={w.op} error={fault(step.id, `${field}.op`)} data={opsOf(w.on).map((v) => ({ value: v, label: t(`flow.op.${v}` as Key) }))} onChange={(e) => set(i, { op: e.currentTarget.value })} />
            {w.op === 'exists' || w.op === 'not_exists' ? null
              : list ? <NativeSelect aria-label={t('flow.value')} disabled={!mayEdit} value={w.value ?? ''} data={list} onChange={(e) => set(i, { value: e.currentTarget.value })} />
                : <TextInput aria-label={t('flow.value')} placeholder={t('flow.value')} disabled={!mayEdit} value={w.value ?? ''} error={fault(step.id, `${field}.value`)} onChange={(e) => set(i, { value: e.currentTarget.value })} />}
            {mayEdit ? <ActionIcon size={26} aria-label={t('flow.condition_remove', { n: i + 1 })} onClick={() => onChange(value.filter((_, j) => j !== i))}><Icon name="x" size={13} /></ActionIcon> : null}
          </div>
        )
      })}
      {mayEdit ? <Button variant="subtle" leftSection={<Icon name="plus" size={13} />} onClick={() => onChange([...value, { on: 'answer', name: '', op: 'is', value: '' }])}>{t('flow.add_condition')}</Button> : null}
    </div>
  )
}

/** Names and their values: headers, properties, what is kept from an answer. */
export function Pairs({ title, hint, value, onChange, nameLabel, valueLabel, add }: { title: string; hint?: string; value: Record<string, unknown>; onChange(v: Record<string, string>): void; nameLabel: string; valueLabel: string; add: string }) {
  const { mayEdit } = useDesk()
  const list = Object.entries(value).map(([k, v]) => [k, String(v ?? '')] as const)
  const put = (next: readonly (readonly [string, string])[]) => onChange(Object.fromEntries(next))
  return (
    <fieldset className={s.rows}>
      <legend>{title}</legend>
      {hint ? <p className={s.hint}>{hint}</p> : null}
      {list.map(([k, v], i) => (
        <div key={i} className={s.pair}>
          <TextInput aria-label={nameLabel} placeholder={nameLabel} value={k} disabled={!mayEdit} onChange={(e) => { const name = e.currentTarget.value; if (!list.some(([x], j) => x === name && j !== i)) put(list.map((x, j) => (j === i ? [name, x[1]] : x))) }} />
          <TextInput aria-label={valueLabel} placeholder={valueLabel} value={v} disabled={!mayEdit} onChange={(e) => { const to = e.currentTarget.value; put(list.map((x, j) => (j === i ? [x[0], to] : x))) }} />
          {mayEdit ? <ActionIcon size={26} aria-label={t('flow.row_remove', { name: k })} onClick={() => put(list.filter((_, j) => j !== i))}><Icon name="x" size={13} /></ActionIcon> : null}
        </div>
      ))}
      {mayEdit && !list.some(([k]) => k === '') ? <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => put([...list, ['', '']])}>{add}</Button> : null}
    </fieldset>
  )
}
