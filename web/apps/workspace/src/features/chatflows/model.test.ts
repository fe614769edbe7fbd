import { describe, expect, it } from 'vitest'
import { faultAt } from './context.ts'
import { diff } from './diff.ts'
import { languagesOf, missingIn } from './languages.ts'
import { arrange, bounds, crowded, freeSpot, heightOf, stepAt, stepsWithin, WIDTH } from './geometry.ts'
import { begin, change, redo, undo } from '@/shell/history.ts'
import { addStep, connect, duplicateSteps, freshId, inOrder, moveSteps, neighbour, ports, removeSteps, setPort, stepOf, steps, wires } from './model.ts'
import type { Definition, Step } from './types.ts'

const at = (s: Partial<Step> & Pick<Step, 'id' | 'type'>): Step => ({ x: 0, y: 0, ...s })
const small: Definition = {
  start: 's1',
  steps: [
    at({ id: 's1', type: 'message', bubbles: [{ text: { en: 'Hello' } }], quick: [{ label: { en: 'Order' }, value: 'order', next: 's2' }, { label: { en: 'Other' }, value: 'other', next: 's3' }] }),
    at({ id: 's2', type: 'question', answer: 'text', next: 's4', on_fail: 's3' }),
    at({ id: 's3', type: 'handover' }),
    at({ id: 's4', type: 'end' }),
  ],
}
const big: Definition = { start: 's1', steps: Array.from({ length: 200 }, (_, i) => at({ id: `s${i + 1}`, type: i % 7 === 3 ? 'branch' : 'message', next: i < 199 ? `s${i + 2}` : '', ...(i % 7 === 3 ? { cases: [{ when: [], next: `s${Math.max(1, i - 5)}` }, { when: [], next: `s${Math.min(200, i + 20)}` }] } : {}) })) }

describe('CF-02: the ways out of a step', () => {
  it('a quick reply, a choice, a case, the rest and a failure each have a port', () => {
    expect(ports(small.steps![0]!).map((p) => p.key)).toEqual(['quick.0', 'quick.1', 'next'])
    expect(ports(small.steps![1]!).map((p) => p.key)).toEqual(['next', 'on_fail'])
    expect(ports(at({ id: 'x', type: 'question', answer: 'choice', choices: [{ label: {}, value: 'a' }] })).map((p) => p.kind)).toEqual(['choice', 'else', 'fail'])
    expect(ports(small.steps![2]!)).toEqual([])
  })
  it('CF-11: setting one leaves the others', () => {
    const s = setPort(small.steps![0]!, 'quick.1', 's4')
    expect(ports(s).map((p) => p.to)).toEqual(['s2', 's4', ''])
    expect(small.steps![0]!.quick![1]!.next).toBe('s3')
  })
})

describe('CF-02: changing a flow', () => {
  it('a step put on a connection stands between its ends', () => {
    const { def, ids } = addStep(small, 'wait', { x: 5, y: 6 }, { id: 's1', port: 'quick.0' })
    expect(stepOf(def, 's1')!.quick![0]!.next).toBe(ids[0])
    expect(stepOf(def, ids[0])!.next).toBe('s2')
  })
  it('the first step of an empty flow is its start', () => {
    const { def, ids } = addStep({}, 'message', { x: 0, y: 0 })
    expect(def.start).toBe(ids[0])
  })
  it('what led to a removed step leads on to where it went, and to nothing where it split', () => {
    const d = removeSteps(addStep(small, 'wait', { x: 0, y: 0 }, { id: 's1', port: 'quick.0' }).def, ['s5'])
    expect(stepOf(d, 's1')!.quick![0]!.next).toBe('s2')
    expect(stepOf(removeSteps(small, ['s2']), 's1')!.quick![0]!.next).toBe('')
    expect(removeSteps(small, ['s1']).start).toBe('s2')
    expect(steps(removeSteps(small, ['s1', 's2', 's3', 's4']))).toEqual([])
  })
  it('copies lead to copies', () => {
    const { def, ids } = duplicateSteps(small, ['s1', 's2'])
    expect(stepOf(def, ids[0])!.quick!.map((q) => q.next)).toEqual([ids[1], 's3'])
    expect(new Set(steps(def).map((s) => s.id)).size).toBe(6)
    expect(freshId(def)).not.toBe(ids[1])
  })
  it('a step never leads to itself by a drag', () => { expect(connect(small, 's1', 'next', 's1')).toBe(small) })
})

describe('finding one’s way by keyboard', () => {
  it('arrows follow the connections and go between the ways out', () => {
    expect(neighbour(small, 's1', 'on')).toBe('s2')
    expect(neighbour(small, 's2', 'down')).toBe('s3')
    expect(neighbour(small, 's3', 'up')).toBe('s2')
    expect(neighbour(small, 's3', 'back', 's2')).toBe('s2')
    expect(neighbour(small, 's3', 'back')).toBe('s1')
  })
  it('the list reads from the start and ends with what nothing leads to', () => {
    const d = addStep(small, 'message', { x: 0, y: 0 }).def
    expect(inOrder(d).map((r) => [r.step.id, r.reached])).toEqual([['s1', true], ['s2', true], ['s4', true], ['s3', true], ['s5', false]])
  })
})

describe('the canvas', () => {
  it('arranges without overlap, also two hundred steps with circles', () => {
    for (const d of [small, big]) {
      const list = steps(arrange(d))
      for (const [i, a] of list.entries()) for (const b of list.slice(i + 1)) expect(a.x + WIDTH <= b.x || b.x + WIDTH <= a.x || a.y + heightOf(a) <= b.y || b.y + heightOf(b) <= a.y, `${a.id} ${b.id}`).toBe(true)
    }
    expect(stepOf(arrange(small), 's2')!.x).toBeGreaterThan(stepOf(arrange(small), 's1')!.x)
  })
  it('finds free places, steps in a frame and the step under a point', () => {
    const d = arrange(small)
    const p = freeSpot(d, stepOf(d, 's1')!)
    expect(stepAt(steps(d), p)).toBeUndefined()
    expect(stepsWithin(steps(d), bounds(steps(d)))).toHaveLength(4)
    expect(stepAt(steps(d), { x: stepOf(d, 's3')!.x + 5, y: stepOf(d, 's3')!.y + 5 })?.id).toBe('s3')
    expect(wires(d)).toHaveLength(4)
    expect([crowded(steps(small)), crowded(steps(d))]).toEqual([true, false])
    expect(moveSteps(d, ['s1'], 3.4, 0).steps![0]!.x).toBe(d.steps![0]!.x + 3)
  })
})

describe('undo', () => {
  it('goes back and forth without end; what is typed in one go is one change', () => {
    let h = begin(0)
    for (let i = 1; i <= 500; i++) h = change(h, i)
    for (let i = 0; i < 500; i++) h = undo(h)
    expect(h.now).toBe(0)
    expect(undo(h)).toBe(h)
    h = redo(h)
    expect(h.now).toBe(1)
    h = change(change(change(h, 2, 'text', 1000), 3, 'text', 1200), 4, 'text', 9000)
    expect(h.past).toEqual([0, 1, 3])
    expect(h.future).toEqual([])
  })
})

describe('CF-23: what changed', () => {
  it('is said by step and field; moving a card says nothing', () => {
    const moved = moveSteps(small, ['s1'], 50, 50)
    expect(diff(small, moved)).toEqual([])
    const next = addStep({ ...small, trigger: { on: 'scroll', value: 40 }, texts: { da: { welcome: 'Hej' } } }, 'wait', { x: 0, y: 0 }, { id: 's1', port: 'quick.0' }).def
    const lines = diff(small, removeSteps(next, ['s3'])).map((l) => [l.place.kind === 'step' ? l.place.step.id : l.place.part, l.what, l.path, l.after])
    expect(lines).toContainEqual(['trigger', 'changed', 'on', 'scroll'])
    expect(lines).toContainEqual(['texts', 'changed', 'da.welcome', 'Hej'])
    expect(lines).toContainEqual(['s1', 'changed', 'quick.1.next', 's5'])
    expect(lines).toContainEqual(['s5', 'added', '', ''])
    expect(lines).toContainEqual(['s3', 'removed', '', ''])
  })
  it('faults are found at their field, and below it', () => {
    const faults = [{ step: 's1', field: 'bubbles[0].text', message: 'Write' }, { step: '', field: 'targeting.include.0.all.1.value', message: 'Say' }]
    expect(faultAt(faults, 's1', 'bubbles.0')).toBe('Write')
    expect(faultAt(faults, 's1', 'bubbles.1')).toBeUndefined()
    expect(faultAt(faults, undefined, 'targeting.include.0.all.1')).toBe('Say')
  })
  it('CF-18: counts what a language lacks', () => {
    const d: Definition = { texts: { en: { welcome: 'Hi' } }, steps: [at({ id: 's1', type: 'question', text: { en: 'Who?', da: 'Hvem?' } })] }
    expect([missingIn(d, 'en'), missingIn(d, 'da'), missingIn(d, 'fi')]).toEqual([0, 1, 2])
    expect(languagesOf(d)).toEqual(['en', 'da'])
  })
})
