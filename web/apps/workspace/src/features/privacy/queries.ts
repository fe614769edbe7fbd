import { queryOptions } from '@tanstack/react-query'
import { get, post, put, type Id, type Page } from '@kanal/api'
import { queries } from '@/shell/client.ts'

export interface Terms { messages: Record<string, number>; files: Record<string, number>; open: boolean; page_views: number; spam: number; trash: number; remember_erased: boolean }
export interface Keeping extends Terms { channels: { name: string; label: string }[]; spam_window: number; trash_window: number }
export interface Count { channel: string; files_only: boolean; days: number; conversations: number; messages: number; files: number }
export interface Run { id: Id; state: 'running' | 'done' | 'cancelled' | 'failed'; total: number; conversations: number; messages: number; files: number; held: number; failed: number; error: string; created_at: string; ended_at: string | null }
export interface Hold { object: 'ticket' | 'contact'; object_id: Id; reason: string; user_id: Id; created_at: string; name: string }
export interface Holds { items: Hold[]; held: boolean }
export type Mode = 'off' | 'masked' | 'removed'
export interface OwnPattern { name: string; pattern: string; mode: Mode }
export interface Redaction { kinds: Record<string, Mode>; own: OwnPattern[] }
export interface Shown { kind: string; mask: string; text: string; by: Id | null; at: string }

export const keepingQuery = queryOptions({ queryKey: ['keeping', 'terms'], queryFn: () => get<Keeping>('/api/settings/keeping') })
export const runsQuery = queryOptions({ queryKey: ['keeping', 'runs'], queryFn: async () => (await get<Page<Run>>('/api/keeping/runs')).items ?? [] })
export const holdsQuery = queryOptions({ queryKey: ['holds'], queryFn: () => get<Holds>('/api/holds') })
export const holdQuery = (object: 'ticket' | 'contact', id: Id) => queryOptions({ queryKey: ['holds', object, id], queryFn: () => get<Holds>(`/api/holds?object=${object}&object_id=${id}`) })
export const redactionQuery = queryOptions({ queryKey: ['redaction'], queryFn: () => get<Redaction & { known: string[] }>('/api/settings/redaction') })

export const termsOf = ({ messages, files, open, page_views, spam, trash, remember_erased }: Keeping): Terms => ({ messages, files, open, page_views, spam, trash, remember_erased })
export const previewTerms = (terms: Terms) => post<{ items: Count[]; holds: number }>('/api/settings/keeping/preview', terms)
export async function saveTerms(terms: Terms): Promise<Keeping> { const k = await put<Keeping>('/api/settings/keeping', terms); queries.setQueryData(keepingQuery.queryKey, k); return k }
export async function startRun(): Promise<void> { await post('/api/keeping/runs', {}); await queries.invalidateQueries({ queryKey: ['keeping', 'runs'] }) }
export async function cancelRun(id: Id): Promise<void> { await post(`/api/keeping/runs/${id}/cancel`, {}); await queries.invalidateQueries({ queryKey: ['keeping', 'runs'] }) }
export async function setHold(object: 'ticket' | 'contact', id: Id, on: boolean, reason: string): Promise<void> { await put(`/api/holds/${object}/${id}`, { on, reason }); await queries.invalidateQueries({ queryKey: ['holds'] }) }
