import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, type ConditionField, type Page } from '@kanal/api'

/** What rules may compare: messages, tickets, contacts, companies, forms, pages. */
export const routingFieldsQuery = queryOptions({ queryKey: ['routing', 'fields'], queryFn: async () => (await get<Page<ConditionField>>('/api/routing/fields')).items ?? [], staleTime: 60_000 })

const none: ConditionField[] = []
export const useRoutingFields = (): ConditionField[] => useQuery(routingFieldsQuery).data ?? none
