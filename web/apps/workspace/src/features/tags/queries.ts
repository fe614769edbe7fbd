import { queryOptions, useQuery } from '@tanstack/react-query'
import { del, get, patch, post, put, type Page } from '@kanal/api'
import { queries } from '@/shell/client.ts'

interface TagName { id: string; name: string }
export interface CountedTag extends TagName { former: string[]; tickets: number }
export interface Ticketing { open_tags: boolean; number_in_subject: 'off' | 'end'; hold_answers: boolean }

export const tagsQuery = queryOptions({ queryKey: ['tags'], queryFn: async () => (await get<Page<TagName>>('/api/tags')).items ?? [] })
const none: TagName[] = []
export const useTags = (): TagName[] => useQuery(tagsQuery).data ?? none

export const countedQuery = queryOptions({ queryKey: ['tags', 'counted'], queryFn: async () => (await get<Page<CountedTag>>('/api/settings/tags')).items ?? [] })
export const ticketingQuery = queryOptions({ queryKey: ['ticketing'], queryFn: () => get<Ticketing>('/api/settings/tickets') })

export async function setTicketing(t: Ticketing): Promise<void> { queries.setQueryData(ticketingQuery.queryKey, await put<Ticketing>('/api/settings/tickets', t)) }

/** What changes a tag changes every ticket that has it. */
async function changed(done: Promise<unknown>): Promise<void> {
  await done
  await Promise.all(['tags', 'tickets', 'ticket'].map((k) => queries.invalidateQueries({ queryKey: [k] })))
}
export const addTag = (name: string): Promise<void> => changed(post('/api/tags', { name }))
export const renameTag = (id: string, name: string): Promise<void> => changed(patch(`/api/tags/${id}`, { name }))
export const mergeTag = (id: string, into: string): Promise<void> => changed(post(`/api/tags/${id}/merge`, { into }))
export const removeTag = (id: string): Promise<void> => changed(del(`/api/tags/${id}`))
