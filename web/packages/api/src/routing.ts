// Who gets new work: what a channel's settings hold, and what its screens ask (internal/desk/inbox.go, internal/condition).

import type * as G from './generated.ts'
import type { Id, Time } from './types.ts'

export type ConditionOp = 'is' | 'is_not' | 'contains' | 'not_contains' | 'begins' | 'ends' | 'in' | 'not_in' | 'greater' | 'less' | 'exists' | 'not_exists'

/** One comparison of a fact: one of the values must fit; for a negation none may. */
export interface FactCondition { field: string; op: ConditionOp; values?: string[] | null }

/** What must hold: all of them, or any. Without conditions it always holds. */
export interface Conditions { match?: '' | 'all' | 'any'; when: FactCondition[] | null }

/** A fact that conditions may name. */
export interface ConditionField {
  field: string
  label: string
  type: 'text' | 'number' | 'boolean' | 'choice' | 'date'
  options?: ({ value: string; label: string } | string)[] | null
  group?: string
}

export type SkillNeed = G.SkillNeed

/** Asks for skills where its conditions hold; the first that fits decides. */
export interface SkillRule extends Omit<G.SkillRule, 'if'> { if?: Conditions | null }

export type AssignStep = G.AssignStep

export interface AssignPolicy {
  to: 'no_one' | 'users' | 'teams' | 'users_and_teams' | 'contact_owner' | ''
  users: string[] | null
  teams: string[] | null
  available_only: boolean
  by: 'least_open' | 'random' | ''
  rules?: SkillRule[] | null
  fallback?: AssignStep[] | null
  hold_seconds?: number
  mail_owner?: boolean
  tracked_only?: boolean
  no_queue?: boolean
  extra_members?: boolean
  own_contact?: boolean
  hours?: string
  reopened?: '' | 'keep_available' | 'keep' | 'again'
}

/** A limit of what somebody is given by itself; null or missing is none. */
export interface Capacity { total?: number | null; calls?: number | null; messages?: number | null; email?: number | null }

export type Skill = G.Skill
export type SkillCategory = G.Category
export type SkillList = G.SkillList
export type HeldSkill = G.SkillHeld
export type SkillUse = G.Use
export type SkillUses = G.Used

export type CapacityLoad = G.Load
export interface CapacitySettings { default: Capacity; exclude: { statuses: string[]; idle_days: number }; weights: Record<string, number>; call_blocks: boolean }
export interface PersonCapacity { user_id: Id; name: string; takes_work: boolean; available: boolean; own: Capacity | null; limit: Capacity; load: CapacityLoad }
/** after an assignment: what its owner has now, against the limit that is reached first */
export type OwnerStanding = G.Standing
export interface CapacityList { settings: CapacitySettings; items: PersonCapacity[] }

export interface Candidate {
  user_id: Id
  name: string
  open: number
  last_assigned_at: Time | null
  chosen: boolean
  reason: string
  by?: string
  load?: number
  limit?: number
  limit_kind?: string
  missing?: string[] | null
}

/** A rule or a fallback that was looked at, and what came of it. */
export type AssignmentStep = G.AssignmentStep

export interface Assignment {
  queued?: boolean
  at: Time | null
  by: string
  owner_id: Id | null
  team_id: Id | null
  rule: string
  reason: string
  rule_name?: string
  cause?: string
  steps?: AssignmentStep[] | null
  next_at?: Time | null
  hold_for?: Id | null
  mail_to?: Id | null
  candidates: Candidate[] | null
  owner_name?: string
  team_name?: string
}
