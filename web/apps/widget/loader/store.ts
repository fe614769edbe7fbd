// What this browser remembers about the chat, first party: cookies that scripts and the customer's server can read, and storage beside them (keep.ts writes).
// Every access may throw (a sandboxed page, storage switched off): then nothing is remembered, and chat works all the same.

/** The chat's own identity (CH-27). The customer's server may set it too, so that it outlives what scripts may store (CH-35). */
export const TOKEN = 'messagesUtk'
export const OPEN = 'hs-messages-is-open'
export const HIDE = 'hs-messages-hide-welcome-message'
export const LOCAL = 'kanal-token'

export function attempt<T>(fn: () => T): T | undefined {
  try { return fn() } catch { /* see above */ }
}

export function cookie(name: string): string {
  return attempt(() => decodeURIComponent(new RegExp(`(?:^|; )${name}=([^;]*)`).exec(document.cookie)![1]!)) ?? ''
}

export type Place = 'localStorage' | 'sessionStorage'
const get = (where: Place, key: string) => attempt(() => window[where].getItem(key)) || ''

/** The visitor's token. A signed-in person's is kept apart, under their name and only for the session: whoever comes next starts clean (TR-08). */
export function takeToken(person: string): string {
  return get('sessionStorage', LOCAL + person) || (person ? '' : cookie(TOKEN) || get('localStorage', LOCAL))
}
