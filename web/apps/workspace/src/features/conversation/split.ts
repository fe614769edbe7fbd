// What happens when somebody wants a message to be a ticket of its own: the feature that can do it says so, and the message's menu offers it.

import { useSyncExternalStore } from 'react'

let splitter: ((messageId: string) => void) | null = null
const listeners = new Set<() => void>()

/** Offers "split from here" in the menu of every message while a screen can do it. Returns the way to take it back. */
export function offerSplit(fn: (messageId: string) => void): () => void {
  splitter = fn
  for (const l of listeners) l()
  return () => { if (splitter === fn) { splitter = null; for (const l of listeners) l() } }
}

export const useSplitter = (): ((messageId: string) => void) | null => useSyncExternalStore((l) => { listeners.add(l); return () => { listeners.delete(l) } }, () => splitter)
