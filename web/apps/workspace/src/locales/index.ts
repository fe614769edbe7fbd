// Texts come from two flat files a language: what the first route shows, and `more/`, which loads with the pages and dialogs that need it. English
// is loaded with the app and names the keys; the others are fetched when chosen. t() fills {names}; a number n picks key_one, key_few … by the
// language's own plural rules.

import { useSyncExternalStore } from 'react'
import en from './en.json'

type File = typeof en & typeof import('./more/en.json')
type Whole = keyof File
type Plural = Whole extends infer K ? (K extends `${infer B}_other` ? B : never) : never
export type Key = Whole | Plural
export type Params = Record<string, string | number>

export const locales = ['en', 'da', 'de', 'sv', 'fi'] as const
export type Locale = (typeof locales)[number]
export const localeNames: Record<Locale, string> = { en: 'English', da: 'Dansk', de: 'Deutsch', sv: 'Svenska', fi: 'Suomi' }

const files: Record<Exclude<Locale, 'en'>, () => Promise<{ default: Record<string, string> }>> = {
  da: () => import('./da.json'),
  de: () => import('./de.json'),
  sv: () => import('./sv.json'),
  fi: () => import('./fi.json'),
}

const moreFiles: Record<Locale, () => Promise<{ default: Record<string, string> }>> = {
  en: () => import('./more/en.json'),
  da: () => import('./more/da.json'),
  de: () => import('./more/de.json'),
  sv: () => import('./more/sv.json'),
  fi: () => import('./more/fi.json'),
}

let messages: Record<string, string> = en
let locale: Locale = 'en'
let plural = new Intl.PluralRules('en')
let version = 0
const listeners = new Set<() => void>()

export function currentLocale(): Locale { return locale }

/** The nearest language we have to what the person or the browser asks for. */
export function nearest(wanted: readonly string[]): Locale {
  for (const w of wanted) {
    const base = w.toLowerCase().split('-')[0]
    const found = locales.find((l) => l === base)
    if (found) return found
  }
  return 'en'
}

export async function setLocale(next: Locale): Promise<void> {
  if (next === locale) return
  const [file, more] = await Promise.all([next === 'en' ? en : files[next]().then((m) => m.default), wantsMore ? moreFiles[next]().then((m) => m.default) : {}])
  messages = { ...en, ...file, ...more }
  locale = next
  hasMore = wantsMore ? next : null
  plural = new Intl.PluralRules(next)
  document.documentElement.lang = next
  try { localStorage.setItem('kanal.locale', next) } catch { /* private mode */ }
  changed()
}

function changed(): void {
  version++
  for (const fn of listeners) fn()
}

let wantsMore = false
let hasMore: Locale | null = null

/** Loads the texts of what is not on the first route. Pages and dialogs that load later wait for it: withMore. */
export async function loadMore(): Promise<void> {
  wantsMore = true
  const wanted = locale
  if (hasMore === wanted) return
  const file = (await moreFiles[wanted]()).default
  if (locale !== wanted || hasMore === wanted) return
  messages = { ...messages, ...file }
  hasMore = wanted
  changed()
}

/** A lazily loaded module together with its texts: lazy(withMore(() => import('…'))). */
export function withMore<M>(load: () => Promise<M>): () => Promise<M> {
  return async () => (await Promise.all([load(), loadMore()]))[0]
}

export function t(key: Key, params?: Params): string {
  let text: string | undefined
  if (typeof params?.n === 'number') text = messages[`${key}_${plural.select(params.n)}`] ?? messages[`${key}_other`]
  text ??= messages[key]
  if (text === undefined) {
    if (hasMore !== locale) void loadMore()
    text = key
  }
  return params ? text.replace(/\{(\w+)\}/g, (all, name: string) => (name in params ? String(params[name]) : all)) : text
}

/** For keys made from data (a reason slug, a channel): the fallback is shown when no text is known. */
export function maybe(key: string, fallback: string, params?: Params): string {
  return key in messages ? t(key as Key, params) : fallback
}

/** Re-renders when the language changes. */
export function useLocale(): Locale {
  useSyncExternalStore((fn) => { listeners.add(fn); return () => listeners.delete(fn) }, () => version)
  return locale
}
