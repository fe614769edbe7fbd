// One stream for all tabs on one website: whoever holds the lock reads it and tells the others. Where locks, channels or storage are missing, each tab
// reads its own, which costs a connection and loses nothing.

import type { Connection, StreamEvent } from './stream.ts'

type TabMessage =
  | { kind: 'event'; ev: StreamEvent } | { kind: 'ready'; last: number; fresh: boolean } | { kind: 'state'; state: Connection } | { kind: 'hello' } | { kind: 'reset' }

interface TabsHandlers {
  /** This tab reads the stream from now on. */
  lead(): void
  /** Another tab, which reads it, says this. */
  told(m: TabMessage): void
}

export class Tabs {
  leading = false
  private channel: BroadcastChannel | null = null
  private release: (() => void) | null = null
  private stopped = false

  constructor(name: string, private readonly on: TabsHandlers) {
    try {
      this.channel = new BroadcastChannel(name)
      this.channel.onmessage = (e: MessageEvent<TabMessage>) => this.on.told(e.data)
      if (!navigator.locks) throw new Error('no locks')
      navigator.locks.request(name, () => {
        if (this.stopped) return undefined
        this.lead()
        return new Promise<void>((done) => { this.release = done })
      }).catch(() => this.lead())
      this.say({ kind: 'hello' })
    } catch {
      this.channel?.close()
      this.channel = null
      this.lead()
    }
  }

  say(m: TabMessage): void { try { this.channel?.postMessage(m) } catch { /* closed */ } }

  stop(): void {
    this.stopped = true
    this.release?.()
    this.channel?.close()
    this.channel = null
  }

  private lead(): void {
    if (this.leading || this.stopped) return
    this.leading = true
    this.on.lead()
  }
}
