import { queryOptions } from '@tanstack/react-query'
import { get, patch, post, type Id, type Inbox, type Page } from '@kanal/api'
import { queries } from '@/shell/client.ts'

export interface Plan { to: Id; history: 'none' | 'all' | 'open' | 'since' | 'status'; since?: string | null; statuses?: Id[]; conversations?: 'none' | 'open' | 'closed' | 'all'; ticketless: 'none' | 'as_is' | 'open' | 'closed' }
export interface Counts { conversations: number; selected: number; tickets: number; open_tickets: number; ticketless: number; open_ticketless: number; hidden: number; make: number; stay: number; no_move: number; drafts: number; scheduled: number }
export interface Note { kind: string; level: 'carries' | 'mapped' | 'stays' | 'loses'; count: number; names: string[] }
export interface Preview { from: Inbox; to: Inbox; plan: Plan; counts: Counts; notes: Note[] }
export type MoveState = 'running' | 'done' | 'cancelled' | 'failed' | 'undoing' | 'undone'
export interface Move {
  id: Id; channel_account_id: Id; from_inbox_id: Id; to_inbox_id: Id; plan: Plan; state: MoveState; total: number; done: number; made: number; failed: number; error: string
  report: { counts: Counts; notes: Note[]; moved: number; back: number; arrived: number; kept: number; gone: number }
  created_at: string; finished_at: string | null; undo_until: string | null; undone_at: string | null; undoable: boolean
}
export interface Failure { thread_id: Id; ticket_id: Id | null; state: 'failed' | 'kept'; reason: string }

export const movesQuery = (account: Id) => queryOptions({ queryKey: ['moves', account], queryFn: async () => (await get<Page<Move>>(`/api/channel-accounts/${account}/moves`)).items ?? [] })
export const failuresQuery = (id: Id) => queryOptions({ queryKey: ['moves', 'one', id], queryFn: async () => (await get<Move & { failures: Failure[] }>(`/api/moves/${id}`)).failures })
export const previewQuery = (account: Id, plan: Plan) => queryOptions({ queryKey: ['move-plan', account, plan], queryFn: () => post<Preview>(`/api/channel-accounts/${account}/moves/plan`, plan), staleTime: 0, retry: false })

const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['moves'] }), queries.invalidateQueries({ queryKey: ['channel-accounts'] }), queries.invalidateQueries({ queryKey: ['move-plan'] })])
export async function startMove(account: Id, plan: Plan): Promise<Move> { const m = await post<Move>(`/api/channel-accounts/${account}/moves`, plan); await refresh(); return m }
export async function cancelMove(id: Id): Promise<void> { await post(`/api/moves/${id}/cancel`, {}); await refresh() }
export async function undoMove(id: Id): Promise<void> { await post(`/api/moves/${id}/undo`, {}); await refresh() }

export interface Near { limit: number; from: number; items: { contact_id: Id; name: string; email: string; tickets: number; beyond: number }[] }
export const limitQuery = queryOptions({ queryKey: ['associations', 'limit'], queryFn: () => get<{ contact_tickets: number }>('/api/settings/associations') })
export const nearQuery = queryOptions({ queryKey: ['associations', 'near'], queryFn: () => get<Near>('/api/associations') })
export async function setLimit(n: number): Promise<void> { await patch('/api/settings/associations', { contact_tickets: n }); await queries.invalidateQueries({ queryKey: ['associations'] }) }
