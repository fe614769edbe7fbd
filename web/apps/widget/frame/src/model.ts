// Pure rules of what is shown: which messages stand together, where a day begins, what a quick reply belongs to, and what an answer must look like.

import type { Item } from '@kanal/convo'
import type { Ask, Msg } from '../../shared/types.ts'

export interface Draft {
  text: string
  quick: { step: string; value: string; label: string } | null
  files: { receipt: string; name: string; type: string; size: number }[]
  page: { url: string; title: string; referrer: string } | null
}

export type ChatItem = Item<Msg, Draft>

export type Row =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'notice'; key: string; msg: Msg }
  | { kind: 'group'; key: string; mine: boolean; author: Msg['author']; bot: boolean; items: ChatItem[]; at: string; brief?: boolean }
  | { kind: 'new'; key: string }

const together = 5 * 60_000

const fromVisitor = (i: ChatItem) => i.kind !== 'entry' || i.value.from === 'visitor'
const atOf = (i: ChatItem): string => (i.kind === 'entry' ? i.value.at : i.kind === 'pending' ? new Date(i.since).toISOString() : '')
const dayOf = (at: string) => new Date(at).toDateString()
const voice = (m: Msg) => `${m.from}/${m.author?.name ?? ''}`

/** Rows in the order in which they are read. newFrom: the first message that had not been seen when the conversation was opened. */
export function rowsOf(items: ChatItem[], newFrom = ''): Row[] {
  const rows: Row[] = []
  let day = ''
  for (const i of items) {
    const at = atOf(i)
    if (at && dayOf(at) !== day) { day = dayOf(at); rows.push({ kind: 'day', key: `d${day}`, at }) }
    if (i.kind === 'entry' && i.key === newFrom) rows.push({ kind: 'new', key: 'new' })
    if (i.kind === 'entry' && (i.value.kind === 'system' || i.value.from === 'system')) { rows.push({ kind: 'notice', key: i.key, msg: i.value }); continue }
    const mine = fromVisitor(i)
    const last = rows[rows.length - 1]
    if (last?.kind === 'group' && last.mine === mine) {
      const before = last.items[last.items.length - 1]!
      const same = mine || (before.kind === 'entry' && i.kind === 'entry' && voice(before.value) === voice(i.value))
      const near = !at || !last.at || Date.parse(at) - Date.parse(last.at) < together
      if (same && near) { last.items.push(i); last.at = at || last.at; continue }
    }
    // Shortly before the next: the time stands there.
    if (last?.kind === 'group' && at && last.at && Date.parse(at) - Date.parse(last.at) < together) last.brief = true
    rows.push({ kind: 'group', key: `g${i.key}`, mine, author: i.kind === 'entry' ? i.value.author : null, bot: i.kind === 'entry' && i.value.from === 'bot', items: [i], at })
  }
  return rows
}

/** The message whose quick replies and question are still open: the last one said by the other side, with nothing of the visitor's after it. */
export function openQuestion(items: ChatItem[]): Msg | null {
  for (let n = items.length - 1; n >= 0; n--) {
    const i = items[n]!
    if (i.kind === 'failed' && !i.uncertain) continue
    if (fromVisitor(i)) return null
    const m = (i as { value: Msg }).value
    if (m.kind === 'system' || m.from === 'system') continue
    if (m.quick?.length || m.input) return m
  }
  return null
}

/** Where the last "read" or "delivered" stands: shown once, under the newest message of the visitor that has it. */
export function markAt(items: ChatItem[]): { key: string; status: Msg['status'] } | null {
  for (let n = items.length - 1; n >= 0; n--) {
    const i = items[n]!
    if (i.kind === 'entry' && i.value.from === 'visitor') return { key: i.key, status: i.value.status }
  }
  return null
}

export type Fault = 'answer.required' | 'answer.email' | 'answer.phone' | 'answer.number' | 'answer.date' | 'answer.url' | 'answer.choice'

/** What is wrong with an answer, before it is sent. The server judges again. */
export function faultOf(ask: Pick<Ask, 'answer' | 'required' | 'choices'>, value: string): Fault | null {
  const v = value.trim()
  if (!v) return ask.required ? 'answer.required' : null
  switch (ask.answer) {
    case 'email': return isEmail(v) ? null : 'answer.email'
    case 'phone': { const digits = v.replace(/\D/g, '').length; return /^[+\d][\d\s().\-/]*$/.test(v) && digits >= 5 && digits <= 15 ? null : 'answer.phone' }
    case 'number': return /^[-+]?\d[\d\s.,']*$/.test(v) ? null : 'answer.number'
    case 'date': return /^\d{4}-\d\d-\d\d$/.test(v) && !Number.isNaN(Date.parse(v)) ? null : 'answer.date'
    case 'url': return isURL(v) ? null : 'answer.url'
    case 'choice': return !ask.choices?.length || ask.choices.some((c) => c.value === v || c.label === v) ? null : 'answer.choice'
    default: return null
  }
}

export function isEmail(v: string): boolean { return /^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+\.[^\s@<>(),;:".\d]{2,}$/.test(v) && v.length <= 254 }

function isURL(v: string): boolean {
  try { const u = new URL(/^https?:\/\//i.test(v) ? v : `https://${v}`); return u.hostname.includes('.') } catch { return false }
}

export interface Piece { text: string; href?: string }

/** Text with its web and mail addresses as links. What ends a sentence is not part of an address. */
export function linked(text: string): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const m of text.matchAll(/(https?:\/\/[^\s<>"']+|www\.[^\s<>"']+\.[^\s<>"']+)|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/giu)) {
    let address = m[0].replace(/[.,;:!?…]+$/u, '')
    while (/[)\]}]$/.test(address) && (address.match(/[([{]/g)?.length ?? 0) < (address.match(/[)\]}]/g)?.length ?? 0)) address = address.slice(0, -1).replace(/[.,;:!?]+$/, '')
    if (m.index > from) found.push({ text: text.slice(from, m.index) })
    found.push({ text: address, href: m[2] ? `mailto:${address}` : /^www\./i.test(address) ? `https://${address}` : address })
    from = m.index + address.length
  }
  if (from < text.length) found.push({ text: text.slice(from) })
  return found
}

/** One, two or three emoji and nothing else are shown large. */
export function onlyEmoji(text: string): boolean {
  const t = text.trim()
  return t.length > 0 && t.length <= 24 && /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s?|\p{Regional_Indicator}{2}\s?){1,3}$/u.test(t)
}

export function bytes(n: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  let i = 0
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++ }
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[i], unitDisplay: 'short', maximumFractionDigits: n < 10 && i > 0 ? 1 : 0 }).format(n)
}
