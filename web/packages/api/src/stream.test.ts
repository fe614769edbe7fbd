import { describe, expect, it, vi } from 'vitest'
import { EventStream, type StreamHandlers } from './stream.ts'
import { FrameParser, type Frame } from './sse.ts'
import type { KanalEvent } from './types.ts'

const ev = (seq: number) => `id: ${seq}\nevent: ticket.updated\ndata: {"seq":${seq},"type":"ticket.updated"}\n\n`

function body(chunks: string[]): Response {
  const enc = new TextEncoder()
  return new Response(new ReadableStream({ start(c) { for (const s of chunks) c.enqueue(enc.encode(s)); c.close() } }))
}

function handlers() {
  const seen: number[] = []
  const states: string[] = []
  let reloads = 0
  const on: StreamHandlers = {
    event: (e: KanalEvent) => { seen.push(e.seq) }, presence: () => {}, reload: () => { reloads++ }, state: (s) => { states.push(s) },
  }
  return { on, seen, states, reloads: () => reloads }
}

describe('FrameParser', () => {
  it('joins a frame that arrives in pieces, and tells heartbeats apart', () => {
    const frames: Frame[] = []
    let beats = 0
    const p = new FrameParser((f) => frames.push(f), () => { beats++ })
    for (const ch of ': beat\r\n\r\nid: 7\r\nevent: a\r\ndata: x\r\ndata: y\r\n\r\n') p.push(ch)
    expect(frames).toEqual([{ id: '7', event: 'a', data: 'x\ny' }])
    expect(beats).toBe(1)
  })
})

describe('EventStream', () => {
  it('WS-31: after a dropped connection it asks for exactly what came after the last number seen', async () => {
    const asked: string[] = []
    const h = handlers()
    const answers = [body([ev(5), ev(6).slice(0, 9)]), body([ev(6), ev(7)])]
    const fetchFn = vi.fn((url: string) => { asked.push(url); const r = answers.shift(); return r ? Promise.resolve(r) : new Promise<Response>(() => {}) })
    const s = new EventStream(4, h.on, fetchFn as unknown as typeof fetch)
    s.start()
    await vi.waitFor(() => expect(asked.length).toBe(3))
    s.stop()
    expect(asked).toEqual(['/api/events?after=4', '/api/events?after=5', '/api/events?after=7'])
    expect(h.seen).toEqual([5, 6, 7])
  })

  it('drops what it has seen already and stops when nobody is signed in', async () => {
    const h = handlers()
    const answers = [body([ev(5), ev(5), ev(4)]), new Response('', { status: 401 })]
    const s = new EventStream(4, h.on, (() => Promise.resolve(answers.shift()!)) as unknown as typeof fetch)
    s.start()
    await vi.waitFor(() => expect(h.states.at(-1)).toBe('signed_out'))
    expect(h.seen).toEqual([5])
  })

  it('asks for a reload when the server says the past is gone', async () => {
    const h = handlers()
    let n = 0
    const s = new EventStream(1, h.on, (() => n++ ? new Promise<Response>(() => {}) : Promise.resolve(body(['id: 90\nevent: reload\ndata: {}\n\n', ev(91)]))) as unknown as typeof fetch)
    s.start()
    await vi.waitFor(() => expect(h.seen).toEqual([91]))
    s.stop()
    expect(h.reloads()).toBe(1)
  })
})
