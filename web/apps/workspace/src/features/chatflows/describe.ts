// How a step is named and summed up: on its card, in the list, in lines of a comparison and aloud.

import type { IconName } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { read } from './languages.ts'
import { ports, type Port } from './model.ts'
import type { Definition, Step, StepType, Texts, When } from './types.ts'

export const stepIcons: Record<StepType, IconName> = {
  message: 'comment', question: 'info', branch: 'filter', set: 'compose', ticket: 'flag', assign: 'user', handover: 'users', email: 'mail', webhook: 'plug', wait: 'clock', jump: 'forward', end: 'closed',
}
export const typeName = (type: StepType): string => t(`flow.type.${type}` as Key)

/** One text from a field that holds one, or one by language. */
export const one = (v: Texts | string | undefined, lang: string, base: string): string => (typeof v === 'string' ? v : read(v, lang, base))

export const stepTitle = (s: Step): string => s.title?.trim() || typeName(s.type)

/** The first words of what the step does. */
export function stepText(s: Step, lang: string, base: string, d?: Definition): string {
  switch (s.type) {
    case 'message': return (s.bubbles ?? []).map((b) => read(b.text, lang, base) || (b.image ? t('flow.image') : b.link?.url ?? '')).filter(Boolean).join(' · ')
    case 'question': return read(s.text, lang, base)
    case 'branch': return (s.cases ?? []).map((c) => c.when.map(whenText).join(t('flow.and'))).join(' · ')
    case 'set': return s.property ? `${t(`flow.object.${s.object ?? 'contact'}` as Key)}: ${s.property} = ${s.value ?? ''}` : ''
    case 'ticket': return one(s.subject, lang, base)
    case 'assign': return s.to && typeof s.to === 'object' ? [...(s.to.users ?? []), ...(s.to.teams ?? [])].join(', ') || t(`routing.${s.to.to || 'no_one'}` as Key) : t('flow.assign_account')
    case 'handover': case 'end': return read(s.message, lang, base)
    case 'email': return one(s.subject, lang, base)
    case 'webhook': return [s.method, s.url?.replace(/^https?:\/\//, '')].filter(Boolean).join(' ')
    case 'wait': return t('flow.seconds', { n: s.seconds ?? 0 })
    case 'jump': { const to = d?.steps?.find((x) => x.id === s.to); return to ? `${stepTitle(to)} (${to.id})` : '' }
  }
}

export function whenText(w: When): string {
  const what = w.on === 'answer' || w.on === 'contact' || w.on === 'ticket' || w.on === 'page' || w.on === 'hours' ? [t(`flow.on.${w.on}` as Key), w.name].filter(Boolean).join(' ') : t(`flow.on.${w.on}` as Key)
  return [what, t(`flow.op.${w.op}` as Key), w.op === 'exists' || w.op === 'not_exists' ? '' : w.on === 'hours' ? t(`flow.hours.${w.value ?? 'open'}` as Key) : w.value].filter(Boolean).join(' ')
}

export function portText(s: Step, p: Port, lang: string, base: string): string {
  switch (p.kind) {
    case 'quick': return read(s.quick?.[p.index]?.label, lang, base) || t('flow.port_option', { n: p.index + 1 })
    case 'choice': return read(s.choices?.[p.index]?.label, lang, base) || t('flow.port_option', { n: p.index + 1 })
    case 'case': { const c = s.cases?.[p.index]; return c?.when.length ? c.when.map(whenText).join(t('flow.and')) : t('flow.port_option', { n: p.index + 1 }) }
    case 'else': return t('flow.port_else')
    case 'fail': return t('flow.port_fail')
    case 'jump': return t('flow.port_jump')
    default: return t('flow.port_next')
  }
}

/** What a screen reader says of a card: its name, its words, where it leads. */
export function stepSpoken(d: Definition, s: Step, lang: string, base: string, fault: boolean): string {
  const names = new Map((d.steps ?? []).map((x) => [x.id, x]))
  const ways = ports(s).map((p) => { const to = names.get(p.to); return `${portText(s, p, lang, base)}: ${to ? `${stepTitle(to)} ${to.id}` : t('flow.leads_nowhere')}` })
  return [`${typeName(s.type)} ${s.id}`, s.title, stepText(s, lang, base, d), d.start === s.id ? t('flow.start') : '', fault ? t('flow.has_fault') : '', ...ways].filter(Boolean).join('. ')
}
