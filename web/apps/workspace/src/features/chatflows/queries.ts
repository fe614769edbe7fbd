import { queryOptions } from '@tanstack/react-query'
import { del, get, patch, post, put, type ChannelAccount, type Id, type Page } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import type { Chatflow, Definition, Fault, Kind, MatchAnswer, Template, Version } from './types.ts'

const items = <T>(b: Page<T> | T[]): T[] => (Array.isArray(b) ? b : (b.items ?? []))

export const flowsQuery = queryOptions({ queryKey: ['chatflows'], queryFn: async () => items(await get<Page<Chatflow> | Chatflow[]>('/api/chatflows', { limit: 200 })) })
export const flowQuery = (id: Id) => queryOptions({ queryKey: ['chatflow', id], queryFn: () => get<Chatflow>(`/api/chatflows/${id}`), staleTime: 0 })
export const versionsQuery = (id: Id) => queryOptions({ queryKey: ['chatflow', id, 'versions'], queryFn: async () => items(await get<Page<Version> | Version[]>(`/api/chatflows/${id}/versions`, { limit: 200 })), staleTime: 0 })
export const versionQuery = (id: Id, number: number) => queryOptions({ queryKey: ['chatflow', id, 'version', number], queryFn: () => get<Version>(`/api/chatflows/${id}/versions/${number}`) })
export const templatesQuery = queryOptions({ queryKey: ['chatflow-templates'], queryFn: async () => items(await get<Page<Template> | Template[]>('/api/chatflows/templates')) })
export const chatAccountsQuery = queryOptions({
  queryKey: ['channel-accounts', 'chat'],
  queryFn: async () => items(await get<Page<ChannelAccount> | ChannelAccount[]>('/api/channel-accounts', { limit: 200 })).filter((a) => a.channel === 'chat'),
})

const told = (f: Chatflow): Chatflow => {
  queries.setQueryData(flowsQuery.queryKey, (l) => l?.map((x) => (x.id === f.id ? { ...x, ...f } : x)))
  return f
}
export const refreshFlows = () => queries.invalidateQueries({ queryKey: flowsQuery.queryKey })

export async function createFlow(input: { account_id: Id; name: string; kind: Kind; template?: string; definition?: Definition }): Promise<Chatflow> {
  const f = await post<Chatflow>('/api/chatflows', input)
  await refreshFlows()
  return f
}
export const changeFlow = async (id: Id, part: { name?: string; active?: boolean; account_id?: Id; version?: number }): Promise<Chatflow> => told(await patch<Chatflow>(`/api/chatflows/${id}`, part))
export const saveDraft = async (id: Id, definition: Definition, version: number): Promise<Chatflow> => told(await put<Chatflow>(`/api/chatflows/${id}/draft`, { definition, version }))
export const publishFlow = async (id: Id, note: string, version: number): Promise<Chatflow> => told(await post<Chatflow>(`/api/chatflows/${id}/publish`, { note, version }))
export const rollBack = async (id: Id, number: number): Promise<Chatflow> => told(await post<Chatflow>(`/api/chatflows/${id}/rollback`, { number }))
export async function duplicateFlow(id: Id): Promise<Chatflow> { const f = await post<Chatflow>(`/api/chatflows/${id}/duplicate`); await refreshFlows(); return f }
export async function archiveFlow(id: Id): Promise<void> { await del(`/api/chatflows/${id}`); await refreshFlows() }
export const orderFlows = (account_id: Id, ids: Id[]): Promise<unknown> => post('/api/chatflows/order', { account_id, ids })
export const validate = async (kind: Kind, definition: Definition): Promise<Fault[]> => (await post<{ faults: Fault[] | null }>('/api/chatflows/validate', { kind, definition })).faults ?? []
export const previewLink = (id: Id, url: string): Promise<{ url: string; expires_at: string }> => get(`/api/chatflows/${id}/preview-link`, { url })

export interface Kindred { known: boolean; language: string; country: string; device: string; returning: boolean; referrer: string; visits: number }
export const match = (account_id: Id | undefined, url: string, visitor: Kindred, contact: string): Promise<MatchAnswer> => post('/api/chatflows/match', { url, visitor, ...(contact ? { contact } : {}), ...(account_id ? { account_id } : {}) })
