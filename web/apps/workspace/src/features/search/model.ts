// What is typed in the box, as parts that can be shown, added and taken out. The server alone decides what it means.

export interface Token { text: string; start: number; end: number; op: string; value: string; not: boolean }

const operators = /^(from|to|cc|subject|is|in|status|owner|team|inbox|channel|priority|category|tag|has|filename|type|before|after|on|older_than|newer_than|property\.[\p{L}\d_]+)$/iu

/** The words of a search, as typed; an operator's value may be quoted. */
export function tokens(q: string): Token[] {
  const out: Token[] = []
  for (const m of q.matchAll(/(-?)(?:([\p{L}\d_.]+):)?("[^"]*"?|\S*)/gu)) {
    const [text, not, name, value] = m as unknown as [string, string, string | undefined, string]
    if (text === '') continue
    const op = name && operators.test(name) ? name.toLowerCase() : ''
    out.push({ text, start: m.index, end: m.index + text.length, op, value: op ? value.replace(/^"|"$/g, '') : text, not: not === '-' })
  }
  return out
}

/** The operators of a search, each to be taken out again. */
export const chips = (q: string): Token[] => tokens(q).filter((x) => x.op !== '' && x.value !== '')

const tidy = (q: string) => q.replace(/\s+/g, ' ').trim()

export const without = (q: string, token: Token): string => tidy(q.slice(0, token.start) + q.slice(token.end))

export const quoted = (value: string): string => (/\s/.test(value) ? `"${value.replaceAll('"', '')}"` : value)

const same = (a: string, b: string) => a.localeCompare(b, undefined, { sensitivity: 'base' }) === 0

/** What asks for a value already. */
export const asking = (q: string, op: string, value: string): Token | undefined => chips(q).find((c) => !c.not && c.op === op && same(c.value, value))

/** Asks for a value, or no longer. What can be asked for only once takes the place of what was asked before. */
export function toggled(q: string, op: string, value: string, once = false): string {
  const on = asking(q, op, value)
  if (on) return without(q, on)
  let rest = q
  if (once) for (let c = chips(rest).find((x) => x.op === op && !x.not); c; c = chips(rest).find((x) => x.op === op && !x.not)) rest = without(rest, c)
  return tidy(`${rest} ${op}:${quoted(value)}`)
}

/** The recent searches with one in front. */
export function remembered(recent: readonly string[], q: string): string[] {
  const text = tidy(q)
  return text === '' ? [...recent] : [text, ...recent.filter((r) => !same(r, text) && !same(text, r))].slice(0, 10)
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#34': '"' }

export interface Piece { text: string; hit: boolean }

/** Escaped text with <mark>s as pieces of plain text: nothing else of it is markup. */
export function pieces(marked: string): Piece[] {
  const decode = (x: string) => x.replace(/&(amp|lt|gt|quot|#39|#34);/g, (_, n: string) => entities[n]!)
  return marked.split(/(<mark>.*?<\/mark>)/gs).filter(Boolean).map((p) => (p.startsWith('<mark>') ? { text: decode(p.slice(6, -7)), hit: true } : { text: decode(p), hit: false }))
}
