// What was, what is, and what was taken back. Definitions are never changed in place, so keeping all of them costs little.

export interface History<T> { past: T[]; now: T; future: T[]; /** what the last change was about; the next of the same kind joins it */ mark: string; at: number }

export const begin = <T>(now: T): History<T> => ({ past: [], now, future: [], mark: '', at: 0 })

/** A change. Letters typed into one field, and steps nudged by one key, are one change as long as they follow each other. */
export function change<T>(h: History<T>, now: T, mark = '', at = 0): History<T> {
  if (Object.is(h.now, now)) return h
  const joins = mark !== '' && mark === h.mark && at - h.at < 1500 && h.past.length > 0
  return { past: joins ? h.past : [...h.past, h.now], now, future: [], mark, at }
}

export function undo<T>(h: History<T>): History<T> {
  const was = h.past.at(-1)
  return was === undefined ? h : { past: h.past.slice(0, -1), now: was, future: [h.now, ...h.future], mark: '', at: 0 }
}

export function redo<T>(h: History<T>): History<T> {
  const [next, ...future] = h.future
  return next === undefined ? h : { past: [...h.past, h.now], now: next, future, mark: '', at: 0 }
}
