import { beforeAll, describe, expect, it } from 'vitest'
import type { SkillRule, User } from '@kanal/api'
import { loadMore } from '@/locales/index.ts'
import { faultOf, relaxOf, ruleFault, ruleText, withRelax } from './model.ts'

const user = (part: Partial<User>): User => ({ id: '1', email: 'a@b.example', name: 'A', first_name: '', last_name: '', role: 'agent', active: true, takes_work: true, available: true, locale: '', timezone: '', teams: [], last_seen_at: null, ...part })
const rule: SkillRule = { name: 'Danish', if: { when: [{ field: 'language', op: 'is', values: ['da'] }] }, skills: [{ skill: 'da', level: 3 }, { skill: 'billing', preferred: true }] }

describe('routing', () => {
  beforeAll(loadMore)
  it('says why somebody gets nothing', () => { // RT-09, RT-14, RT-15
    expect(faultOf(user({}))).toBeUndefined()
    expect(faultOf(undefined)).toBe('unknown')
    expect(faultOf(user({ active: false, takes_work: false }))).toBe('inactive')
    expect(faultOf(user({ takes_work: false }))).toBe('takes_no_work')
    expect(faultOf(user({ role: 'viewer' }))).toBe('no_permission')
    expect(faultOf(user({}), { everyone: false, users: ['2'], teams: [] })).toBe('no_access')
    expect(faultOf(user({ teams: ['9'] }), { everyone: false, users: [], teams: ['9'] })).toBeUndefined()
    expect(faultOf(user({}), { everyone: true, users: [], teams: [] })).toBeUndefined()
  })
  it('relaxes at once, after a time, or never', () => { // SK-06, SK-07
    expect(relaxOf(rule)).toBe('at_once')
    expect(relaxOf(withRelax(rule, 'strict'))).toBe('strict')
    expect(withRelax(withRelax(rule, 'strict'), 'after')).toMatchObject({ relax_seconds: 300 })
    expect('strict' in withRelax(withRelax(rule, 'strict'), 'after')).toBe(false)
  })
  it('is finished when it has a name, skills and whole conditions', () => {
    expect(ruleFault(rule)).toBeUndefined()
    expect(ruleFault({ ...rule, name: ' ' })).toBeTruthy()
    expect(ruleFault({ ...rule, skills: [] })).toBeTruthy()
    expect(ruleFault({ ...rule, if: { when: [{ field: 'subject', op: 'contains', values: [] }] } })).toBeTruthy()
  })
  it('reads as a sentence', () => expect(ruleText(rule, [], (x) => x)).toMatch(/language.*da.*da.*3.*billing/))
})
