// Names for pickers and look-ups: small, whole, and kept fresh by events.

import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, type Id, type Inbox, type Page, type Pipeline, type Property, type Status, type Team, type TicketRow, type User } from '@kanal/api'

const all = async <T>(path: string): Promise<T[]> => {
  const body = await get<Page<T> | T[]>(path, { limit: 200 })
  return Array.isArray(body) ? body : (body.items ?? [])
}

export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: () => all<User>('/api/users') })
export const teamsQuery = queryOptions({ queryKey: ['teams'], queryFn: () => all<Team>('/api/teams') })
export const pipelinesQuery = queryOptions({ queryKey: ['pipelines'], queryFn: () => all<Pipeline>('/api/pipelines') })
/** The newest tickets of a person: the side panel and what stands above a conversation read them once. */
export const contactTicketsQuery = (id: Id) => queryOptions({ queryKey: ['contact', id, 'tickets'], queryFn: () => get<Page<TicketRow>>(`/api/contacts/${id}/tickets`, { limit: 20 }) })
export const inboxesQuery = queryOptions({ queryKey: ['inboxes'], queryFn: () => all<Inbox>('/api/inboxes') })
export const propertiesQuery = queryOptions({ queryKey: ['properties'], queryFn: () => all<Property>('/api/properties') })

const none: never[] = []
export const useUsers = (): User[] => useQuery(usersQuery).data ?? none
export const useTeams = (): Team[] => useQuery(teamsQuery).data ?? none
export const usePipelines = (): Pipeline[] => useQuery(pipelinesQuery).data ?? none
export const useInboxes = (): Inbox[] => useQuery(inboxesQuery).data ?? none
export const useProperties = (object: 'ticket' | 'contact'): Property[] => (useQuery(propertiesQuery).data ?? none).filter((p) => p.object === object)

export function useStatuses(pipelineId: string | null | undefined): Status[] {
  const all = usePipelines()
  return (all.find((p) => p.id === pipelineId) ?? all[0])?.statuses ?? none
}

/** The names behind ids in events. */
export function useNames(): { user(id: unknown): string | undefined; team(id: unknown): string | undefined; status(id: unknown): string | undefined } {
  const users = useUsers()
  const teams = useTeams()
  const pipelines = usePipelines()
  return {
    user: (id) => users.find((u) => u.id === String(id))?.name,
    team: (id) => teams.find((x) => x.id === String(id))?.name,
    status: (id) => pipelines.flatMap((p) => p.statuses).find((x) => x.id === String(id) || x.slug === id)?.name,
  }
}

/** How much came in and could not be filed; at most a hundred are counted. */
export const useSetAsideCount = (enabled: boolean): number =>
  useQuery({ queryKey: ['inbound', 'count'], queryFn: async () => ((await get<Page<{ id: string }>>('/api/inbound', { state: 'set_aside', limit: 100 })).items ?? []).length, enabled, staleTime: 60_000 }).data ?? 0
