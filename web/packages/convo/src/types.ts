// One conversation's state, for anybody who shows one: the workspace's ticket and the visitor's chat.

/** What the server keeps: a message or an event, told apart by key. at orders items; equal times fall back to the key. */
export interface Entry<T> { key: string; at: string; value: T }

export type Status = 'idle' | 'loading' | 'ready' | 'failed'

export type Item<T, D> =
  | { kind: 'entry'; key: string; value: T }
  | { kind: 'pending'; key: string; draft: D; since: number }
  | { kind: 'failed'; key: string; draft: D; error: unknown; uncertain: boolean; retry: () => void; discard: () => D }

export interface Snapshot<T, D> {
  status: Status
  error: unknown
  items: Item<T, D>[]
  /** older entries exist at the server */
  hasEarlier: boolean
  loadingEarlier: boolean
  earlierError: unknown
}

export interface PageOf<T> { entries: Entry<T>[]; next: string }

/** What a conversation needs from outside. */
export interface Port<T, D> {
  /** A page of entries, newest first; '' is the newest page. */
  load(cursor: string): Promise<PageOf<T>>
  /** Hands over a draft. The key is the same on every retry, so that the server files it once. */
  send(draft: D, key: string): Promise<Entry<T>>
  /** The error says that the server refused it for good, so it is certainly not filed. */
  refused(err: unknown): boolean
  /** Where unsent drafts survive a crash; optional. */
  outbox?: { read(): Stored<D>[]; write(all: Stored<D>[]): void }
  /** Drafts leave one after the other, in the order in which they were handed over. */
  ordered?: boolean
  newKey(): string
  now(): number
}

export interface Stored<D> { key: string; draft: D; since: number }
