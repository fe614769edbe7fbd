import type { FormDefinition } from '@kanal/api'
import { maybe, t, type Key } from '@/locales/index.ts'
import type { Fault } from './model.ts'
import { fieldOf } from './model.ts'
import { baseOf, read } from './words.ts'

export type Tab = 'build' | 'consent' | 'ticket' | 'options' | 'embed'

export const tabOf = (at: string): Tab => (at.startsWith('consent') ? 'consent' : /^(ticket|fields\.(pipeline|status)\.set_by)/.test(at) ? 'ticket' : /^(after|options|languages?)/.test(at) ? 'options' : 'build')

export const faultText = (f: Fault): string => t(`forms.fault.${f.what}` as Key, { detail: f.detail ?? '' })

/** "fields.email.label" → "Email · Label", for people. */
export function placeName(at: string, def: FormDefinition): string {
  const [part = '', name = '', ...rest] = at.split('.')
  if (part !== 'fields') return [maybe(`forms.tab.${tabOf(at)}`, part), at].join(' · ')
  const f = fieldOf(def, name)
  return [f ? read(f.label, baseOf(def), baseOf(def)) || name : name, maybe(`forms.${rest[0]}`, rest.join('.'))].filter(Boolean).join(' · ')
}
