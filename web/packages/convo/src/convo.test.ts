import { describe, expect, it } from 'vitest'
import { Convo } from './convo.ts'
import type { Entry, PageOf, Port, Stored } from './types.ts'

type Server = { entries: Entry<string>[]; loads: string[]; fail: unknown; sent: Map<string, string>; drop: boolean; hold: Promise<void> | null }

const at = (n: number) => new Date(1_700_000_000_000 + n * 1000).toISOString()
const entry = (n: number, text = `m${n}`): Entry<string> => ({ key: `m${String(n).padStart(3, '0')}`, at: at(n), value: text })

/** A server in a few lines: pages of two, idempotent sends. */
function port(server: Server, stored?: { all: Stored<string>[] }): Port<string, string> {
  let keys = 0
  return {
    load: (cursor): Promise<PageOf<string>> => {
      server.loads.push(cursor)
      if (server.fail) return Promise.reject(server.fail)
      const newest = [...server.entries].reverse()
      const from = cursor === '' ? 0 : Number(cursor)
      return Promise.resolve({ entries: newest.slice(from, from + 2), next: from + 2 < newest.length ? String(from + 2) : '' })
    },
    send: async (draft, key) => {
      if (server.hold) await server.hold
      if (server.fail) throw server.fail
      if (!server.sent.has(key)) { server.sent.set(key, draft); server.entries.push(entry(server.entries.length + 1, draft)) }
      if (server.drop) { server.drop = false; throw new Error('connection lost') }
      return server.entries.find((e) => e.value === draft)!
    },
    refused: (e) => e === 'refused',
    newKey: () => `k${++keys}`,
    now: () => 0,
    ...(stored ? { outbox: { read: () => stored.all, write: (all: Stored<string>[]) => { stored.all = structuredClone(all) } } } : {}),
  }
}

const fresh = (n: number): Server => ({ entries: Array.from({ length: n }, (_, i) => entry(i + 1)), loads: [], fail: null, sent: new Map(), drop: false, hold: null })
const shown = (c: Convo<string, string>) => c.getSnapshot().items.map((i) => (i.kind === 'entry' ? i.value : `${i.kind}:${i.draft}`))

describe('Convo', () => {
  it('shows the newest page oldest first, and earlier pages on request', async () => {
    const s = fresh(5)
    const c = new Convo(port(s))
    await c.init()
    expect(shown(c)).toEqual(['m4', 'm5'])
    await c.loadEarlier()
    await c.loadEarlier()
    expect(shown(c)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
    expect(c.getSnapshot().hasEarlier).toBe(false)
  })

  it('a failed load can be tried again', async () => {
    const s = fresh(1)
    s.fail = 'down'
    const c = new Convo(port(s))
    await c.init()
    expect(c.getSnapshot().status).toBe('failed')
    s.fail = null
    await c.init()
    expect(shown(c)).toEqual(['m1'])
  })

  it('WS-31: sync after a long sleep fills the whole gap and nothing twice', async () => {
    const s = fresh(2)
    const c = new Convo(port(s))
    await c.init()
    for (let i = 3; i <= 9; i++) s.entries.push(entry(i))
    await c.sync()
    expect(shown(c)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9'])
  })

  it('a message is pending while it goes out, then it is the filed one, never both', async () => {
    const s = fresh(1)
    const c = new Convo(port(s))
    await c.init()
    let go = () => {}
    s.hold = new Promise((r) => { go = r })
    const sending = c.send('hello')
    expect(shown(c)).toEqual(['m1', 'pending:hello'])
    s.entries.push(entry(2, 'from elsewhere'))
    await c.sync()
    expect(shown(c)).toEqual(['m1', 'pending:hello'])
    go()
    await sending
    await new Promise((r) => setTimeout(r))
    expect(shown(c)).toEqual(['m1', 'from elsewhere', 'hello'])
  })

  it('an answer that got lost is retried with the same key and filed once', async () => {
    const s = fresh(0)
    const c = new Convo(port(s))
    await c.init()
    s.drop = true
    await c.send('hello')
    const failed = c.getSnapshot().items[0]!
    if (failed.kind !== 'failed') throw new Error(failed.kind)
    expect(failed.uncertain).toBe(true)
    failed.retry()
    await new Promise((r) => setTimeout(r))
    expect(shown(c)).toEqual(['hello'])
    expect(s.sent.size).toBe(1)
  })

  it('a refused send says so and gives the draft back', async () => {
    const s = fresh(0)
    const c = new Convo(port(s))
    await c.init()
    s.fail = 'refused'
    await c.send('hello')
    const failed = c.getSnapshot().items[0]!
    if (failed.kind !== 'failed') throw new Error(failed.kind)
    expect(failed.uncertain).toBe(false)
    expect(failed.discard()).toBe('hello')
    expect(shown(c)).toEqual([])
  })

  it('WS-12: what was on its way when the browser crashed comes back with its key', async () => {
    const s = fresh(0)
    const stored = { all: [] as Stored<string>[] }
    const c = new Convo(port(s, stored))
    await c.init()
    s.drop = true
    await c.send('hello')
    const again = new Convo(port(s, stored))
    await again.init()
    const failed = again.getSnapshot().items.find((i) => i.kind === 'failed')!
    if (failed.kind !== 'failed') throw new Error('no failed item')
    failed.retry()
    await new Promise((r) => setTimeout(r))
    expect(s.sent.size).toBe(1)
    expect(stored.all).toEqual([])
  })

  it('a changed delivery state replaces the entry in place', async () => {
    const s = fresh(2)
    const c = new Convo(port(s))
    await c.init()
    c.patch(entry(1, 'm1 read'))
    c.patch(entry(9, 'unknown'))
    expect(shown(c)).toEqual(['m1 read', 'm2'])
  })

  const inOrder = (server: Server, stored?: { all: Stored<string>[] }) => ({ ...port(server, stored), ordered: true })
  const settled = () => new Promise((r) => setTimeout(r))

  it('CH-30: without a server everything waits, and leaves in order when it is back', async () => {
    const s = fresh(0)
    const stored = { all: [] as Stored<string>[] }
    const c = new Convo(inOrder(s, stored))
    await c.init()
    s.fail = new Error('offline')
    await c.send('one')
    await c.send('two')
    expect(shown(c)).toEqual(['failed:one', 'failed:two'])
    expect(stored.all.map((x) => x.draft)).toEqual(['one', 'two'])
    s.fail = null
    await c.send('three')
    expect(s.entries.map((e) => e.value)).toEqual(['one', 'two', 'three'])
    expect(stored.all).toEqual([])
  })

  it('CH-30: after a reload what was unsent leaves once, with its key, before what is new', async () => {
    const s = fresh(0)
    const stored = { all: [] as Stored<string>[] }
    const c = new Convo(inOrder(s, stored))
    await c.init()
    s.drop = true // filed, but the answer is lost
    await c.send('one')
    const again = new Convo(inOrder(s, stored))
    await again.init()
    await again.retryAll()
    await again.retryAll()
    expect(s.entries.map((e) => e.value)).toEqual(['one'])
    expect(shown(again)).toEqual(['one'])
  })

  it('in order, one that is refused does not hold up the next', async () => {
    const s = fresh(0)
    const c = new Convo(inOrder(s))
    await c.init()
    let go = () => {}
    s.hold = new Promise((r) => { go = r })
    s.fail = 'refused'
    const first = c.send('one')
    const second = c.send('two')
    expect(shown(c)).toEqual(['pending:one', 'pending:two'])
    go()
    s.hold = null
    await settled()
    s.fail = null
    await Promise.all([first, second])
    expect(shown(c)).toContain('failed:one')
    expect(s.sent.size + shown(c).filter((x) => x.startsWith('failed')).length).toBe(2)
  })

  it('CH-30: what the stream tells of is no longer pending, and is never shown twice', async () => {
    const s = fresh(0)
    const c = new Convo(inOrder(s))
    await c.init()
    let go = () => {}
    s.hold = new Promise((r) => { go = r })
    const sending = c.send('hello')
    c.take(entry(1, 'hello'), 'k1')
    expect(shown(c)).toEqual(['hello'])
    go()
    await sending
    expect(shown(c)).toEqual(['hello'])
  })
})
