import type { FormField, FormFieldType, Property } from '@kanal/api'
import type { IconName } from '@kanal/ui'
import { maybe, t, type Key } from '@/locales/index.ts'

export const typeIcons: Record<FormFieldType, IconName> = {
  text: 'compose', long_text: 'rows', email: 'mail', phone: 'bell', number: 'numbers', date: 'clock', choice: 'open', multi_choice: 'bullets', checkbox: 'check', file: 'clip', hidden: 'eye', consent: 'shield', heading: 'bold',
}

export const typeName = (x: FormFieldType): string => t(`forms.type.${x}` as Key)

/** "Contact: email", in the reader's language. */
export function mapName(maps: string, properties: readonly Property[]): string {
  const [object = '', name = ''] = maps.split('.')
  const p = properties.find((x) => x.object === object && x.name === name)
  return t('forms.maps_to', { object: t(`forms.object.${object}` as Key), name: maybe(`forms.maps.${maps}`, p?.label || name) })
}

export const shortMap = (maps: string, properties: readonly Property[]): string => {
  const [object = '', name = ''] = maps.split('.')
  return maybe(`forms.maps.${maps}`, properties.find((x) => x.object === object && x.name === name)?.label || name)
}

export type Source = 'page.url' | 'page.title' | 'referrer' | 'query' | 'cookie' | 'fixed'
export const sources: Source[] = ['page.url', 'page.title', 'referrer', 'query', 'cookie', 'fixed']
export const sourceOf = (f: FormField): { kind: Source; name: string } => {
  const [kind = '', ...rest] = (f.from ?? '').split(':')
  return sources.includes(kind as Source) ? { kind: kind as Source, name: rest.join(':') } : { kind: 'fixed', name: '' }
}
/** Shown faintly; the same in every language. */
export const example = { parameter: 'utm_campaign', cookie: 'campaign', url: 'https://', pattern: '[A-Z]{2}-\\d{4,}' }
