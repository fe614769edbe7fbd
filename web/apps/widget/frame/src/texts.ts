// The words of the chat. One file a language, fetched when it is the visitor's; English names the keys and is what is left when a file cannot be had.
// An administrator's own words for a key (texts.overrides) win.

import type { Texts } from '../../shared/types.ts'
import type en from './locales/en.json'

type Whole = keyof typeof en
type Plural = Whole extends infer K ? (K extends `${infer B}_other` ? B : never) : never
export type Key = Whole | Plural
export type Params = Record<string, string | number>
export type T = (key: Key, params?: Params) => string

const files: Record<string, () => Promise<{ default: Record<string, string> }>> = {
  en: () => import('./locales/en.json'),
  da: () => import('./locales/da.json'),
  de: () => import('./locales/de.json'),
  sv: () => import('./locales/sv.json'),
  fi: () => import('./locales/fi.json'),
  ar: () => import('./locales/ar.json'),
}

/** The nearest language there is. */
export function nearest(wanted: readonly string[]): string {
  for (const w of wanted) {
    const base = w.toLowerCase().split(/[-_]/)[0]!
    if (base in files) return base
    if (base === 'nb' || base === 'nn' || base === 'no') return 'da'
  }
  return 'en'
}

export interface Words { t: T; locale: string; dir: 'ltr' | 'rtl' }

export function wordsOf(file: Record<string, string>, locale: string, dir: 'ltr' | 'rtl', overrides: Record<string, string> = {}): Words {
  let plural: Intl.PluralRules
  try { plural = new Intl.PluralRules(locale) } catch { plural = new Intl.PluralRules('en') }
  const t: T = (key, params) => {
    const find = (k: string) => overrides[k]?.trim() || file[k]
    const text = (params && typeof params.n === 'number' ? find(`${key}_${plural.select(params.n)}`) ?? find(`${key}_other`) : undefined) ?? find(key) ?? ''
    return params ? text.replace(/\{(\w+)\}/g, (all, name: string) => (name in params ? String(params[name]) : all)) : text
  }
  return { t, locale, dir }
}

const rtl = new Set(['ar', 'he', 'fa', 'ur', 'ps', 'sd', 'ug', 'yi', 'dv', 'ckb'])
export const directionOf = (locale: string): 'ltr' | 'rtl' => (rtl.has(locale.toLowerCase().split(/[-_]/)[0]!) ? 'rtl' : 'ltr')

export async function loadWords(texts: Texts): Promise<Words> {
  const language = nearest([texts.locale])
  let file: Record<string, string> = {}
  try { file = (await files[language]!()).default } catch { try { file = (await files.en!()).default } catch { /* the network is gone: icons remain */ } }
  return wordsOf(file, texts.locale || language, texts.dir || directionOf(texts.locale), texts.overrides ?? {})
}
