import { queryOptions, useQuery } from '@tanstack/react-query'
import { del, get, patch, post, type AssignPolicy, type AuthEvidence, type ChannelAccount, type Id, type Page, type Probe, type TicketPolicy, type Verification } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import type { Settings } from './model.ts'

export const accountsQuery = queryOptions({
  queryKey: ['channel-accounts'],
  queryFn: async () => { const b = await get<Page<ChannelAccount> | ChannelAccount[]>('/api/channel-accounts', { limit: 200 }); return Array.isArray(b) ? b : (b.items ?? []) },
})
export const accountQuery = (id: Id) => queryOptions({ queryKey: ['channel-accounts', id], queryFn: () => get<ChannelAccount>(`/api/channel-accounts/${id}`) })
type Proven = Omit<Verification, 'mail'> & { mail?: (NonNullable<Verification['mail']> & { auth?: AuthEvidence | null }) | null }
export const useVerification = (id: Id | null) => useQuery({ queryKey: ['verification', id], queryFn: () => get<Proven>(`/api/channel-accounts/${id}/verification`), enabled: !!id, refetchInterval: (q) => (q.state.data?.verified ? false : 10_000) })

interface AccountInput {
  channel?: string; version?: number; new_inbox?: { name: string }; name?: string; inbox_id?: Id | null; active?: boolean; settings?: Settings; secrets?: Settings; ticket?: TicketPolicy; assign?: AssignPolicy; accepted_terms?: string
}
const refresh = () => queries.invalidateQueries({ queryKey: ['channel-accounts'] })
export async function createAccount(input: AccountInput): Promise<ChannelAccount> { const a = await post<ChannelAccount>('/api/channel-accounts', input); await refresh(); return a }
export async function updateAccount(id: Id, input: AccountInput): Promise<ChannelAccount> { const a = await patch<ChannelAccount>(`/api/channel-accounts/${id}`, input); await refresh(); return a }
export async function removeAccount(id: Id): Promise<void> { await del(`/api/channel-accounts/${id}`); await refresh() }
export const checkAccount = async (input: { channel: string; settings: Settings; secrets: Settings; account_id?: Id }): Promise<Probe[]> => (await post<{ probes: Probe[] | null }>('/api/channel-accounts/check', input)).probes ?? []
export const previewSender = (channel: string, settings: Settings): Promise<{ from_name: string; signature_html: string }> => post(`/api/channels/${channel}/preview`, { settings })
