// What is kept in this browser for one chat channel: unsent messages, where one was, what was agreed to before the server could be told.

import type { Stored } from '@kanal/convo'
import type { Draft } from './model.ts'
import { lasting, passing, readJSON } from './storage.ts'

const root = 'kanal.'

export class Keep {
  constructor(private readonly account: string) {}

  private name(what: string, which = ''): string { return `${root}${what}.${this.account}${which && `.${which}`}` }

  /** Unsent drafts of a conversation. Tabs share the list: each strikes out only what it has known itself. */
  outbox(thread: () => string): { read(): Stored<Draft>[]; write(all: Stored<Draft>[]): void } {
    const mine = new Set<string>()
    const read = (t: string) => readJSON<Stored<Draft>[]>(lasting.get(this.name('out', t || 'new')), [])
    let before = thread()
    return {
      read: () => {
        const all = read(thread())
        for (const s of all) mine.add(s.key)
        return all
      },
      write: (all) => {
        for (const s of all) mine.add(s.key)
        const now = thread()
        if (now !== before) { this.put(before, read(before).filter((s) => !mine.has(s.key))); before = now }
        this.put(now, [...read(now).filter((s) => !mine.has(s.key)), ...all])
      },
    }
  }

  private put(thread: string, all: Stored<Draft>[]): void {
    const name = this.name('out', thread || 'new')
    if (all.length) lasting.set(name, JSON.stringify(all))
    else lasting.del(name)
  }

  /** Conversations with something unsent; '' for one that does not exist yet. */
  unsent(): string[] {
    const prefix = `${this.name('out')}.`
    return lasting.keys(prefix).filter((k) => readJSON<unknown[]>(lasting.get(k), []).length > 0).map((k) => k.slice(prefix.length)).map((t) => (t === 'new' ? '' : t))
  }

  get place(): { view: 'home' | 'chat'; thread: string } | null { return readJSON(passing.get(this.name('place')), null) }
  set place(p: { view: 'home' | 'chat'; thread: string } | null) { passing.set(this.name('place'), JSON.stringify(p)) }

  draft(thread: string): string { return passing.get(this.name('draft', thread || 'new')) }
  setDraft(thread: string, text: string): void { const n = this.name('draft', thread || 'new'); if (text) passing.set(n, text); else passing.del(n) }

  agreed(flow: string, version: string): string { return lasting.get(this.name('consent', `${flow}.${version}`)) }
  setAgreed(flow: string, version: string, what: string): void {
    const n = this.name('consent', `${flow}.${version}`)
    if (what) lasting.set(n, what)
    else lasting.del(n)
  }

  get skipped(): boolean { return passing.get(this.name('skipped')) !== '' }
  set skipped(on: boolean) { if (on) passing.set(this.name('skipped'), '1'); else passing.del(this.name('skipped')) }

  get muted(): boolean { return lasting.get(this.name('muted')) !== '' }
  set muted(on: boolean) { if (on) lasting.set(this.name('muted'), '1'); else lasting.del(this.name('muted')) }

  /** Everything but the sound. */
  forget(): void {
    const muted = this.muted
    for (const s of [lasting, passing]) for (const k of s.keys(root)) if (k.includes(`.${this.account}`)) s.del(k)
    if (muted) this.muted = true
  }
}
