// One stream per signed-in browser. HTTP/1.1 allows six connections per host, so tabs elect a leader by a Web Lock:
// it reads the stream and tells the others over a BroadcastChannel. When it goes, the next one goes on from the number
// it had. Every told event names its predecessor, so that a tab which slept notices the gap and fetches exactly that.

import { EventStream, type Presence, type StreamHandlers, type StreamState } from './stream.ts'
import type { KanalEvent } from './types.ts'

type Told =
  | { kind: 'event'; prev: number; ev: KanalEvent }
  | { kind: 'presence'; p: Presence }
  | { kind: 'reload'; last: number }
  | { kind: 'state'; s: StreamState; last: number }
  | { kind: 'hello' }

export class SharedStream {
  private last = 0
  private stream: EventStream | null = null
  private channel: BroadcastChannel | null = null
  private release: (() => void) | null = null
  private state: StreamState = 'connecting'
  private closed = false
  private catching = false
  private readonly on: StreamHandlers
  private readonly name: string

  constructor(name: string, on: StreamHandlers) {
    this.name = name
    this.on = on
    if (typeof BroadcastChannel !== 'undefined' && navigator.locks) {
      this.channel = new BroadcastChannel(`kanal-stream-${name}`)
      this.channel.onmessage = (m: MessageEvent<Told>) => this.hear(m.data)
    }
  }

  /** Begins after the number that the session was read at. */
  start(after: number): void {
    this.last = after
    addEventListener('online', this.nudge)
    document.addEventListener('visibilitychange', this.visible)
    addEventListener('pageshow', this.nudge)
    if (!this.channel) return this.lead()
    this.channel.postMessage({ kind: 'hello' } satisfies Told)
    void navigator.locks.request(`kanal-stream-${this.name}`, () => {
      if (this.closed) return
      this.lead()
      return new Promise<void>((resolve) => { this.release = resolve })
    })
  }

  close(): void {
    this.closed = true
    this.stream?.stop()
    this.release?.()
    this.channel?.close()
    removeEventListener('online', this.nudge)
    document.removeEventListener('visibilitychange', this.visible)
    removeEventListener('pageshow', this.nudge)
  }

  private readonly nudge = (): void => { if (this.stream) this.stream.nudge(); else void this.catchUp() }
  private hiddenAt = 0
  private readonly visible = (): void => {
    if (document.hidden) { this.hiddenAt = Date.now(); return }
    if (Date.now() - this.hiddenAt > 60_000) this.nudge()
  }

  private lead(): void {
    this.stream = new EventStream(this.last, {
      event: (ev) => { const prev = this.last; this.take(ev); this.tell({ kind: 'event', prev, ev }) },
      presence: (p) => { this.on.presence(p); this.tell({ kind: 'presence', p }) },
      reload: () => { this.last = this.stream?.position ?? this.last; this.on.reload(); this.tell({ kind: 'reload', last: this.last }) },
      state: (s) => { this.setState(s); this.tell({ kind: 'state', s, last: this.last }) },
    })
    this.stream.start()
  }

  private tell(t: Told): void { if (!this.closed) this.channel?.postMessage(t) }

  private hear(t: Told): void {
    if (this.closed) return
    if (t.kind === 'hello') { if (this.stream) this.tell({ kind: 'state', s: this.state, last: this.last }); return }
    if (t.kind === 'presence') return this.on.presence(t.p)
    if (t.kind === 'reload') { this.last = Math.max(this.last, t.last); return this.on.reload() }
    if (t.kind === 'state') { this.setState(t.s); if (t.last > this.last) void this.catchUp(); return }
    if (t.prev > this.last) return void this.catchUp()
    if (t.ev.seq > this.last) this.take(t.ev)
  }

  private take(ev: KanalEvent): void {
    if (ev.seq) this.last = Math.max(this.last, ev.seq)
    this.on.event(ev)
  }

  private setState(s: StreamState): void {
    if (s === this.state) return
    this.state = s
    this.on.state(s)
  }

  /** Fetches what this tab missed while the leader went on. */
  private async catchUp(): Promise<void> {
    if (this.catching || this.closed) return
    this.catching = true
    try {
      const res = await fetch(`/api/events?after=${this.last}&poll=1&wait=0`, { credentials: 'same-origin', cache: 'no-store' })
      if (!res.ok) return
      const body = (await res.json()) as { events: KanalEvent[] | null; last: number; reload?: boolean }
      if (body.reload) this.on.reload()
      for (const ev of body.events ?? []) if (ev.seq > this.last) this.take(ev)
      this.last = Math.max(this.last, body.last)
    } catch { /* the leader's next word brings us here again */ } finally { this.catching = false }
  }
}
