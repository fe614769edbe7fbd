import type { Address, Contact } from '@kanal/api'
import type { IconName } from '@kanal/ui'

/** A field of two contacts that differ, for the choice of which stays. */
export interface Difference { field: string; label: string; into: string; from: string }

/** What a contact is called: name, address or number; '' for a visitor of whom nothing is known (CR-09). */
export const calledOf = (c: Pick<Contact, 'name' | 'email' | 'phone'> & { addresses?: Address[] | null }): string => c.name || c.email || c.phone || c.addresses?.[0]?.value || ''

const text = (v: unknown): string => (v === undefined || v === null ? '' : Array.isArray(v) ? v.join(', ') : String(v))

/** Fields where both contacts have a value and the values differ: only those are worth a question. */
export function differences(into: Contact, from: Contact, names: { owner(id: string): string; label(field: string): string }): Difference[] {
  const rows: [string, string, string][] = [
    ['name', into.name, from.name], ['email', into.email, from.email], ['phone', into.phone, from.phone], ['language', into.language, from.language],
    ['owner_id', into.owner_id ? names.owner(into.owner_id) : '', from.owner_id ? names.owner(from.owner_id) : ''],
    ...Object.keys(from.properties ?? {}).map((k): [string, string, string] => [`property.${k}`, text(into.properties?.[k]), text(from.properties?.[k])]),
  ]
  return rows.filter(([, a, b]) => a !== '' && b !== '' && a !== b).map(([field, a, b]) => ({ field, label: names.label(field), into: a, from: b }))
}

export const kindIcon = (kind: string): IconName => (kind === 'email' ? 'mail' : kind === 'phone' ? 'bolt' : 'link')

/** What somebody typed as an address: a mail address when it has an @, else a number. */
export const kindOf = (value: string): 'email' | 'phone' => (value.includes('@') ? 'email' : 'phone')
