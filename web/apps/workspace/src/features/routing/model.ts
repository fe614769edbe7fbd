// What a rule of assignment says, in words, and what is wrong with it. Pure.

import type { Access, AssignPolicy, AssignStep, ConditionField, SkillRule, User } from '@kanal/api'
import { said, unfinished } from '@/features/conditions/index.ts'
import { t, type Key } from '@/locales/index.ts'

export const noAssign: AssignPolicy = { to: 'no_one', users: [], teams: [], available_only: true, by: 'least_open' }

export const choices = ['no_one', 'users', 'teams', 'users_and_teams', 'contact_owner'] as const
export const namesUsers = (to: string): boolean => to === 'users' || to === 'users_and_teams'
export const namesTeams = (to: string): boolean => to === 'teams' || to === 'users_and_teams'

export type Fault = 'inactive' | 'takes_no_work' | 'no_permission' | 'no_access' | 'unknown'

/** Why somebody gets nothing from a rule, whatever it says; undefined: they may be chosen (RT-09, RT-14, RT-15). */
export function faultOf(user: User | undefined, access?: Access): Fault | undefined {
  if (!user) return 'unknown'
  if (!user.active) return 'inactive'
  if (user.role === 'light' || user.role === 'viewer') return 'no_permission'
  if (!user.takes_work) return 'takes_no_work'
  if (access && !access.everyone && !(access.users ?? []).includes(user.id) && !(access.teams ?? []).some((x) => (user.teams ?? []).includes(x))) return 'no_access'
  return undefined
}

export const freshRule = (n: number): SkillRule => ({ name: t('routing.rule_new', { number: n }), if: { match: 'all', when: [] }, skills: [{ skill: 'language' }], users: [], teams: [] })
export const freshStep = (): AssignStep => ({ to: 'users', users: [], teams: [] })

export function ruleFault(r: SkillRule): string | undefined {
  if (!r.name.trim()) return t('routing.fault_name')
  if (!(r.skills ?? []).length) return t('routing.fault_skills')
  if (unfinished(r.if)) return t('routing.fault_condition')
  return undefined
}

/** "If Language is Danish: Danish (at least 3), preferably Billing; then the rest of the channel's rule" */
export function ruleText(r: SkillRule, fields: readonly ConditionField[], skill: (slug: string) => string): string {
  const when = (r.if?.when ?? []).map((c) => said(c, fields))
  const needs = (r.skills ?? []).map((k) => t(k.preferred ? 'routing.need_preferred' : 'routing.need_required', { skill: skill(k.skill) + (k.level ? ` ${t('routing.at_least', { level: k.level })}` : '') }))
  return [when.length ? t('routing.rule_if', { conditions: when.join(t(r.if?.match === 'any' ? 'routing.or' : 'routing.and')) }) : t('routing.rule_always'), needs.join(', ')].join(' → ')
}

export const relaxOf = (r: SkillRule): 'at_once' | 'after' | 'strict' => (r.strict ? 'strict' : r.relax_seconds ? 'after' : 'at_once')

export function withRelax(r: SkillRule, how: string): SkillRule {
  const { strict: _s, relax_seconds: _r, ...rest } = r
  return how === 'strict' ? { ...rest, strict: true } : how === 'after' ? { ...rest, relax_seconds: 300 } : rest
}

export const toLabel = (to: string): string => t(`routing.${to}` as Key)

/** Why a policy cannot be tried or saved yet. */
export function unfinishedPolicy(p: AssignPolicy): string | undefined {
  for (const r of p.rules ?? []) { const f = ruleFault(r); if (f) return `${r.name}: ${f}` }
  return undefined
}
