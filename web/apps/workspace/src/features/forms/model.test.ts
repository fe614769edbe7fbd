import { describe, expect, it } from 'vitest'
import type { FormDefinition, FormField } from '@kanal/api'
import { change, conditionFields, differences, duplicate, faultsOf, fieldFrom, fieldOf, fromEditor, insert, listed, offers, ordered, remove, rename, ticketFields, toEditor, typesFor } from './model.ts'
import { decidedFields, fromTemplate, templateIds } from './templates.ts'
import { languagesOf, missing, own, read, write } from './words.ts'

const field = (name: string, more: Partial<FormField> = {}): FormField => ({ name, type: 'text', label: { en: name }, ...more })
const form = (...fields: FormField[]): FormDefinition => ({ language: 'en', fields })
const when = (f: string, ...values: string[]) => ({ match: 'all' as const, when: [{ field: f, op: 'is' as const, values }] })

describe('FM-05, FM-06: what every form begins with', () => {
  it('has a ticket name, a description, a pipeline and a status, and the last two are not in the list of fields', () => {
    for (const id of templateIds.filter((x) => x !== 'callback' && x !== 'feedback')) {
      const maps = ticketFields(fromTemplate(id, 'da')).map((f) => f.maps)
      for (const m of ['ticket.subject', 'ticket.description', 'ticket.pipeline', 'ticket.status']) expect(maps, id).toContain(m)
    }
    const d = fromTemplate('contact', 'en')
    expect(listed(d).some((f) => f.maps === 'ticket.pipeline' || f.maps === 'ticket.status')).toBe(false)
    expect(decidedFields.every((f) => f.hidden && f.mode === 'hidden')).toBe(true)
  })
  it('shows them in the list once they are shown on the form', () => {
    const d = change(fromTemplate('contact', 'en'), 'status', { mode: 'read_only', hidden: false })
    expect(listed(d).map((f) => f.name)).toContain('status')
  })
  it.each(templateIds)('%s is whole in five languages and has nothing to mend', (id) => {
    for (const l of ['en', 'da', 'de', 'sv', 'fi']) {
      const d = fromTemplate(id, l)
      expect(faultsOf(d)).toEqual([])
      for (const other of languagesOf(d)) expect(missing(d, other), `${id} ${other}`).toEqual([])
    }
  })
})

describe('the fields of a form', () => {
  it('keeps what the list does not show when its order changes', () => {
    const d = fromTemplate('contact', 'en')
    const next = ordered(d, [...listed(d)].reverse())
    expect(next.fields!.map((f) => f.name).slice(-2)).toEqual(['pipeline', 'status'])
    expect(next.fields!.length).toBe(d.fields!.length)
    expect(listed(next)[0]!.name).toBe(listed(d).at(-1)!.name)
  })
  it('takes a removed field out of the conditions of others', () => {
    const d = form(field('a'), field('b', { show_if: when('a', '1') }), field('c', { set_by: [{ if: when('a', '1'), value: 'x' }, { if: when('b', '1'), value: 'y' }] }))
    const next = remove(d, 'a')
    expect(fieldOf(next, 'b')!.show_if).toBeNull()
    expect(fieldOf(next, 'c')!.set_by).toHaveLength(1)
    expect(faultsOf(next)).toEqual([])
  })
  it('renames everywhere at once', () => {
    const d = { ...form(field('a'), field('b', { show_if: when('a', '1') })), ticket: { name: 'From {{ a }} and {{b}}' } }
    const next = rename(d, 'a', 'topic')
    expect(fieldOf(next, 'b')!.show_if!.when![0]!.field).toBe('topic')
    expect(next.ticket!.name).toBe('From {{topic}} and {{b}}')
    expect(rename(d, 'a', 'b')).toBe(d)
  })
  it('copies without what may be there once only', () => {
    const made = duplicate(form(field('email', { maps: 'contact.email', type: 'email' })), 'email')!
    expect(made.name).toBe('email_2')
    expect(fieldOf(made.next, 'email_2')!.maps).toBe('')
  })
  it('FM-16: offers contact, company, ticket and custom properties', () => {
    const all = offers([{ object: 'ticket', name: 'region', label: 'Region', type: 'choice', options: ['North'] } as never], (k) => k)
    expect(all.map((o) => o.maps)).toEqual(expect.arrayContaining(['contact.email', 'company.name', 'ticket.subject', 'ticket.region']))
    const f = fieldFrom(form(), all.find((o) => o.maps === 'ticket.region')!, 'Region')
    expect(f.options).toEqual([{ value: 'North', label: 'North' }])
    expect(insert(form(field('a'), field('b')), f, 'a').fields!.map((x) => x.name)).toEqual(['a', 'region', 'b'])
    expect(typesFor(field('email', { maps: 'contact.email', type: 'email' }))).toEqual(['email'])
  })
})

describe('conditions', () => {
  it('speak of the other answers only, and come back as they were', () => {
    const d = form(field('a', { type: 'choice', options: [{ value: '1', label: 'One' }] }), field('b'), field('h', { type: 'heading' }))
    expect(conditionFields(d, 'b', 'en')).toEqual([{ field: 'form.a', label: 'a', type: 'choice', group: 'form', options: [{ value: '1', label: 'One' }] }])
    expect(fromEditor(toEditor(when('a', '1')))).toEqual(when('a', '1'))
    expect(fromEditor({ match: 'all', when: [] })).toBeNull()
  })
  it('may not go round', () => {
    expect(faultsOf(form(field('a', { show_if: when('b', '1') }), field('b', { show_if: when('a', '1') }))).map((f) => f.what)).toContain('loop')
  })
})

describe('what must be mended, and where', () => {
  const what = (d: FormDefinition) => faultsOf(d).map((f) => `${f.at} ${f.what}`)
  it('says it of fields', () => {
    expect(what(form())).toEqual(['fields no_fields'])
    expect(what(form(field('a', { label: {} })))).toEqual(['fields.a.label no_label'])
    expect(what(form(field('a', { type: 'choice', options: [] })))).toEqual(['fields.a.options no_options'])
    expect(what(form(field('a', { type: 'choice', options: [{ value: 'x' }, { value: 'x' }] })))).toEqual(['fields.a.options value_twice'])
    expect(what(form(field('a', { pattern: '(' })))).toEqual(['fields.a.pattern bad_pattern'])
    expect(what(form(field('a', { type: 'number', min: '9', max: '10' })))).toEqual([])
    expect(what(form(field('a', { type: 'number', min: '10', max: '9' })))).toEqual(['fields.a.min min_max'])
    expect(what(form(field('a', { show_if: when('gone', '1') })))).toEqual(['fields.a.show_if unfinished'])
    expect(what(form(field('a'), field('p', { type: 'hidden', hidden: true, from: 'query:' })))).toEqual(['fields.p.from no_source'])
  })
  it('says it of the rest', () => {
    expect(what({ ...form(field('a')), after: { do: 'redirect', url: 'javascript:alert(1)' } })).toEqual(['after.url bad_url'])
    expect(what({ ...form(field('a')), consent: { processing: { text: {} } } })).toEqual(['consent.processing.text no_text'])
    expect(what({ ...form(field('a')), ticket: { name: '{{b}}' } })).toEqual(['ticket.name bad_token'])
    expect(what({ ...form(field('a')), ticket: { name: '{{form}}: {{a}}' } })).toEqual([])
  })
})

describe('texts', () => {
  it('stand in for each other, and say which are missing', () => {
    const d: FormDefinition = { language: 'en', languages: ['da'], title: { en: 'Hello', da: 'Hej' }, submit: 'Send', fields: [field('a')] }
    expect(read(d.title, 'da', 'en')).toBe('Hej')
    expect(read(d.submit, 'da', 'en')).toBe('Send')
    expect(own(d.submit, 'da', 'en')).toBe('')
    expect(missing(d, 'da')).toEqual(['submit', 'fields.a.label'])
    expect(write('Send', 'da', 'en', 'Send den')).toEqual({ en: 'Send', da: 'Send den' })
    expect(write({ en: 'x' }, 'en', 'en', '')).toEqual({})
  })
  it('two forms differ by name', () => {
    expect(differences(form(field('a')), form(field('a', { required: true })))).toEqual([{ at: 'fields.a.required', was: '', is: 'true' }])
  })
})
