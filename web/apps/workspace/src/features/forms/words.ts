// The texts of a form, one for each language it is written in. Pure.

import type { FormDefinition, Words } from '@kanal/api'

/** What Kanal's own words on a form are written in; any other language may be added for the form's own. */
export const offered = ['en', 'da', 'de', 'sv', 'fi', 'nb', 'nl', 'fr', 'es', 'it', 'pl', 'pt', 'is', 'et']

export const baseOf = (d: FormDefinition): string => d.language || 'en'

/** The form's language first, then those it is translated to. */
export const languagesOf = (d: FormDefinition): string[] => [...new Set([baseOf(d), ...(d.languages ?? [])])]

const bag = (w: Words | undefined, base: string): Record<string, string> => (typeof w === 'string' ? (w ? { [base]: w } : {}) : (w ?? {}))

/** What is written in this language itself. */
export const own = (w: Words | undefined, lang: string, base: string): string => bag(w, base)[lang] ?? ''

/** What somebody reads in this language: its own words, or those that stand in. */
export const read = (w: Words | undefined, lang: string, base: string): string => {
  const all = bag(w, base)
  return all[lang] || all[base] || Object.values(all).find(Boolean) || ''
}

export function write(w: Words | undefined, lang: string, base: string, text: string): Words {
  const { [lang]: _, ...rest } = bag(w, base)
  return text ? { ...rest, [lang]: text } : rest
}

/** Every text of a form with the place it stands at, as a fault names it. */
export function texts(d: FormDefinition): { at: string; words: Words | undefined }[] {
  const out: { at: string; words: Words | undefined }[] = [
    { at: 'title', words: d.title }, { at: 'intro', words: d.intro }, { at: 'submit', words: d.submit },
    { at: 'after.text', words: d.after?.do === 'redirect' ? undefined : d.after?.text },
    { at: 'consent.notice', words: d.consent?.notice }, { at: 'consent.processing.text', words: d.consent?.processing?.text },
    ...(d.consent?.communication ?? []).map((c, i) => ({ at: `consent.communication.${i}.text`, words: c.text })),
  ]
  for (const f of d.fields ?? []) {
    if (!seen(f)) continue
    out.push({ at: `fields.${f.name}.label`, words: f.label }, { at: `fields.${f.name}.help`, words: f.help }, { at: `fields.${f.name}.placeholder`, words: f.placeholder })
    for (const [i, o] of (f.options ?? []).entries()) out.push({ at: `fields.${f.name}.options.${i}`, words: o.label })
  }
  return out
}

/** Whether visitors ever see the field. */
export const seen = (f: { type: string; hidden?: boolean; maps?: string; mode?: string }): boolean => !f.hidden && f.type !== 'hidden' && (!decided(f) || f.mode === 'read_only')

/** Pipeline and status are decided by the team and not by visitors (FM-06, FM-08). */
export const decided = (f: { maps?: string }): boolean => f.maps === 'ticket.pipeline' || f.maps === 'ticket.status'

/** The texts that have words, but none in this language. */
export function missing(d: FormDefinition, lang: string): string[] {
  const base = baseOf(d)
  return texts(d).filter(({ words }) => { const all = bag(words, base); return Object.values(all).some(Boolean) && !all[lang] }).map((x) => x.at)
}
