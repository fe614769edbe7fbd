// Which fields may be the columns of a board: those that have one value of a known few, which moving a card can set.

import type { Property, ViewField } from '@kanal/api'

const builtIn = ['status_id', 'owner_id', 'team_id', 'priority']

export const boardable = (f: Pick<ViewField, 'name' | 'type'>): boolean => builtIn.includes(f.name) || (f.name.startsWith('property.') && f.type === 'choice')

/** The field that a board's columns are made of: what the list is grouped by where that can be, or else the status. */
export function boardField(group: string, properties: readonly Pick<Property, 'name' | 'type'>[]): string {
  if (builtIn.includes(group)) return group
  return properties.some((p) => p.type === 'choice' && group === `property.${p.name}`) ? group : 'status_id'
}
