// A form as it is being made: its fields, their order, what may not be. Pure.

import type { ConditionField, Conditions, FormDefinition, FormField, FormFieldType, Property } from '@kanal/api'
import { baseOf, decided, own, read, seen } from './words.ts'

const fieldTypes: FormFieldType[] = ['text', 'long_text', 'email', 'phone', 'number', 'date', 'choice', 'multi_choice', 'checkbox', 'file', 'hidden', 'consent', 'heading']

export const fieldsOf = (d: FormDefinition): FormField[] => d.fields ?? []
export const fieldOf = (d: FormDefinition, name: string | null): FormField | undefined => fieldsOf(d).find((f) => f.name === name)

/** The fields that stand in the list: what the team decides by itself is set with the ticket (FM-06). */
export const listed = (d: FormDefinition): FormField[] => fieldsOf(d).filter((f) => !decided(f) || f.mode === 'read_only')

/** The list in another order; what does not stand in it keeps its place at the end. */
export const ordered = (d: FormDefinition, list: readonly FormField[]): FormDefinition => ({ ...d, fields: [...list, ...fieldsOf(d).filter((f) => !list.some((x) => x.name === f.name))] })

export const change = (d: FormDefinition, name: string, part: Partial<FormField>): FormDefinition => ({ ...d, fields: fieldsOf(d).map((f) => (f.name === name ? { ...f, ...part } : f)) })

/** A name that no other field has. */
function freeName(d: FormDefinition, wanted: string): string {
  const base = slug(wanted) || 'field'
  const taken = new Set(fieldsOf(d).map((f) => f.name))
  if (!taken.has(base)) return base
  for (let n = 2; ; n++) if (!taken.has(`${base}_${n}`)) return `${base}_${n}`
}

export const slug = (text: string): string => text.toLowerCase().replace(/æ/g, 'ae').replace(/ø/g, 'oe').replace(/å/g, 'aa').replace(/ß/g, 'ss').normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 60)

/** Puts a field after another, or at the end. */
export function insert(d: FormDefinition, field: FormField, after: string | null): FormDefinition {
  const list = fieldsOf(d)
  const at = list.findIndex((f) => f.name === after)
  const to = at < 0 ? list.length : at + 1
  return { ...d, fields: [...list.slice(0, to), field, ...list.slice(to)] }
}

const without = (set: Conditions | null | undefined, name: string): Conditions | null => {
  const when = (set?.when ?? []).filter((c) => c.field !== name)
  return when.length ? { ...set, when } : null
}

/** Takes a field away, also from the conditions of the others. */
export const remove = (d: FormDefinition, name: string): FormDefinition => ({
  ...d, fields: fieldsOf(d).filter((f) => f.name !== name).map((f) => ({ ...f, ...(f.show_if ? { show_if: without(f.show_if, name) } : {}), ...(f.set_by ? { set_by: f.set_by.map((r) => ({ ...r, if: without(r.if, name) })).filter((r) => r.if) } : {}) })),
})

export function duplicate(d: FormDefinition, name: string): { next: FormDefinition; name: string } | null {
  const was = fieldOf(d, name)
  if (!was) return null
  const fresh = freeName(d, was.name)
  return { next: insert(d, { ...was, name: fresh, maps: '' }, name), name: fresh }
}

const renamed = (set: Conditions | null | undefined, from: string, to: string): Conditions | null | undefined => (set?.when ? { ...set, when: set.when.map((c) => (c.field === from ? { ...c, field: to } : c)) } : set)

/** Another name, everywhere it is used: conditions, rules and the ticket's name. */
export function rename(d: FormDefinition, from: string, to: string): FormDefinition {
  if (from === to || !to || fieldOf(d, to)) return d
  const named = d.ticket?.name?.replace(new RegExp(`\\{\\{\\s*${from}\\s*\\}\\}`, 'g'), `{{${to}}}`)
  return {
    ...d, ...(named === undefined ? {} : { ticket: { ...d.ticket, name: named } }),
    fields: fieldsOf(d).map((f) => ({
      ...f, name: f.name === from ? to : f.name, ...(f.show_if ? { show_if: renamed(f.show_if, from, to) ?? null } : {}),
      ...(f.set_by ? { set_by: f.set_by.map((r) => ({ ...r, if: renamed(r.if, from, to) ?? null })) } : {}),
    })),
  }
}

/** What a condition of one field may look at: the answers to the others. */
export function conditionFields(d: FormDefinition, except: string, lang: string): ConditionField[] {
  const base = baseOf(d)
  const kind = (f: FormField): ConditionField['type'] => (f.type === 'number' ? 'number' : f.type === 'date' ? 'date' : f.type === 'checkbox' || f.type === 'consent' ? 'boolean' : f.type === 'choice' || f.type === 'multi_choice' ? 'choice' : 'text')
  return fieldsOf(d).filter((f) => f.name !== except && f.type !== 'heading' && f.type !== 'file' && !decided(f)).map((f) => ({
    field: `form.${f.name}`, label: read(f.label, lang, base) || f.name, type: kind(f), group: 'form', ...(f.options?.length ? { options: f.options.map((o) => ({ value: o.value, label: read(o.label, lang, base) || o.value })) } : {}),
  }))
}

// The editor of conditions names facts; a form names its own fields.
export const toEditor = (set: Conditions | null | undefined): Conditions => ({ match: set?.match || 'all', when: (set?.when ?? []).map((c) => ({ ...c, field: `form.${c.field}` })) })
export const fromEditor = (set: Conditions): Conditions | null => (set.when?.length ? { match: set.match || 'all', when: set.when.map((c) => ({ ...c, field: c.field.replace(/^form\./, '') })) } : null)

export interface Fault { at: string; what: 'no_fields' | 'no_label' | 'no_options' | 'twice' | 'bad_name' | 'bad_url' | 'no_text' | 'unfinished' | 'bad_pattern' | 'min_max' | 'loop' | 'no_source' | 'bad_token' | 'value_twice'; field?: string; detail?: string }

/** What keeps a form from being saved, each with its place. The server says the same and more. */
export function faultsOf(d: FormDefinition): Fault[] {
  const out: Fault[] = []
  const base = baseOf(d)
  const names = new Map<string, number>()
  for (const f of fieldsOf(d)) names.set(f.name, (names.get(f.name) ?? 0) + 1)
  if (!fieldsOf(d).some(seen)) out.push({ at: 'fields', what: 'no_fields' })
  for (const f of fieldsOf(d)) {
    const put = (part: string, what: Fault['what'], detail?: string) => out.push({ at: `fields.${f.name}.${part}`, what, field: f.name, ...(detail ? { detail } : {}) })
    if (!/^[a-z][a-z0-9_-]{0,59}$/.test(f.name)) put('name', 'bad_name')
    else if (names.get(f.name)! > 1) put('name', 'twice')
    if (seen(f) && !own(f.label, base, base)) put('label', 'no_label')
    if ((f.type === 'choice' || f.type === 'multi_choice') && !decided(f) && f.maps !== 'ticket.priority') {
      const values = (f.options ?? []).map((o) => o.value.trim())
      if (!values.filter(Boolean).length) put('options', 'no_options')
      else if (new Set(values).size !== values.length || values.includes('')) put('options', 'value_twice')
    }
    if (f.pattern) { try { new RegExp(f.pattern) } catch { put('pattern', 'bad_pattern') } }
    if (f.min && f.max && (f.type === 'date' ? f.min > f.max : Number(f.min) > Number(f.max))) put('min', 'min_max')
    if (f.from && /^(query|cookie):$/.test(f.from)) put('from', 'no_source')
    const sets = [f.show_if, ...(f.set_by ?? []).map((r) => r.if)]
    if (sets.some(open)) put(open(f.show_if) ? 'show_if' : 'set_by', 'unfinished')
    const gone = sets.flatMap((x) => x?.when ?? []).find((c) => !names.has(c.field))
    if (gone) put('show_if', 'unfinished', gone.field)
    if (loops(d, f)) put('show_if', 'loop')
  }
  if (d.after?.do === 'redirect' && !/^https?:\/\/[^\s/]+/.test(d.after.url ?? '')) out.push({ at: 'after.url', what: 'bad_url' })
  if (d.consent?.processing && !own(d.consent.processing.text, base, base)) out.push({ at: 'consent.processing.text', what: 'no_text' })
  for (const [i, c] of (d.consent?.communication ?? []).entries()) if (!own(c.text, base, base)) out.push({ at: `consent.communication.${i}.text`, what: 'no_text' })
  for (const m of (d.ticket?.name ?? '').matchAll(/\{\{\s*([\w.]+)\s*\}\}/g)) if (!names.has(m[1]!) && !m[1]!.includes('.') && m[1] !== 'form' && m[1] !== 'contact') { out.push({ at: 'ticket.name', what: 'bad_token', detail: m[1]! }); break }
  return out
}

const open = (set: Conditions | null | undefined): boolean => (set?.when ?? []).some((c) => !c.field || (c.op !== 'exists' && c.op !== 'not_exists' && !(c.values ?? []).some((v) => v.trim() !== '')))

/** A field that shows only when it is shown itself would never be. */
function loops(d: FormDefinition, from: FormField): boolean {
  const walked = new Set<string>()
  const walk = (f: FormField | undefined): boolean => [...(f?.show_if?.when ?? []), ...(f?.set_by ?? []).flatMap((r) => r.if?.when ?? [])].some((c) => {
    if (c.field === from.name) return true
    if (walked.has(c.field)) return false
    walked.add(c.field)
    return walk(fieldOf(d, c.field))
  })
  return walk(from)
}

export interface Offer { maps: string; type: FormFieldType; group: 'contact' | 'company' | 'ticket' | 'free'; name: string; label: string; options?: string[]; once: boolean }

const typeOf = (p: Property): FormFieldType => ({ text: 'text', long_text: 'long_text', number: 'number', boolean: 'checkbox', date: 'date', choice: 'choice', multi_choice: 'multi_choice' } as Record<string, FormFieldType>)[p.type] ?? 'text'

/** What fields a form may have: of contact, company and ticket, of one's own properties, and free ones. */
export function offers(properties: readonly Property[], word: (key: string) => string): Offer[] {
  const fixed = (maps: string, type: FormFieldType, group: Offer['group']): Offer => ({ maps, type, group, name: maps === 'company.name' ? 'company' : maps.split('.')[1]!, label: word(maps), once: true })
  const custom = (object: 'contact' | 'ticket'): Offer[] => properties.filter((p) => p.object === object).map((p) => ({ maps: `${object}.${p.name}`, type: typeOf(p), group: object, name: slug(p.name), label: p.label || p.name, once: true, ...(p.options?.length ? { options: p.options } : {}) }))
  return [
    fixed('contact.email', 'email', 'contact'), fixed('contact.name', 'text', 'contact'), fixed('contact.first_name', 'text', 'contact'), fixed('contact.last_name', 'text', 'contact'), fixed('contact.phone', 'phone', 'contact'), ...custom('contact'),
    fixed('company.name', 'text', 'company'),
    fixed('ticket.subject', 'text', 'ticket'), fixed('ticket.description', 'long_text', 'ticket'), fixed('ticket.priority', 'choice', 'ticket'), fixed('ticket.category', 'text', 'ticket'), ...custom('ticket'),
    ...fieldTypes.map((type): Offer => ({ maps: '', type, group: 'free', name: type === 'consent' ? 'agree' : type, label: word(`type.${type}`), once: false })),
  ]
}

/** A field of an offer, with its label in the form's language. */
export function fieldFrom(d: FormDefinition, o: Offer, label: string): FormField {
  const name = freeName(d, o.name)
  const options = o.options?.map((v) => ({ value: v, label: v })) ?? (o.type === 'choice' || o.type === 'multi_choice' ? [{ value: '1', label: {} }, { value: '2', label: {} }] : undefined)
  return {
    name, maps: o.maps, type: o.type, label: label ? { [baseOf(d)]: label } : {}, ...(options ? { options } : {}), ...(o.maps === 'contact.email' ? { required: true } : {}),
    ...(o.type === 'hidden' ? { hidden: true, from: 'page.url' } : {}), ...(o.type === 'file' ? { max_files: 5, max_mb: 10 } : {}),
  }
}

/** The ticket fields that every form begins with: name and description are asked for, pipeline and status decided (FM-05, FM-06). */
export const ticketFields = (d: FormDefinition): FormField[] => fieldsOf(d).filter((f) => f.maps?.startsWith('ticket.'))

/** Which types a field may become without losing what it is for. */
export function typesFor(f: FormField): FormFieldType[] {
  if (f.maps === 'contact.email') return ['email']
  if (!f.maps) return fieldTypes
  const near: FormFieldType[][] = [['text', 'long_text', 'email', 'phone', 'choice', 'hidden'], ['choice', 'multi_choice', 'hidden'], ['checkbox', 'consent', 'hidden'], ['number', 'hidden'], ['date', 'hidden']]
  return [...new Set([f.type, ...(near.find((g) => g.includes(f.type)) ?? [])])]
}

/** A new value for an option that has none yet, from its label. */
export const optionValue = (label: string, others: readonly string[]): string => {
  const base = slug(label) || 'option'
  let v = base
  for (let n = 2; others.includes(v); n++) v = `${base}_${n}`
  return v
}

/** What differs between two forms, for who saved later than somebody else. */
export function differences(a: FormDefinition, b: FormDefinition): { at: string; was: string; is: string }[] {
  const flat = (v: unknown, at: string, out: Map<string, string>): Map<string, string> => {
    if (Array.isArray(v)) v.forEach((x, i) => flat(x, `${at}.${typeof x === 'object' && x && 'name' in x ? String((x as { name: unknown }).name) : i}`, out))
    else if (v && typeof v === 'object') for (const [k, x] of Object.entries(v)) flat(x, at ? `${at}.${k}` : k, out)
    else if (v !== undefined && v !== '' && v !== null && v !== false) out.set(at, String(v))
    return out
  }
  const was = flat(a, '', new Map()), is = flat(b, '', new Map())
  return [...new Set([...was.keys(), ...is.keys()])].filter((k) => was.get(k) !== is.get(k)).map((k) => ({ at: k, was: was.get(k) ?? '', is: is.get(k) ?? '' }))
}

export const nothing = (d: FormDefinition, lang: string): boolean => !own(d.title, lang, baseOf(d)) && !fieldsOf(d).length
