import { describe, expect, it } from 'vitest'
import type { Assignment } from '@kanal/api'
import { sinceThen } from './model.ts'

const kept = (owner: string | null, team: string | null = null): Assignment => ({ at: '2026-01-05T09:00:00Z', by: 'system', owner_id: owner, team_id: team, rule: 'users', reason: 'chosen_least_open', candidates: [] })

// RT-20, of a conversation without a ticket
describe('why somebody has a conversation', () => {
  it('is the kept decision while it holds', () => {
    expect(sinceThen(kept('7'), { owner_id: '7', team_id: null })).toEqual([kept('7')])
    expect(sinceThen(kept(null), { owner_id: null, team_id: null })).toEqual([kept(null)])
  })
  it('is a person who changed it since, with the decision before', () => {
    expect(sinceThen(kept('7'), { owner_id: '8', team_id: null }).map((a) => [a.rule, a.owner_id, a.reason])).toEqual([['manual', '8', 'chosen_by_person'], ['users', '7', 'chosen_least_open']])
    expect(sinceThen(kept('7'), { owner_id: null, team_id: null })[0]?.reason).toBe('cleared_by_person')
  })
  it('is nothing where nobody decided', () => {
    expect(sinceThen(null, { owner_id: null, team_id: null })).toEqual([])
    expect(sinceThen(null, { owner_id: '8', team_id: null }).map((a) => a.owner_id)).toEqual(['8'])
  })
})
