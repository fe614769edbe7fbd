import { queryOptions } from '@tanstack/react-query'
import { get, post, type Id, type Page } from '@kanal/api'

export interface Company { name: string; locale: string; timezone: string; color: string; data_privacy: boolean }
export const companyQuery = queryOptions({ queryKey: ['company'], queryFn: () => get<Company>('/api/settings/company') })

export interface Standing {
  facts: { state: string; reason: string; people: { user_id: Id; name: string; chats: number; reason: string }[]; returns_at: string | null; next_change: string | null; holiday: string; reply_time: { bucket: string; minutes: number; of: number }; waiting: number }
  shown: { state: string; text: string; returns_text: string; show: boolean; reply_time: string }
}
/** Below the users: it changes when one of them comes or goes, and with the channel's version. */
export const standingQuery = (id: Id, version: number) => queryOptions({ queryKey: ['users', 'standing', id, version], queryFn: () => get<Standing>(`/api/channel-accounts/${id}/availability`) })

export interface Code { html: string; src: string; csp: string | Record<string, string> | string[] }
export const codeQuery = queryOptions({ queryKey: ['tracking-code'], queryFn: () => get<Code>('/api/tracking-code') })
export const mailCode = (to: string): Promise<void> => post('/api/tracking-code/mail', { to })
export interface Installation { state: string; detail: string; fix: string }
export const checkInstallation = (id: Id, url: string): Promise<Installation> => post(`/api/channel-accounts/${id}/installation`, { url })

export interface Flow { id: Id; account_id: Id; name: string; kind: 'live_chat' | 'bot'; active: boolean; published: number; position: number; version: number }
export const flowsQuery = queryOptions({ queryKey: ['chatflows'], queryFn: async () => (await get<Page<Flow>>('/api/chatflows', { limit: 200 })).items ?? [] })

/** The widget's own words, by key: what an administrator may put others in the place of. */
const files = import.meta.glob<{ default: Record<string, string> }>('../../../../widget/frame/src/locales/*.json')
export const frameWords = (lang: string) => queryOptions({
  queryKey: ['frame-words', lang], staleTime: Infinity,
  queryFn: async () => {
    const of = (l: string) => Object.entries(files).find(([p]) => p.endsWith(`/${l}.json`))?.[1]
    const [mine, english] = await Promise.all([(of(lang) ?? of(lang.split('-')[0]!) ?? of('en'))?.(), of('en')?.()])
    return { ...english?.default, ...mine?.default } as Record<string, string>
  },
})
