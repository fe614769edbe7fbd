// Conditions as people read and write them. Pure.

import type { ConditionField, ConditionOp, Conditions, FactCondition } from '@kanal/api'
import { currentLocale, maybe, t, type Key } from '@/locales/index.ts'

const byType: Record<ConditionField['type'], ConditionOp[]> = {
  text: ['is', 'is_not', 'contains', 'not_contains', 'begins', 'ends', 'exists', 'not_exists'],
  choice: ['is', 'is_not', 'exists', 'not_exists'],
  number: ['is', 'is_not', 'greater', 'less', 'exists', 'not_exists'],
  date: ['is', 'greater', 'less', 'exists', 'not_exists'],
  boolean: ['is'],
}

/** The comparisons that a field allows; one that a file brought along stays choosable. */
export function opsOf(field: ConditionField | undefined, has?: ConditionOp): ConditionOp[] {
  const ops = byType[field?.type ?? 'text'] ?? byType.text
  return has && !ops.includes(has) ? [...ops, has] : ops
}

export const bare = (op: ConditionOp): boolean => op === 'exists' || op === 'not_exists'
export const single = (op: ConditionOp): boolean => op === 'greater' || op === 'less'

export const opName = (field: ConditionField | undefined, op: ConditionOp): string =>
  field?.type === 'date' && op === 'greater' ? t('cond.op.after') : field?.type === 'date' && op === 'less' ? t('cond.op.before') : t(`cond.op.${op}` as Key)

export const fieldName = (f: ConditionField): string => maybe(`cond.field.${f.field}`, f.label)

/** "da" → "Danish", in the reader's own language. */
export function languageName(code: string): string {
  try {
    const name = new Intl.DisplayNames([currentLocale()], { type: 'language' }).of(code)
    if (name && name !== code) return name.charAt(0).toLocaleUpperCase(currentLocale()) + name.slice(1)
  } catch { /* no such code */ }
  return code
}

const isLanguage = (field: string): boolean => field === 'language' || field === 'contact.language'

export function optionsOf(f: ConditionField | undefined): { value: string; label: string }[] | null {
  if (!f) return null
  if (f.type === 'boolean') return [{ value: 'true', label: t('cond.yes') }, { value: 'false', label: t('cond.no') }]
  const options = (f.options ?? []).map((o) => (typeof o === 'string' ? { value: o, label: o } : o))
  if (!options.length) return null
  return options.map((o) => ({ value: o.value, label: isLanguage(f.field) ? languageName(o.value) : maybe(`cond.option.${f.field}.${o.value}`, o.label || o.value) }))
}

/** A condition as a sentence: "Language is Danish". */
export function said(c: FactCondition, fields: readonly ConditionField[]): string {
  const f = fields.find((x) => x.field === c.field)
  const options = optionsOf(f)
  const values = (c.values ?? []).map((v) => options?.find((o) => o.value === v)?.label ?? v)
  return [f ? fieldName(f) : c.field, opName(f, c.op), bare(c.op) ? '' : values.join(t('cond.or'))].filter(Boolean).join(' ')
}

/** Whether one of them compares with nothing yet: it could not be saved. */
export const unfinished = (set: Conditions | null | undefined): boolean => (set?.when ?? []).some((c) => !c.field || (!bare(c.op) && !(c.values ?? []).some((v) => v.trim() !== '')))

/** Another comparison keeps the values where they still mean something. */
export function withOp(c: FactCondition, op: ConditionOp): FactCondition {
  const values = bare(op) ? [] : single(op) ? (c.values ?? []).slice(0, 1) : (c.values ?? [])
  return { field: c.field, op, values }
}

export function fresh(f: ConditionField): FactCondition {
  return { field: f.field, op: opsOf(f)[0]!, values: f.type === 'boolean' ? ['true'] : [] }
}

const order = ['message', 'ticket', 'contact', 'company', 'form', 'page', '']

export function grouped(fields: readonly ConditionField[]): { group: string; items: { value: string; label: string }[] }[] {
  const groups = [...new Set(fields.map((f) => f.group ?? ''))].sort((a, b) => (order.indexOf(a) + 1 || 99) - (order.indexOf(b) + 1 || 99))
  return groups.map((g) => ({
    group: maybe(`cond.group.${g}`, g), items: fields.filter((f) => (f.group ?? '') === g).map((f) => ({ value: f.field, label: fieldName(f) })),
  }))
}
