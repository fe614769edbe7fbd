// Texts come from one flat file a language. English is loaded with the app and names the keys; the others are fetched when
// chosen. t() fills {names}; a number n picks key_one, key_few … by the language's own plural rules.

import { useSyncExternalStore } from 'react'
import en from './en.json'

type File = typeof en
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
  const file = next === 'en' ? en : (await files[next]()).default
  messages = { ...en, ...file }
  locale = next
  plural = new Intl.PluralRules(next)
  document.documentElement.lang = next
  try { localStorage.setItem('kanal.locale', next) } catch { /* private mode */ }
  version++
  for (const fn of listeners) fn()
}

export function t(key: Key, params?: Params): string {
  let text: string | undefined
  if (typeof params?.n === 'number') text = messages[`${key}_${plural.select(params.n)}`] ?? messages[`${key}_other`]
  text ??= messages[key] ?? key
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
