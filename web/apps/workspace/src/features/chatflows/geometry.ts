// Where things are on the canvas. Sizes are fixed, so that a line knows its ends without measuring a card.

import { ports, steps, stepOf, wires } from './model.ts'
import type { Definition, Step } from './types.ts'

export const WIDTH = 252
const HEAD = 38
const BODY = 46
const ROW = 28
const GAP_X = 92
const GAP_Y = 34

export interface Point { x: number; y: number }
export interface Box { x: number; y: number; w: number; h: number }

export const rowsOf = (s: Step): number => { const n = ports(s).length; return n > 1 ? n : 0 }
export const heightOf = (s: Step): number => HEAD + BODY + rowsOf(s) * ROW + (rowsOf(s) ? 6 : 0)
export const inPoint = (s: Step): Point => ({ x: s.x, y: s.y + HEAD / 2 })
export function outPoint(s: Step, index: number): Point {
  return { x: s.x + WIDTH, y: rowsOf(s) ? s.y + HEAD + BODY + index * ROW + ROW / 2 : s.y + HEAD / 2 }
}

/** A line that leaves to the side and arrives from the side; one that goes back makes a bow. */
export function curve(a: Point, b: Point): string {
  const pull = b.x >= a.x + 24 ? Math.max(36, (b.x - a.x) / 2) : Math.min(220, 70 + Math.abs(b.x - a.x) / 5)
  if (b.x >= a.x + 24) return `M${a.x} ${a.y}C${a.x + pull} ${a.y} ${b.x - pull} ${b.y} ${b.x} ${b.y}`
  const mid = b.y > a.y + 120 || b.y < a.y - 120 ? (a.y + b.y) / 2 : Math.max(a.y, b.y) + 130
  return `M${a.x} ${a.y}C${a.x + pull} ${a.y} ${a.x + pull} ${mid} ${(a.x + b.x) / 2} ${mid}S${b.x - pull} ${b.y} ${b.x} ${b.y}`
}

/** The middle of that line, where a step can be put in. */
export function middle(a: Point, b: Point): Point {
  if (b.x >= a.x + 24) return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
  return { x: (a.x + b.x) / 2, y: b.y > a.y + 120 || b.y < a.y - 120 ? (a.y + b.y) / 2 : Math.max(a.y, b.y) + 130 }
}

export function bounds(list: readonly Step[]): Box {
  if (!list.length) return { x: 0, y: 0, w: WIDTH, h: 120 }
  const x = Math.min(...list.map((s) => s.x)), y = Math.min(...list.map((s) => s.y))
  return { x, y, w: Math.max(...list.map((s) => s.x)) + WIDTH - x, h: Math.max(...list.map((s) => s.y + heightOf(s))) - y }
}

export const stepsWithin = (list: readonly Step[], b: Box): string[] =>
  list.filter((s) => s.x < b.x + b.w && s.x + WIDTH > b.x && s.y < b.y + b.h && s.y + heightOf(s) > b.y).map((s) => s.id)

/** The step under a point: where a line that is being drawn would end. */
export const stepAt = (list: readonly Step[], p: Point): Step | undefined => [...list].reverse().find((s) => p.x >= s.x - 14 && p.x <= s.x + WIDTH && p.y >= s.y && p.y <= s.y + heightOf(s))

/** A place for a new step: to the side of another, moved down until nothing is in the way. */
export function freeSpot(d: Definition, near: Point): Point {
  let y = near.y
  for (let n = 0; n < 200; n++) {
    const hit = steps(d).find((s) => s.x < near.x + WIDTH + 20 && s.x + WIDTH + 20 > near.x && s.y < y + HEAD + BODY + 20 && s.y + heightOf(s) + 20 > y)
    if (!hit) break
    y = hit.y + heightOf(hit) + GAP_Y
  }
  return { x: near.x, y }
}

export function spotAfter(d: Definition, id: string): Point {
  const s = stepOf(d, id)
  return freeSpot(d, s ? { x: s.x + WIDTH + GAP_X, y: s.y } : { x: 0, y: 0 })
}

/** Sets every step in columns by how far it is from the start, each beside what leads to it. */
export function arrange(d: Definition): Definition {
  const list = steps(d)
  if (!list.length) return d
  const column = columns(d)
  const incoming = new Map<string, { from: string; index: number }[]>()
  for (const w of wires(d)) incoming.set(w.to, [...(incoming.get(w.to) ?? []), w])
  const byColumn = new Map<number, Step[]>()
  for (const s of list) byColumn.set(column.get(s.id)!, [...(byColumn.get(column.get(s.id)!) ?? []), s])
  const placed = new Map<string, Point>()
  for (const n of [...byColumn.keys()].sort((a, b) => a - b)) {
    // beside the mean of the ways that come in from the columns before
    const want = (s: Step): number => {
      const from = (incoming.get(s.id) ?? []).filter((w) => placed.has(w.from))
      return from.length ? from.reduce((sum, w) => sum + outPoint({ ...stepOf(d, w.from)!, ...placed.get(w.from)! }, w.index).y - HEAD / 2, 0) / from.length : Number.MAX_SAFE_INTEGER
    }
    const rows = byColumn.get(n)!.map((s, i) => ({ s, want: want(s), i })).sort((a, b) => a.want - b.want || a.i - b.i)
    let y = Number.NEGATIVE_INFINITY
    for (const { s, want: at } of rows) {
      y = Math.max(y, at === Number.MAX_SAFE_INTEGER ? (y === Number.NEGATIVE_INFINITY ? 0 : y) : at)
      placed.set(s.id, { x: n * (WIDTH + GAP_X), y: Math.round(y) })
      y += heightOf(s) + GAP_Y
    }
  }
  const top = Math.min(...[...placed.values()].map((p) => p.y))
  return { ...d, steps: list.map((s) => ({ ...s, x: placed.get(s.id)!.x, y: placed.get(s.id)!.y - top })) }
}

/** How far each step is from the start: the longest way without walking a circle. */
function columns(d: Definition): Map<string, number> {
  const out = new Map<string, string[]>()
  for (const w of wires(d)) out.set(w.from, [...(out.get(w.from) ?? []), w.to])
  const state = new Map<string, 'open' | 'done'>()
  const order: string[] = []
  const back = new Set<string>()
  const visit = (root: string) => {
    const stack: { id: string; next: number }[] = [{ id: root, next: 0 }]
    state.set(root, 'open')
    while (stack.length) {
      const top = stack.at(-1)!
      const to = (out.get(top.id) ?? [])[top.next++]
      if (to === undefined) { state.set(top.id, 'done'); order.push(top.id); stack.pop(); continue }
      if (state.get(to) === 'open') back.add(`${top.id} ${to}`)
      else if (!state.has(to)) { state.set(to, 'open'); stack.push({ id: to, next: 0 }) }
    }
  }
  if (stepOf(d, d.start)) visit(d.start!)
  for (const s of steps(d)) if (!state.has(s.id)) visit(s.id)
  const column = new Map<string, number>(steps(d).map((s) => [s.id, 0]))
  for (const id of order.reverse()) for (const to of out.get(id) ?? []) if (!back.has(`${id} ${to}`)) column.set(to, Math.max(column.get(to)!, column.get(id)! + 1))
  return column
}

/** Whether cards lie on each other: a flow that was written as text, or by a program, has no places yet. */
export function crowded(list: readonly Step[]): boolean {
  const sorted = [...list].sort((a, b) => a.x - b.x)
  for (const [i, a] of sorted.entries()) {
    for (let j = i + 1; j < sorted.length && sorted[j]!.x < a.x + WIDTH; j++) {
      const b = sorted[j]!
      const w = a.x + WIDTH - b.x, h = Math.min(a.y + heightOf(a), b.y + heightOf(b)) - Math.max(a.y, b.y)
      if (h > 0 && w * h > 0.3 * WIDTH * Math.min(heightOf(a), heightOf(b))) return true
    }
  }
  return false
}
