// The settings of a chat account as the forms know them, and what a visitor would see of them: pure. The server's own words are in internal/webchat.

import type { Settings } from '@/features/channels/later.ts'
import type { Hours } from '@/features/hours/index.ts'

export type Words = Record<string, string>
export interface ChatSettings {
  surface: 'web' | 'mobile' | 'both'
  domains: string[]
  appearance: { color: string; preset: string; font: 'system' | 'serif' | 'rounded' | 'mono'; position: 'right' | 'left'; offset_x: number; offset_y: number; launcher: 'chat' | 'question' | 'text'; launcher_text: Words; sound: boolean; title_flash: boolean; phone: 'same' | 'hide' }
  heading: { mode: 'users' | 'owner' | 'custom'; users: string[]; teams: string[]; fallback: { users: string[]; teams: string[]; name: Words; avatar: string }; name: Words; avatar: string; prefer_available: boolean; show: number }
  availability: {
    mode: 'users' | 'hours' | 'always'; hours: Hours
    /** slug of the company's hours, in place of its own */
    business_hours: string
    available: { reply_time: 'measured' | 'minutes' | 'hours' | 'day' | 'text' | 'none'; text: Words }
    away: { do: 'message' | 'show' | 'hide'; text: Words }; offline: { do: 'return_time' | 'message' | 'hide'; text: Words }
    capacity: { limit: number; do: 'wait' | 'hide' | 'nothing'; text: Words; position: boolean }
  }
  privacy: { consent: 'none' | 'implicit' | 'explicit'; text: Words; declined: Words; tracking: 'on' | 'after_consent' | 'off'; ip: 'truncate' | 'keep' | 'drop'; respect_gpc: boolean }
  files: { enabled: boolean; max_mb: number }
  emoji: boolean; typing_preview: boolean; typing: boolean; read: boolean
  texts: Record<string, Settings>
  languages: string[]; language: string
  email: { account: string; unseen_after_seconds: number; transcript: 'offer' | 'always' | 'never' }
  identity: Settings & { one_browser: boolean }
  closed: 'reopen' | 'new'
}

const defaults: ChatSettings = {
  surface: 'web', domains: [],
  appearance: { color: '', preset: '', font: 'system', position: 'right', offset_x: 20, offset_y: 20, launcher: 'chat', launcher_text: {}, sound: true, title_flash: true, phone: 'same' },
  heading: { mode: 'users', users: [], teams: [], fallback: { users: [], teams: [], name: {}, avatar: '' }, name: {}, avatar: '', prefer_available: true, show: 3 },
  availability: {
    mode: 'users', hours: { timezone: 'UTC', ranges: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }], holidays: [] }, business_hours: '',
    available: { reply_time: 'measured', text: {} }, away: { do: 'message', text: {} }, offline: { do: 'return_time', text: {} }, capacity: { limit: 0, do: 'wait', text: {}, position: true },
  },
  privacy: { consent: 'none', text: {}, declined: {}, tracking: 'on', ip: 'truncate', respect_gpc: true },
  files: { enabled: true, max_mb: 20 }, emoji: true, typing_preview: true, typing: true, read: true,
  texts: {}, languages: [], language: 'auto', email: { account: '', unseen_after_seconds: 60, transcript: 'offer' }, identity: { one_browser: false }, closed: 'reopen',
}

/** What is stored laid over what holds where nothing is. Keys that we do not know are kept. */
export function whole(stored: Settings | undefined | null): ChatSettings & Settings {
  const lay = (base: unknown, over: unknown): unknown => {
    if (over === undefined || over === null) return base
    if (!plain(base) || !plain(over)) return over
    const out: Settings = { ...base }
    for (const [k, v] of Object.entries(over)) out[k] = lay(base[k], v)
    return out
  }
  return lay(defaults, stored ?? {}) as ChatSettings & Settings
}
const plain = (v: unknown): v is Settings => typeof v === 'object' && v !== null && !Array.isArray(v)

/** Stored texts nest dotted keys; forms name them flat. */
export function flat(o: Settings | undefined, prefix = ''): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [k, v] of Object.entries(o ?? {})) {
    if (typeof v === 'string') out[prefix + k] = v
    else if (plain(v)) Object.assign(out, flat(v, `${prefix}${k}.`))
  }
  return out
}

export const presets = ['#1f6feb', '#0f766e', '#15803d', '#b45309', '#c2410c', '#be123c', '#7e22ce', '#334155'] as const

type RGB = [number, number, number]
export function rgb(hex: string): RGB | null {
  const m = /^#([0-9a-f]{6})$/i.exec(hex.trim())
  return m ? ([0, 2, 4].map((i) => parseInt(m[1]!.slice(i, i + 2), 16)) as RGB) : null
}
const luminance = (c: RGB): number => {
  const [r, g, b] = c.map((v) => { const x = v / 255; return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4 }) as RGB
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const ratio = (a: RGB, b: RGB): number => { const [x, y] = [luminance(a), luminance(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05) }
/** Black or white, whichever reads better on it, and how well; and how well the colour stands out from a white page. */
export function readable(hex: string): { ink: '#000000' | '#ffffff'; text: number; page: number } {
  const c = rgb(hex) ?? [31, 111, 235]
  const [onWhite, onBlack] = [ratio(c, [255, 255, 255]), ratio(c, [0, 0, 0])]
  return { ink: onWhite >= onBlack ? '#ffffff' : '#000000', text: Math.max(onWhite, onBlack), page: onWhite }
}

/** The first of the languages that a text is in; then English, then any (as the server does). */
export function inLanguage(w: Words | undefined, ...langs: string[]): string {
  for (const l of [...langs, 'en']) for (const x of [l, l.split('-')[0]!]) if (w?.[x]?.trim()) return w[x]!
  return Object.keys(w ?? {}).sort().map((k) => w![k]!).find((v) => v.trim()) ?? ''
}

export type State = 'available' | 'away' | 'offline' | 'capacity'

/** What a visitor is shown in a state: internal/availability says the same from facts. */
export function shown(s: ChatSettings, state: State, lang: string, company: string, returns: string): { state: State; text: string; reply_time: string; returns_at: string | null; position: number | null; show: boolean } {
  const a = s.availability
  const say = (w: Words) => inLanguage(w, lang, company)
  const out = { state, text: '', reply_time: '', returns_at: null as string | null, position: null as number | null, show: true }
  const reply = () => {
    const how = a.available.reply_time
    if (how === 'text') out.text = say(a.available.text)
    else if (how !== 'none') out.reply_time = how === 'measured' ? 'minutes' : how
  }
  if (state === 'available') reply()
  else if (state === 'away') { out.show = a.away.do !== 'hide'; if (a.away.do === 'message') out.text = say(a.away.text) }
  else if (state === 'offline') { out.show = a.offline.do !== 'hide'; if (a.offline.do === 'message') out.text = say(a.offline.text); if (a.offline.do === 'return_time') out.returns_at = returns }
  else if (a.capacity.do === 'nothing') { out.state = 'available'; reply() }
  else if (a.capacity.do === 'hide') out.show = false
  else { out.text = say(a.capacity.text); if (a.capacity.position) out.position = 2 }
  return out
}

