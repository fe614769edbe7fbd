import { beforeEach, describe, expect, it, vi } from 'vitest'
import { DraftKeeper, handOver, moveLocal, newer, readLocal, type DraftBody, type DraftPlace } from './draft.ts'

const place: DraftPlace = { user: '1', ticket: '2', thread: '3', type: 'reply' }
const body = (text: string): DraftBody => ({ html: `<p>${text}</p>`, text, to: [], cc: [], bcc: [], subject: '', attachments: [], mentions: [], begunAt: '' })

beforeEach(() => {
  const m = new Map<string, string>()
  vi.stubGlobal('localStorage', { getItem: (k: string) => m.get(k) ?? null, setItem: (k: string, v: string) => void m.set(k, v), removeItem: (k: string) => void m.delete(k) })
  vi.useFakeTimers()
})

describe('a draft (WS-12)', () => {
  it('is in the browser at the keystroke and at the server after a pause, once', async () => {
    const saved: string[] = []
    const k = new DraftKeeper(place, () => {}, async (_, b) => { saved.push(b.text); return undefined }, async () => {})
    k.change(body('he'))
    expect(readLocal(place)?.text).toBe('he')
    k.change(body('hello'))
    await vi.advanceTimersByTimeAsync(900)
    expect(saved).toEqual(['hello'])
  })

  it('is saved when the composer closes before the pause ends', async () => {
    const saved: string[] = []
    const k = new DraftKeeper(place, () => {}, async (_, b) => { saved.push(b.text); return undefined }, async () => {})
    k.change(body('quick'))
    k.close()
    expect(saved).toEqual(['quick'])
  })

  it('goes along to the ticket that its conversation gets, and is not written beside it (MG-06)', () => {
    const saved: string[] = []
    const before: DraftPlace = { ...place, ticket: '' }
    const k = new DraftKeeper(before, () => {}, async (_, b) => { saved.push(b.text); return undefined }, async () => {})
    k.change(body('begun'))
    handOver(before.thread)
    k.close()
    moveLocal(before, place.ticket)
    expect(saved).toEqual([])
    expect(readLocal(before)).toBeNull()
    expect(readLocal(place)?.text).toBe('begun')
  })

  it('stays in the browser while the server is away, and is tried again', async () => {
    const states: string[] = []
    let down = true
    const k = new DraftKeeper(place, (s) => states.push(s), async () => { if (down) throw new Error('down'); return undefined }, async () => {})
    k.change(body('x'))
    await vi.advanceTimersByTimeAsync(900)
    expect(states.at(-1)).toBe('local')
    down = false
    await vi.advanceTimersByTimeAsync(6_000)
    expect(states.at(-1)).toBe('saved')
  })

  it('is gone in both places when sent', () => {
    const remove = vi.fn(async () => {})
    const k = new DraftKeeper(place, () => {}, async () => undefined, remove)
    k.change(body('x'))
    k.clear()
    expect(readLocal(place)).toBeNull()
    expect(remove).toHaveBeenCalled()
  })

  it('the newer copy counts', () => {
    const local = { ...body('local'), savedAt: 2_000 }
    expect(newer(local, { type: 'reply', text: 'server', html: '', updated_at: new Date(1_000).toISOString() })?.text).toBe('local')
    expect(newer(local, { type: 'reply', text: 'server', html: '', updated_at: new Date(3_000).toISOString() })?.text).toBe('server')
    expect(newer(null, null)).toBeNull()
  })
})
