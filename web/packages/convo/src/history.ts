// History is the entries the server has told of: ordered, each once, the newest telling wins.

import type { Entry } from './types.ts'

export class History<T> {
  private byKey = new Map<string, Entry<T>>()
  private sorted: Entry<T>[] | null = null

  get size(): number { return this.byKey.size }

  has(key: string): boolean { return this.byKey.has(key) }

  put(entries: Iterable<Entry<T>>): void {
    for (const e of entries) this.byKey.set(e.key, e)
    this.sorted = null
  }

  clear(): void { this.byKey.clear(); this.sorted = null }

  /** Oldest first. */
  all(): Entry<T>[] {
    this.sorted ??= [...this.byKey.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    return this.sorted
  }
}
