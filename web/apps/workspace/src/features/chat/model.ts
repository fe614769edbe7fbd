// Pure rules about who is on the other side of a chat.

import type { Visitor } from '@kanal/api'

/** A browser and its system as a person calls them: "Firefox, Windows". Nothing that is unknown is made up. */
export function browserOf(agent: string): string {
  const named = (list: [RegExp, string][]) => list.find(([re]) => re.test(agent))?.[1] ?? ''
  const browser = named([[/Edg(e|A|iOS)?\//, 'Edge'], [/OPR\/|Opera/, 'Opera'], [/SamsungBrowser/, 'Samsung Internet'], [/Firefox|FxiOS/, 'Firefox'], [/HeadlessChrome|Chrome|CriOS/, 'Chrome'], [/Safari/, 'Safari']])
  const system = named([[/iPhone|iPad|iPod/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X|Macintosh/, 'macOS'], [/CrOS/, 'ChromeOS'], [/Linux/, 'Linux']])
  return [browser, system].filter(Boolean).join(', ')
}

/** An address as one reads it: without the scheme, and without what a campaign added. */
export function readable(url: string): string {
  try {
    const u = new URL(url)
    return u.host + (u.pathname === '/' ? '' : u.pathname)
  } catch { return url }
}

/** Only what a browser may follow. */
export const linkable = (url: string): boolean => /^https?:\/\//i.test(url)

export type Sureness = 'proven' | 'linked' | 'claimed' | 'unknown'

/** How sure it is who writes (TR-09). */
export function sureness(v: Pick<Visitor, 'proven' | 'contact_id' | 'claimed_email'>): Sureness {
  if (v.contact_id) return v.proven ? 'proven' : 'linked'
  return v.claimed_email ? 'claimed' : 'unknown'
}

/** What the stream says of a visitor. */
export interface Sign { visitor_id: string; thread_id: string; ticket_id: string | null; state: 'online' | 'offline' | 'typing' | 'idle'; text?: string; page?: { url: string; title: string } }
export interface Now { online: boolean; typing: boolean; text: string; page: { url: string; title: string } }

/** What is known of a visitor after a sign. */
export function after(now: Now, s: Sign): Now {
  const page = s.page ?? now.page
  if (s.state === 'offline') return { online: false, typing: false, text: '', page }
  return { online: true, typing: s.state === 'typing', text: s.state === 'typing' ? (s.text ?? '') : '', page }
}

/** How long somebody waits: "<1 min", "4 min", "2 hr". */
export function waited(since: string, now: number, locale: string): string {
  const ms = Math.max(0, now - Date.parse(since))
  const say = (n: number, unit: 'minute' | 'hour' | 'day') => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(n)
  if (ms < 60_000) return `<${say(1, 'minute')}`
  if (ms < 3_600_000) return say(Math.floor(ms / 60_000), 'minute')
  return ms < 86_400_000 ? say(Math.floor(ms / 3_600_000), 'hour') : say(Math.floor(ms / 86_400_000), 'day')
}
