// The visitor's numbered stream: a streaming fetch that carries the token, asks for what came after the last number it saw, and falls back to long
// polling where something on the way holds the bytes back. It never gives up; while nobody looks it asks less often.

import { FrameParser } from '@kanal/api/sse'

export interface StreamEvent { id: number; event: string; data: unknown }
export type Connection = 'connecting' | 'live' | 'waiting'

export interface StreamHandlers {
  event(ev: StreamEvent): void
  /** Connected; fresh: from now on, without what came before. */
  ready(fresh: boolean): void
  state(s: Connection): void
  /** 401: the token is no good. */
  signedOut(): void
  banned(): void
}

/** Milliseconds; the server beats every 20 s. */
const silence = 50_000
const firstByte = 10_000
const backoff = [400, 800, 1_500, 3_000, 6_000, 12_000, 20_000]
const whileHidden = 15_000

export class VisitorStream {
  last = -1
  /** Which widget it is: what is told of one channel, in one language, comes to it alone. */
  about: () => Record<string, string> = () => ({})
  private stopped = false
  private abort: AbortController | null = null
  private failures = 0
  private mute = 0
  private slow = false
  private asked = 0 // milliseconds after which the server wants us back
  private wake: (() => void) | null = null

  constructor(
    private readonly headers: () => Record<string, string>,
    private readonly on: StreamHandlers,
    private readonly fetcher: typeof fetch = (...a) => fetch(...a),
    private readonly random: () => number = Math.random,
  ) {}

  start(): void { void this.loop() }

  stop(): void {
    this.stopped = true
    this.abort?.abort()
    this.wake?.()
  }

  /** Try again now: the network is back, or somebody looks. */
  nudge(): void {
    this.failures = 0
    this.wake?.()
  }

  /** The network was away: what is still being read may be dead without saying so. */
  renew(): void {
    this.nudge()
    this.abort?.abort()
  }

  /** Nobody has looked for a while: polling with pauses instead of a stream. */
  setSlow(slow: boolean): void {
    if (slow === this.slow) return
    this.slow = slow
    this.abort?.abort()
    this.wake?.()
  }

  /** How long to wait before try n, with the storm of everybody's return spread out. */
  delay(failures: number): number {
    return failures === 0 ? 30 : backoff[Math.min(failures, backoff.length) - 1]! * (0.5 + this.random())
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      if (this.failures > 0) this.on.state('connecting')
      const slow = this.slow
      try {
        if (slow || this.mute >= 2) await this.poll()
        else await this.read()
        this.failures = 0
      } catch (err) {
        if (this.stopped) return
        if (err instanceof Ended) return err.banned ? this.on.banned() : this.on.signedOut()
        if (slow === this.slow) this.failures++
      }
      if (this.stopped) return
      if (this.failures > 0) this.on.state('waiting')
      await this.pause(Math.max(this.delay(this.failures), this.slow ? whileHidden : 0, this.asked))
      this.asked = 0
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => { clearTimeout(timer); this.wake = null; resolve() }
      const timer = setTimeout(done, ms)
      this.wake = done
    })
  }

  private async open(poll: boolean): Promise<Response> {
    const abort = this.abort = new AbortController()
    const q = [...(this.last >= 0 ? [`after=${this.last}`] : []), ...(poll ? ['poll=1'] : []), ...Object.entries(this.about()).filter(([, v]) => v).map(([k, v]) => `${k}=${encodeURIComponent(v)}`)].join('&')
    const res = await this.fetcher(`/widget/stream${q && `?${q}`}`, {
      credentials: 'omit', cache: 'no-store', signal: abort.signal, headers: { ...this.headers(), Accept: poll ? 'application/json' : 'text/event-stream' },
    })
    if (res.status === 401) throw new Ended(false)
    if (res.status === 403) throw new Ended(true)
    if (!res.ok) throw new Error(`stream ${res.status}`)
    return res
  }

  private async read(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    let heard = false
    const arm = (ms: number) => { clearTimeout(timer); timer = setTimeout(() => { if (!heard) this.mute++; this.abort?.abort() }, ms) }
    arm(firstByte)
    let reader: ReadableStreamDefaultReader<Uint8Array> | null = null
    let end = false
    try {
      const res = await this.open(false)
      if (!res.body) { this.mute = 2; return }
      reader = res.body.getReader()
      const decoder = new TextDecoder()
      const parser = new FrameParser((f) => { if (this.take(f.event, Number(f.id || 0), parse(f.data))) end = true })
      arm(firstByte)
      while (!end) {
        const { value, done } = await reader.read()
        if (done) return
        heard = true
        this.mute = 0
        this.failures = 0
        arm(silence)
        parser.push(decoder.decode(value, { stream: true }))
      }
    } finally {
      clearTimeout(timer)
      void reader?.cancel().catch(() => {})
      this.abort?.abort()
    }
  }

  private async poll(): Promise<void> {
    const fresh = this.last < 0
    const timer = setTimeout(() => this.abort?.abort(), silence + firstByte)
    try {
      const body = (await (await this.open(true)).json()) as { events?: StreamEvent[] | null; last: number; reload?: boolean }
      this.failures = 0
      if (fresh || body.reload) { this.last = Math.max(this.last, body.last); this.on.ready(true) }
      this.on.state('live')
      for (const ev of body.events ?? []) this.take(ev.event, ev.id ?? 0, ev.data)
      this.last = Math.max(this.last, body.last)
    } finally { clearTimeout(timer) }
  }

  /** Takes one event; true: the server asks for another connection. */
  private take(event: string, id: number, data: unknown): boolean {
    if (event === 'ready' || event === 'position') {
      const fresh = this.last < 0
      const n = id || ((data as { last?: number } | null)?.last ?? 0)
      this.last = Math.max(this.last, n)
      if (event === 'ready') { this.on.state('live'); this.on.ready(fresh) }
      return false
    }
    if (event === 'reload') {
      this.last = Math.max(this.last, id || ((data as { last?: number } | null)?.last ?? 0))
      this.on.ready(true)
      return false
    }
    if (event === 'reconnect') { this.asked = Math.max(0, (data as { after_ms?: number } | null)?.after_ms ?? 0); return true }
    if (event === 'signed_out') throw new Ended(false)
    if (event === 'banned') throw new Ended(true)
    if (id > 0) {
      if (id <= this.last) return false
      this.last = id
    }
    this.on.event({ id, event, data })
    return false
  }
}

class Ended extends Error {
  constructor(readonly banned: boolean) { super('ended') }
}

function parse(text: string): unknown {
  try { return text ? JSON.parse(text) : null } catch { return null }
}
