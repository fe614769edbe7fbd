import { describe, expect, it } from 'vitest'
import { differences } from './differences.ts'

describe('the audit log shows before and after', () => {
  it('of changes by field, and of whole things', () => {
    expect(differences({ changes: { role: ['agent', 'admin'], updated_at: [1, 2] } })).toEqual([{ field: 'role', before: 'agent', after: 'admin' }])
    expect(differences({ before: { name: 'A', id: '1' }, after: { name: 'B', id: '1' } })).toEqual([{ field: 'name', before: 'A', after: 'B' }])
    expect(differences({ before: null, after: { name: 'New' } })).toEqual([{ field: 'name', before: '', after: 'New' }])
  })
  it('names the things in a list', () => {
    expect(differences({ before: { statuses: [{ name: 'New', state: 'open' }] }, after: { statuses: [{ name: 'New', state: 'open' }, { name: 'Done', state: 'closed' }] } }))
      .toEqual([{ field: 'statuses', before: 'New (open)', after: 'New (open), Done (closed)' }])
  })
  it('says nothing where nothing is to be said', () => { expect(differences({})).toEqual([]) })
})
