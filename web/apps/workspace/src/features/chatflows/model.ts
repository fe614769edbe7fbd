// The pure rules of the canvas: how steps lead on, and what each way of changing them makes of a definition. Nothing here knows the screen.

import type { Definition, Option, Step, StepType } from './types.ts'

/** A way out of a step. key: next, on_fail, to, quick.0, choice.0, case.0 */
export interface Port { key: string; kind: 'next' | 'fail' | 'jump' | 'quick' | 'choice' | 'case' | 'else'; index: number; to: string }

const listOf = { quick: 'quick', choice: 'choices', case: 'cases' } as const

export function ports(s: Step): Port[] {
  const rest = (kind: 'next' | 'else' = 'next'): Port => ({ key: 'next', kind, index: 0, to: s.next ?? '' })
  const options = (kind: 'quick' | 'choice', list: Option[] | undefined): Port[] => (list ?? []).map((o, index) => ({ key: `${kind}.${index}`, kind, index, to: o.next ?? '' }))
  const fail: Port = { key: 'on_fail', kind: 'fail', index: 0, to: s.on_fail ?? '' }
  switch (s.type) {
    case 'message': return [...options('quick', s.quick), rest((s.quick ?? []).length ? 'else' : 'next')]
    case 'question': return [...(choosing(s) ? options('choice', s.choices) : []), rest(choosing(s) && s.choices?.length ? 'else' : 'next'), fail]
    case 'branch': return [...(s.cases ?? []).map((c, index): Port => ({ key: `case.${index}`, kind: 'case', index, to: c.next ?? '' })), rest('else')]
    case 'webhook': return [rest(), fail]
    case 'jump': return [{ key: 'to', kind: 'jump', index: 0, to: typeof s.to === 'string' ? s.to : '' }]
    case 'end': case 'handover': return []
    default: return [rest()]
  }
}

export const choosing = (s: Step): boolean => s.answer === 'choice' || s.answer === 'yes_no'

export function setPort(s: Step, key: string, to: string): Step {
  if (key === 'next' || key === 'on_fail' || key === 'to') return { ...s, [key]: to }
  const [kind, n] = key.split('.') as [keyof typeof listOf, string]
  const field = listOf[kind]
  const list = (s[field] ?? []) as { next?: string }[]
  return { ...s, [field]: list.map((o, i) => (i === Number(n) ? { ...o, next: to } : o)) }
}

export const steps = (d: Definition): Step[] => d.steps ?? []
export const stepOf = (d: Definition, id: string | null | undefined): Step | undefined => (id ? steps(d).find((s) => s.id === id) : undefined)

const withSteps = (d: Definition, list: Step[]): Definition => ({ ...d, steps: list })

export function changeStep(d: Definition, id: string, fn: (s: Step) => Step): Definition {
  return withSteps(d, steps(d).map((s) => (s.id === id ? fn(s) : s)))
}

/** s1, s2 …: short, because people read them in a settings file. */
export function freshId(d: Definition, taken: readonly string[] = []): string {
  const used = new Set([...steps(d).map((s) => s.id), ...taken])
  let n = steps(d).length + taken.length + 1
  while (used.has(`s${n}`)) n++
  return `s${n}`
}

/** What a new step has before anybody wrote in it. */
export function blank(type: StepType, id: string, x: number, y: number): Step {
  const s: Step = { id, type, x: Math.round(x), y: Math.round(y) }
  switch (type) {
    case 'message': return { ...s, bubbles: [{ text: {} }] }
    case 'question': return { ...s, text: {}, answer: 'text', required: true, retries: 2 }
    case 'branch': return { ...s, cases: [{ when: [{ on: 'answer', name: '', op: 'is', value: '' }] }] }
    case 'set': return { ...s, object: 'contact', property: '', value: '' }
    case 'ticket': return { ...s, subject: '', priority: '' }
    case 'assign': return { ...s, to: 'account' }
    case 'handover': return { ...s, message: {}, nobody: {} }
    case 'email': return { ...s, to: 'visitor', subject: {}, body: {} }
    case 'webhook': return { ...s, url: '', method: 'POST' }
    case 'wait': return { ...s, seconds: 3 }
    case 'jump': return { ...s, to: '' }
    case 'end': return { ...s, message: {}, close: true }
  }
}

export interface Change { def: Definition; ids: string[] }

/** Adds a step, free or after a way out: what stood there then follows the new one. */
export function addStep(d: Definition, type: StepType, at: { x: number; y: number }, after?: { id: string; port: string }): Change {
  const id = freshId(d)
  let made = blank(type, id, at.x, at.y)
  let out = d
  if (after) {
    const from = stepOf(d, after.id)
    const was = from ? (ports(from).find((p) => p.key === after.port)?.to ?? '') : ''
    const first = ports(made)[0]
    if (was && first && type !== 'jump') made = setPort(made, ports(made).find((p) => p.key === 'next')?.key ?? first.key, was)
    out = changeStep(d, after.id, (s) => setPort(s, after.port, id))
  }
  out = withSteps(out, [...steps(out), made])
  return { def: stepOf(out, out.start) ? out : { ...out, start: id }, ids: [id] }
}

/** Removes steps. What led to a step with one way on leads on to where that went. */
export function removeSteps(d: Definition, ids: readonly string[]): Definition {
  const gone = new Set(ids)
  const heir = (id: string): string => {
    const seen = new Set<string>()
    for (let at: string = id; ; ) {
      if (!gone.has(at)) return at
      if (seen.has(at)) return ''
      seen.add(at)
      const s = stepOf(d, at)
      const ways = s && s.type !== 'jump' ? ports(s).filter((p) => p.to) : []
      if (ways.length !== 1) return ''
      at = ways[0]!.to
    }
  }
  const left = steps(d).filter((s) => !gone.has(s.id)).map((s) => {
    let out = s
    for (const p of ports(s)) if (gone.has(p.to)) { const to = heir(p.to); out = setPort(out, p.key, to === s.id ? '' : to) }
    return out
  })
  const start = d.start && gone.has(d.start) ? heir(d.start) || (left[0]?.id ?? '') : d.start
  return { ...withSteps(d, left), ...(start === undefined ? {} : { start }) }
}

/** Copies beside the originals; what led from one to another of them leads from copy to copy, other ways out are kept. */
export function duplicateSteps(d: Definition, ids: readonly string[]): Change {
  const names = new Map<string, string>()
  for (const id of ids) if (stepOf(d, id)) names.set(id, freshId(d, [...names.values()]))
  const copies = steps(d).filter((s) => names.has(s.id)).map((s) => {
    let out: Step = structuredClone({ ...s, id: names.get(s.id)!, x: s.x + 40, y: s.y + 40 })
    for (const p of ports(out)) if (names.has(p.to)) out = setPort(out, p.key, names.get(p.to)!)
    return out
  })
  return { def: withSteps(d, [...steps(d), ...copies]), ids: [...names.values()] }
}

export const connect = (d: Definition, from: string, port: string, to: string): Definition => (from === to ? d : changeStep(d, from, (s) => setPort(s, port, to)))

export function moveSteps(d: Definition, ids: readonly string[], dx: number, dy: number): Definition {
  const moved = new Set(ids)
  return withSteps(d, steps(d).map((s) => (moved.has(s.id) ? { ...s, x: Math.round(s.x + dx), y: Math.round(s.y + dy) } : s)))
}

interface Wire { from: string; port: string; index: number; to: string }
export function wires(d: Definition): Wire[] {
  const there = new Set(steps(d).map((s) => s.id))
  return steps(d).flatMap((s) => ports(s).flatMap((p, index) => (p.to && there.has(p.to) ? [{ from: s.id, port: p.key, index, to: p.to }] : [])))
}

/** Where the arrow keys lead: along the connections, and between the ways out of one step. */
export function neighbour(d: Definition, id: string, way: 'on' | 'back' | 'up' | 'down', came: string | null = null): string | null {
  const all = wires(d)
  if (way === 'on') return all.find((w) => w.from === id)?.to ?? null
  if (way === 'back') return (all.find((w) => w.to === id && w.from === came) ?? all.find((w) => w.to === id))?.from ?? null
  const parent = (all.find((w) => w.to === id && w.from === came) ?? all.find((w) => w.to === id))?.from
  const beside = parent ? [...new Set(all.filter((w) => w.from === parent).map((w) => w.to))] : []
  const at = beside.indexOf(id)
  const next = beside[at + (way === 'down' ? 1 : -1)]
  if (at >= 0 && next) return next
  // no sibling that way: the nearest step above or below
  const me = stepOf(d, id)
  if (!me) return null
  const far = (s: Step) => Math.abs(s.y - me.y) + Math.abs(s.x - me.x) * 2
  return steps(d).filter((s) => (way === 'down' ? s.y > me.y : s.y < me.y)).sort((a, b) => far(a) - far(b))[0]?.id ?? null
}

/** The steps as they are read: from the start along the first ways out, then what nothing leads to. */
export function inOrder(d: Definition): { step: Step; depth: number; reached: boolean }[] {
  const byId = new Map(steps(d).map((s) => [s.id, s]))
  const seen = new Set<string>()
  const out: { step: Step; depth: number; reached: boolean }[] = []
  const walk = (id: string, depth: number, reached: boolean) => {
    const stack: [string, number][] = [[id, depth]]
    while (stack.length) {
      const [at, deep] = stack.pop()!
      const s = byId.get(at)
      if (!s || seen.has(at)) continue
      seen.add(at)
      out.push({ step: s, depth: deep, reached })
      const ways = ports(s).filter((p) => p.to)
      for (const p of [...ways].reverse()) stack.push([p.to, ways.length > 1 ? deep + 1 : deep])
    }
  }
  if (d.start) walk(d.start, 0, true)
  for (const s of steps(d)) if (!seen.has(s.id)) walk(s.id, 0, false)
  return out
}
