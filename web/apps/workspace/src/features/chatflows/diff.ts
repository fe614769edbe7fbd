// What one state of a chatflow has that another has not, in lines that a person can read.

import { steps } from './model.ts'
import type { Definition, Step } from './types.ts'

export type Place = { kind: 'step'; step: Step } | { kind: 'part'; part: string }
export interface Line { place: Place; what: 'added' | 'removed' | 'changed'; path: string; before: string; after: string }

const silent = new Set(['x', 'y', 'id'])

function leaves(v: unknown, path: string, out: Map<string, string>): void {
  if (v === null || v === undefined || v === '' || v === false) return
  if (Array.isArray(v)) { if (v.every((x) => typeof x !== 'object')) { if (v.length) out.set(path, v.join(', ')) } else v.forEach((x, i) => leaves(x, `${path}.${i + 1}`, out)); return }
  if (typeof v === 'object') { for (const [k, x] of Object.entries(v)) if (path || !silent.has(k)) leaves(x, path ? `${path}.${k}` : k, out); return }
  out.set(path, String(v))
}

function compare(place: Place, a: unknown, b: unknown): Line[] {
  const was = new Map<string, string>(), is = new Map<string, string>()
  leaves(a, '', was)
  leaves(b, '', is)
  return [...new Set([...was.keys(), ...is.keys()])].filter((k) => was.get(k) !== is.get(k)).map((path) => ({ place, what: 'changed', path, before: was.get(path) ?? '', after: is.get(path) ?? '' }))
}

/** Steps by their id, so that one that only moved in the list or on the canvas is not a change. */
export function diff(a: Definition, b: Definition): Line[] {
  const out: Line[] = []
  const was = new Map(steps(a).map((s) => [s.id, s]))
  const is = new Map(steps(b).map((s) => [s.id, s]))
  for (const part of ['texts', 'language', 'capture', 'trigger', 'targeting', 'hours', 'session', 'handover', 'error', 'survey', 'start'] as const) {
    out.push(...compare({ kind: 'part', part }, wrap(a[part]), wrap(b[part])).map((l) => ({ ...l, path: l.path.replace(/^value$/, '') })))
  }
  for (const s of steps(b)) {
    const old = was.get(s.id)
    if (!old) out.push({ place: { kind: 'step', step: s }, what: 'added', path: '', before: '', after: '' })
    else out.push(...compare({ kind: 'step', step: s }, old, s))
  }
  for (const s of steps(a)) if (!is.has(s.id)) out.push({ place: { kind: 'step', step: s }, what: 'removed', path: '', before: '', after: '' })
  return out
}

const wrap = (v: unknown): unknown => (v !== null && typeof v === 'object' ? v : { value: v })
export const same = (a: Definition, b: Definition): boolean => diff(a, b).length === 0
