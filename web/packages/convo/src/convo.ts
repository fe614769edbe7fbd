// Convo keeps one conversation: past (pages of history), new (told of by events) and pending (the outbox) apart, merged
// on read. It knows no React and no network: attach it with subscribe and getSnapshot.

import { History } from './history.ts'
import { Outbox } from './outbox.ts'
import type { Entry, Port, Snapshot, Status } from './types.ts'

export class Convo<T, D> {
  private readonly port: Port<T, D>
  private readonly history = new History<T>()
  private readonly outbox: Outbox<T, D>
  private readonly listeners = new Set<() => void>()
  private snapshot: Snapshot<T, D> | null = null
  private status: Status = 'idle'
  private error: unknown = null
  private next = ''
  private loadingEarlier = false
  private earlierError: unknown = null
  private syncing = false
  private again = false

  constructor(port: Port<T, D>) {
    this.port = port
    this.outbox = new Outbox<T, D>(port, () => this.changed(), (e) => { this.history.put([e]); if (this.again) void this.sync() })
  }

  readonly subscribe = (fn: () => void): (() => void) => {
    this.listeners.add(fn)
    return () => { this.listeners.delete(fn) }
  }

  readonly getSnapshot = (): Snapshot<T, D> => {
    this.snapshot ??= {
      status: this.status,
      error: this.error,
      items: [...this.history.all().map((e) => ({ kind: 'entry' as const, key: e.key, value: e.value })), ...this.outbox.items()],
      hasEarlier: this.next !== '',
      loadingEarlier: this.loadingEarlier,
      earlierError: this.earlierError,
    }
    return this.snapshot
  }

  /** Loads the newest page; calling it again after a failure is the retry. */
  readonly init = async (): Promise<void> => {
    if (this.status === 'loading' || this.status === 'ready') return
    this.status = 'loading'
    this.changed()
    try {
      const page = await this.port.load('')
      this.history.put(page.entries)
      this.next = page.next
      this.status = 'ready'
      this.error = null
    } catch (err) {
      this.status = 'failed'
      this.error = err
    }
    this.changed()
  }

  readonly loadEarlier = async (): Promise<void> => {
    if (this.loadingEarlier || this.next === '' || this.status !== 'ready') return
    this.loadingEarlier = true
    this.earlierError = null
    this.changed()
    try {
      const page = await this.port.load(this.next)
      this.history.put(page.entries)
      this.next = page.next
    } catch (err) {
      this.earlierError = err
    }
    this.loadingEarlier = false
    this.changed()
  }

  /**
   * Something happened at the server: fetch from the newest page back until it meets what is known. While a send is on its
   * way it waits, so that a message is never shown both as pending and as filed.
   */
  readonly sync = async (): Promise<void> => {
    if (this.status !== 'ready') return
    if (this.syncing || this.outbox.busy) { this.again = true; return }
    this.syncing = true
    this.again = false
    try {
      let cursor = ''
      for (let i = 0; i < 20; i++) {
        const page = await this.port.load(cursor)
        const met = page.entries.length === 0 || page.entries.some((e) => this.history.has(e.key)) || this.history.size === 0
        if (this.outbox.busy) { this.again = true; break }
        this.history.put(page.entries)
        if (met || page.next === '') break
        cursor = page.next
      }
    } catch { this.again = false } finally { this.syncing = false }
    this.changed()
    if (this.again && !this.outbox.busy) void this.sync()
  }

  /** One entry has changed, for example a delivery state. Unknown ones are left for sync. */
  readonly patch = (entry: Entry<T>): void => {
    if (!this.history.has(entry.key)) return
    this.history.put([entry])
    this.changed()
  }

  /** The server told of an entry by itself; key is that of the draft it came from, if it was one of ours. */
  readonly take = (entry: Entry<T>, key = ''): void => {
    if (key) this.outbox.settle(key)
    this.history.put([entry])
    this.changed()
    if (this.again) void this.sync()
  }

  /** Tries again what found no server, oldest first. */
  readonly retryAll = async (): Promise<void> => {
    await this.outbox.retryAll()
    if (this.again) void this.sync()
  }

  readonly send = async (draft: D): Promise<Entry<T> | null> => {
    const sent = await this.outbox.send(draft)
    if (this.again) void this.sync()
    return sent
  }

  /** Whether closing the page now would leave something unconfirmed. */
  get unsettled(): boolean { return this.outbox.busy }

  private changed(): void {
    this.snapshot = null
    for (const fn of this.listeners) fn()
  }
}
