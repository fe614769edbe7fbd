import { describe, expect, it } from 'vitest'
import type { ConditionField } from '@kanal/api'
import { fresh, grouped, languageName, opsOf, said, unfinished, withOp } from './model.ts'

const fields: ConditionField[] = [
  { field: 'contact.known', label: 'Known', type: 'boolean', group: 'contact' },
  { field: 'language', label: 'Language', type: 'choice', options: ['da', 'de'], group: 'message' },
  { field: 'form.age', label: 'Age', type: 'number', group: 'form' },
]

describe('conditions', () => { // SK-05
  it('offers the comparisons that a field allows, and keeps a foreign one', () => {
    expect(opsOf(fields[0])).toEqual(['is'])
    expect(opsOf(fields[2])).toContain('greater')
    expect(opsOf(fields[1])).not.toContain('contains')
    expect(opsOf(fields[1], 'contains')).toContain('contains')
  })
  it('is unfinished while it compares with nothing', () => {
    expect(unfinished({ when: [{ field: 'language', op: 'is', values: [] }] })).toBe(true)
    expect(unfinished({ when: [{ field: 'language', op: 'is', values: [' '] }] })).toBe(true)
    expect(unfinished({ when: [{ field: 'language', op: 'exists' }] })).toBe(false)
    expect(unfinished(null)).toBe(false)
  })
  it('keeps values where another comparison can use them', () => {
    expect(withOp({ field: 'form.age', op: 'is', values: ['1', '2'] }, 'greater').values).toEqual(['1'])
    expect(withOp({ field: 'form.age', op: 'is', values: ['1'] }, 'exists').values).toEqual([])
  })
  it('begins a yes or no with yes', () => expect(fresh(fields[0]!)).toEqual({ field: 'contact.known', op: 'is', values: ['true'] }))
  it('puts the message first', () => expect(grouped(fields).map((g) => g.items[0]!.value)).toEqual(['language', 'contact.known', 'form.age']))
  it('names languages', () => {
    expect(languageName('da')).toBe('Danish')
    expect(said({ field: 'language', op: 'is', values: ['da', 'de'] }, fields)).toContain('Danish')
  })
})
