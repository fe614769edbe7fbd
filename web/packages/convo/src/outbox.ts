// The outbox is what was handed over and not yet confirmed: pending, or failed with its own retry. It is written down
// before the request leaves and struck out when the server has it, so that a crash in between loses nothing; what a crash
// left behind comes back as failed and uncertain, and its retry carries the same key.

import type { Entry, Item, Port, Stored } from './types.ts'

interface Waiting<D> extends Stored<D> { state: 'pending' | 'failed'; error: unknown; uncertain: boolean }

export class Outbox<T, D> {
  private waiting: Waiting<D>[] = []
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
    const w: Waiting<D> = { key: this.port.newKey(), draft, since: this.port.now(), state: 'pending', error: null, uncertain: false }
    this.waiting.push(w)
    return this.attempt(w)
  }

  private async attempt(w: Waiting<D>): Promise<Entry<T> | null> {
    w.state = 'pending'
    this.write()
    this.changed()
    try {
      const entry = await this.port.send(w.draft, w.key)
      this.waiting = this.waiting.filter((x) => x !== w)
      this.write()
      this.confirmed(entry)
      this.changed()
      return entry
    } catch (err) {
      w.state = 'failed'
      w.error = err
      w.uncertain = !this.port.refused(err)
      this.changed()
      return null
    }
  }

  items(): Item<T, D>[] {
    return this.waiting.map((w): Item<T, D> => w.state === 'pending'
      ? { kind: 'pending', key: w.key, draft: w.draft, since: w.since }
      : {
          kind: 'failed', key: w.key, draft: w.draft, error: w.error, uncertain: w.uncertain,
          retry: () => { if (w.state === 'failed') void this.attempt(w) },
          discard: () => { this.waiting = this.waiting.filter((x) => x !== w); this.write(); this.changed(); return w.draft },
        })
  }

  private write(): void { this.port.outbox?.write(this.waiting.map(({ key, draft, since }) => ({ key, draft, since }))) }
}
