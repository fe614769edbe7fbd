import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { get, post } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import type { NewsPage } from './model.ts'

/** Every key begins so: one event makes them all stale (shell/live.ts). */
const root = 'notifications'

export const unreadQuery = queryOptions({ queryKey: [root, 'count'], queryFn: async () => (await get<{ unread: number }>('/api/notifications/count')).unread })

export const newsQuery = (unread: boolean) => infiniteQueryOptions({
  queryKey: [root, 'list', unread], initialPageParam: '',
  queryFn: ({ pageParam }) => get<NewsPage>('/api/notifications', { unread: unread ? '1' : '0', cursor: pageParam, limit: 40 }),
  getNextPageParam: (p) => p.next || undefined,
})

/** Says that something was read; the numbers follow at once. */
export async function markRead(what: { ids?: string[]; ticket_id?: string; thread_id?: string; all?: boolean }): Promise<void> {
  const { unread } = await post<{ unread: number }>('/api/notifications/read', what)
  queries.setQueryData(unreadQuery.queryKey, unread)
  await queries.invalidateQueries({ queryKey: [root, 'list'] })
}
