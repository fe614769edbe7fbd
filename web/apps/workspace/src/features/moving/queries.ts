import { queryOptions } from '@tanstack/react-query'
import { get, patch, post, type Id, type Move, type MoveFailure, type MovePlan, type MovePreview, type NearLimit, type Page } from '@kanal/api'
import { queries } from '@/shell/client.ts'

export const movesQuery = (account: Id) => queryOptions({ queryKey: ['moves', account], queryFn: async () => (await get<Page<Move>>(`/api/channel-accounts/${account}/moves`)).items ?? [] })
export const failuresQuery = (id: Id) => queryOptions({ queryKey: ['moves', 'one', id], queryFn: async () => (await get<Move & { failures: MoveFailure[] }>(`/api/moves/${id}`)).failures })
export const previewQuery = (account: Id, plan: MovePlan) => queryOptions({ queryKey: ['move-plan', account, plan], queryFn: () => post<MovePreview>(`/api/channel-accounts/${account}/moves/plan`, plan), staleTime: 0, retry: false })

const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['moves'] }), queries.invalidateQueries({ queryKey: ['channel-accounts'] }), queries.invalidateQueries({ queryKey: ['move-plan'] })])
export async function startMove(account: Id, plan: MovePlan): Promise<Move> { const m = await post<Move>(`/api/channel-accounts/${account}/moves`, plan); await refresh(); return m }
export async function cancelMove(id: Id): Promise<void> { await post(`/api/moves/${id}/cancel`, {}); await refresh() }
export async function undoMove(id: Id): Promise<void> { await post(`/api/moves/${id}/undo`, {}); await refresh() }

export const limitQuery = queryOptions({ queryKey: ['associations', 'limit'], queryFn: () => get<{ contact_tickets: number }>('/api/settings/associations') })
export const nearQuery = queryOptions({ queryKey: ['associations', 'near'], queryFn: () => get<NearLimit>('/api/associations') })
export async function setLimit(n: number): Promise<void> { await patch('/api/settings/associations', { contact_tickets: n }); await queries.invalidateQueries({ queryKey: ['associations'] }) }
