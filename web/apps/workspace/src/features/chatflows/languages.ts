import { currentLocale } from '@/locales/index.ts'
import type { Definition, Texts } from './types.ts'

/** What the widget speaks, and so what a chatflow is most often written in. */
export const widgetLanguages = ['en', 'da', 'de', 'sv', 'fi']

const names = new Map<string, Intl.DisplayNames>()
export function languageName(code: string): string {
  const l = currentLocale()
  if (!names.has(l)) names.set(l, new Intl.DisplayNames([l], { type: 'language' }))
  try { const n = names.get(l)!.of(code) ?? code; return n.charAt(0).toLocaleUpperCase(l) + n.slice(1) } catch { return code }
}
const regions = new Map<string, Intl.DisplayNames>()
export function countryName(code: string): string {
  const l = currentLocale()
  if (!regions.has(l)) regions.set(l, new Intl.DisplayNames([l], { type: 'region' }))
  try { return regions.get(l)!.of(code.toUpperCase()) ?? code } catch { return code }
}

/** Every text of a definition, wherever it stands. */
function allTexts(d: Definition): Texts[] {
  const out: Texts[] = []
  const add = (t: unknown) => { if (t && typeof t === 'object') out.push(t as Texts) }
  add(d.error)
  add(d.handover?.nobody)
  for (const s of d.steps ?? []) {
    for (const t of [s.text, s.retry, s.message, s.nobody]) add(t)
    if (s.type === 'email') { add(s.subject); add(s.body) }
    for (const b of s.bubbles ?? []) add(b.text)
    for (const o of [...(s.quick ?? []), ...(s.choices ?? [])]) add(o.label)
  }
  return out
}

export function languagesOf(d: Definition): string[] {
  return [...new Set([...Object.keys(d.texts ?? {}), ...allTexts(d).flatMap((t) => Object.keys(t).filter((l) => t[l]))])]
}

/** How many texts have words, but none in this language. */
export function missingIn(d: Definition, lang: string): number {
  const flat = Object.values(d.texts ?? {})
  const keys = [...new Set(flat.flatMap((t) => Object.keys(t).filter((k) => t[k])))]
  return keys.filter((k) => !d.texts?.[lang]?.[k]).length + allTexts(d).filter((t) => Object.values(t).some(Boolean) && !t[lang]).length
}

/** The text as this language reads it: its own, or the one that stands in. */
export const read = (t: Texts | undefined, lang: string, base: string): string => t?.[lang] || t?.[base] || Object.values(t ?? {}).find(Boolean) || ''

/** Shown faintly in empty fields; the same in every language. */
export const example = { country: 'DK', parameter: 'utm_source' }
