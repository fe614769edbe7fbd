// The numbered event stream. It remembers the last number it saw and asks for exactly what came after, over a streaming
// fetch; where streaming is buffered by a proxy it falls back to long polling. It never gives up: back-off from half a
// second to fifteen, and at once when the network or the tab comes back.

import { FrameParser, type Frame } from './sse.ts'
import type { KanalEvent, PresenceState } from './types.ts'

export type StreamState = 'connecting' | 'live' | 'waiting' | 'signed_out'
export interface Presence { ticket_id: string; user: { id: string; name: string }; state: PresenceState; holds?: boolean }

export interface StreamHandlers {
  event(ev: KanalEvent): void
  presence(p: Presence): void
  /** What was missed is too old to be replayed: everything shown must be fetched anew. */
  reload(): void
  state(s: StreamState): void
}

/** Milliseconds without a byte after which a stream counts as dead; the server beats every 20 s. */
const silence = 50_000
const firstByte = 8_000
const backoff = [500, 1_000, 2_000, 4_000, 8_000, 15_000]

export class EventStream {
  private last: number
  private stopped = false
  private abort: AbortController | null = null
  private failures = 0
  private mute = 0
  private wake: (() => void) | null = null
  private readonly on: StreamHandlers
  private readonly fetch: typeof globalThis.fetch

  constructor(after: number, on: StreamHandlers, fetchFn: typeof globalThis.fetch = globalThis.fetch.bind(globalThis)) {
    this.last = after
    this.on = on
    this.fetch = fetchFn
  }

  get position(): number { return this.last }

  start(): void { void this.loop() }

  stop(): void {
    this.stopped = true
    this.abort?.abort()
    this.wake?.()
  }

  /** Try again now: the network came back or the machine woke. A healthy connection is checked by asking anew. */
  nudge(): void {
    this.failures = 0
    this.abort?.abort()
    this.wake?.()
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      this.on.state('connecting')
      try {
        if (this.mute >= 2) await this.poll()
        else await this.read()
        this.failures = 0
      } catch (err) {
        if (this.stopped) return
        if (err instanceof SignedOut) return this.on.state('signed_out')
        this.failures++
      }
      if (this.stopped) return
      const wait = this.failures === 0 ? 50 : backoff[Math.min(this.failures - 1, backoff.length - 1)]!
      if (this.failures > 0) this.on.state('waiting')
      await this.pause(wait * (0.75 + Math.random() / 2))
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      const self = this
      function done() { clearTimeout(timer); self.wake = null; resolve() }
      this.wake = done
    })
  }

  private async open(url: string, accept: string): Promise<Response> {
    this.abort = new AbortController()
    const res = await this.fetch(url, { credentials: 'same-origin', headers: { Accept: accept }, cache: 'no-store', signal: this.abort.signal })
    if (res.status === 401) throw new SignedOut()
    if (!res.ok) throw new Error(`stream ${res.status}`)
    return res
  }

  private async read(): Promise<void> {
    const res = await this.open(`/api/events?after=${this.last}`, 'text/event-stream')
    if (!res.body) throw new Error('no body')
    const reader = res.body.pipeThrough(new TextDecoderStream()).getReader()
    let timer: ReturnType<typeof setTimeout> | undefined
    let heard = false
    const arm = (ms: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => { if (!heard) this.mute++; this.abort?.abort() }, ms)
    }
    let end = false
    const parser = new FrameParser((f) => { if (this.frame(f)) end = true })
    this.on.state('live')
    arm(heard ? silence : firstByte * 4)
    try {
      for (;;) {
        const { value, done } = await reader.read()
        if (done) return
        heard = true
        this.mute = 0
        this.failures = 0
        arm(silence)
        parser.push(value)
        if (end) return
      }
    } finally {
      clearTimeout(timer)
      void reader.cancel().catch(() => {})
      this.abort?.abort()
    }
  }

  private async poll(): Promise<void> {
    const res = await this.open(`/api/events?after=${this.last}&poll=1`, 'application/json')
    const body = (await res.json()) as { events: KanalEvent[] | null; last: number; reload?: boolean }
    this.on.state('live')
    if (body.reload) this.on.reload()
    for (const ev of body.events ?? []) this.take(ev)
    if (body.last > this.last) this.last = body.last
  }

  /** Reports whether the server asked to end this connection. */
  private frame(f: Frame): boolean {
    if (/^(presence|typing|visitor)$/.test(f.event)) {
      this.on.presence(JSON.parse(f.data) as Presence)
      return false
    }
    if (f.event === 'reconnect') return true
    if (f.event === 'signed_out') throw new SignedOut()
    if (f.event === 'position' || f.event === 'ready') {
      const n = Number(f.id || safeLast(f.data))
      if (n > this.last) this.last = n
      return false
    }
    if (f.event === 'reload') {
      const n = Number(f.id || safeLast(f.data))
      if (n > 0) this.last = n
      this.on.reload()
      return false
    }
    if (f.event === 'access') { // what one may see is another: everything is asked for again
      this.on.reload()
      return false
    }
    if (f.data === '') return false
    const ev = JSON.parse(f.data) as KanalEvent
    if (f.id) ev.seq = Number(f.id)
    if (!ev.type) return false
    this.take(ev)
    return false
  }

  private take(ev: KanalEvent): void {
    if (ev.seq && ev.seq <= this.last) return
    if (ev.seq) this.last = ev.seq
    this.on.event(ev)
  }
}

class SignedOut extends Error {}

function safeLast(data: string): number {
  try { return (JSON.parse(data) as { last?: number }).last ?? 0 } catch { return 0 }
}
