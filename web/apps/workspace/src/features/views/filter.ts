// Filters as the screens handle them. Pure.

import type { Filter } from '@kanal/api'

export const isGroup = (f: Filter): boolean => !f.field
export const isEmpty = (f: Filter): boolean => !f.field && !f.all?.length && !f.any?.length

/** The filter in an address, or null: none, or none that can be read. */
export function parseFilter(text: string | undefined): Filter | null {
  if (!text) return null
  try {
    const f: unknown = JSON.parse(text)
    return f && typeof f === 'object' && !Array.isArray(f) ? (f as Filter) : null
  } catch { return null }
}

/** A filter as a group, which is what a builder shows. */
export function asGroup(f: Filter): { word: 'all' | 'any'; items: Filter[] } {
  if (f.field) return { word: 'all', items: [f] }
  return f.any?.length ? { word: 'any', items: f.any } : { word: 'all', items: f.all ?? [] }
}
export const group = (word: 'all' | 'any', items: Filter[]): Filter => ({ [word]: items })

/** What is filled in; conditions that lack a value are left out, groups without any too. */
export function complete(f: Filter): Filter | null {
  if (f.field) {
    if (!f.op) return null
    if (f.op === 'empty' || f.op === 'not_empty') return { field: f.field, op: f.op }
    const list = Array.isArray(f.value) ? f.value : [f.value]
    const filled = list.filter((v) => v !== undefined && v !== null && v !== '')
    if (filled.length === 0 || (f.op === 'between' && filled.length < 2)) return null
    return { field: f.field, op: f.op, value: Array.isArray(f.value) ? filled : f.value }
  }
  const { word, items } = asGroup(f)
  const left = items.map(complete).filter((x): x is Filter => x !== null)
  return left.length ? group(word, left) : null
}

/** Joins two filters: both must hold. */
export function both(a: Filter, b: Filter): Filter {
  if (isEmpty(a)) return b
  if (isEmpty(b)) return a
  const flat = (f: Filter) => (f.all?.length && !f.field ? f.all : [f])
  return { all: [...flat(a), ...flat(b)] }
}

/** A built-in view as a filter, so that it can be saved with more; null: it cannot be said as one. helpdesk is its inbox. */
export function filterOf(view: string, helpdesk: string | undefined): Filter | null {
  const is = (field: string, value: unknown): Filter => ({ field, op: 'is', value })
  const open = is('status_state', 'open')
  switch (view) {
    case 'all': return {}
    case 'open': return open
    case 'mine': return { all: [open, is('owner_id', 'me')] }
    case 'unassigned': return { all: [open, { field: 'owner_id', op: 'empty' }] }
    case 'closed': return is('status_state', 'closed')
    case 'recently_closed': return { all: [is('status_state', 'closed'), { field: 'closed_at', op: 'within_days', value: 7 }] }
    case 'snoozed': return is('snoozed', true)
    case 'following': return { all: [open, is('follower', 'me')] }
    case 'mentions': return is('mentioned', 'me')
    case 'spam': return is('hidden', 'spam')
    case 'trash': return is('hidden', 'trash')
    case 'elsewhere': return helpdesk ? { all: [open, { field: 'inbox_id', op: 'is_not', value: helpdesk }] } : null
  }
  if (view.startsWith('inbox:')) return { all: [open, is('inbox_id', view.slice(6))] }
  if (view.startsWith('status:')) return is('status_id', view.slice(7))
  return null
}
