// How much somebody has against their limits. Pure.

import type { Capacity, CapacityLoad } from '@kanal/api'

export const kinds = ['total', 'calls', 'messages', 'email'] as const
export type Kind = (typeof kinds)[number]

export const limited = (c: Capacity): Kind[] => kinds.filter((k) => c[k] !== null && c[k] !== undefined)

/** The kinds that are full: nothing more of them by itself; a full total stops every kind. */
export const full = (c: Capacity, load: CapacityLoad): Kind[] => limited(c).filter((k) => load[k] >= c[k]!)

/** The limit that is reached first, as a person who gives work away sees it; null: there is none. */
export function nearest(c: Capacity, load: CapacityLoad): { load: number; limit: number | null } {
  const k = limited(c).sort((a, b) => (c[a]! - load[a]) - (c[b]! - load[b]))[0]
  return k ? { load: load[k], limit: c[k]! } : { load: load.total, limit: null }
}

/** What is sent: empty fields are no limit. */
export function typed(fields: Record<Kind, string | number>): Capacity {
  const out: Capacity = {}
  for (const k of kinds) if (fields[k] !== '' && Number.isFinite(Number(fields[k]))) out[k] = Math.max(0, Math.floor(Number(fields[k])))
  return out
}

export const fieldsOf = (c: Capacity | null): Record<Kind, string | number> => ({ total: c?.total ?? '', calls: c?.calls ?? '', messages: c?.messages ?? '', email: c?.email ?? '' })
