// The outbox is what was handed over and not yet confirmed: pending, or failed with its own retry. It is written down
// before the request leaves and struck out when the server has it, so that a crash in between loses nothing; what a crash
// left behind comes back as failed and uncertain, and its retry carries the same key. Where the port asks for order, one leaves
// after the other, and what comes after one that found no server waits with it.

import type { Entry, Item, Port, Stored } from './types.ts'

interface Waiting<D, T> extends Stored<D> { state: 'pending' | 'failed'; error: unknown; uncertain: boolean; trying?: boolean; done?: (e: Entry<T>) => void }

export class Outbox<T, D> {
  private waiting: Waiting<D, T>[] = []
  private draining: Promise<void> | null = null
  private readonly port: Port<T, D>
  private readonly changed: () => void
  private readonly confirmed: (e: Entry<T>) => void

  constructor(port: Port<T, D>, changed: () => void, confirmed: (e: Entry<T>) => void) {
    this.port = port
    this.changed = changed
    this.confirmed = confirmed
    for (const s of port.outbox?.read() ?? []) this.waiting.push({ ...s, state: 'failed', error: null, uncertain: true })
  }

  get busy(): boolean { return this.waiting.some((w) => w.state === 'pending') }

  async send(draft: D): Promise<Entry<T> | null> {
    const w: Waiting<D, T> = { key: this.port.newKey(), draft, since: this.port.now(), state: 'pending', error: null, uncertain: false }
    this.waiting.push(w)
    if (!this.port.ordered) return this.attempt(w)
    let sent: Entry<T> | null = null
    w.done = (e) => { sent = e }
    await this.retryAll()
    return sent
  }

  /** Tries everything again that is not known to be refused, oldest first. */
  retryAll(): Promise<void> {
    for (const w of this.waiting) if (w.state === 'failed' && w.uncertain) w.state = 'pending'
    this.write()
    this.changed()
    this.draining ??= this.drain().finally(() => { this.draining = null })
    return this.draining
  }

  private async drain(): Promise<void> {
    for (;;) {
      const w = this.waiting.find((x) => x.state === 'pending' && !x.trying)
      if (!w) return
      const entry = await this.attempt(w)
      if (entry || !w.uncertain || !this.waiting.includes(w)) continue
      for (const x of this.waiting) if (x.state === 'pending' && !x.trying) Object.assign(x, { state: 'failed', error: w.error, uncertain: true })
      this.changed()
      return
    }
  }

  /** The server told of it by another way: it is no longer waiting. */
  settle(key: string): void {
    const n = this.waiting.length
    this.waiting = this.waiting.filter((w) => w.key !== key)
    if (this.waiting.length !== n) this.write()
  }

  private async attempt(w: Waiting<D, T>): Promise<Entry<T> | null> {
    w.state = 'pending'
    w.trying = true
    this.write()
    this.changed()
    try {
      const entry = await this.port.send(w.draft, w.key)
      this.waiting = this.waiting.filter((x) => x !== w)
      this.write()
      this.confirmed(entry)
      w.done?.(entry)
      this.changed()
      return entry
    } catch (err) {
      w.state = 'failed'
      w.error = err
      w.uncertain = !this.port.refused(err)
      this.changed()
      return null
    } finally { w.trying = false }
  }

  items(): Item<T, D>[] {
    return this.waiting.map((w): Item<T, D> => w.state === 'pending'
      ? { kind: 'pending', key: w.key, draft: w.draft, since: w.since }
      : {
          kind: 'failed', key: w.key, draft: w.draft, error: w.error, uncertain: w.uncertain,
          retry: () => { if (w.state === 'failed') void (this.port.ordered && w.uncertain ? this.retryAll() : this.attempt(w)) },
          discard: () => { this.waiting = this.waiting.filter((x) => x !== w); this.write(); this.changed(); return w.draft },
        })
  }

  private write(): void { this.port.outbox?.write(this.waiting.map(({ key, draft, since }) => ({ key, draft, since }))) }
}
