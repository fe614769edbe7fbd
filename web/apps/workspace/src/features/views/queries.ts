import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, type View } from '@kanal/api'
import { maybe } from '@/locales/index.ts'
import type { IconName } from '@kanal/ui'

export const viewsQuery = queryOptions({ queryKey: ['views'], queryFn: async () => (await get<{ views: View[] | null }>('/api/views')).views ?? [] })

const none: View[] = []
export const useViews = (): View[] => useQuery(viewsQuery).data ?? none

/** Built-in views are named in the reader's language, inboxes and statuses by whoever made them. */
export const viewName = (v: Pick<View, 'id' | 'name'>): string => maybe(`view.${v.id}`, v.name || v.id)

export const viewIcon = (id: string): IconName =>
  ({ mine: 'user', unassigned: 'unassigned', open: 'open', closed: 'closed', spam: 'spam', trash: 'trash', mentions: 'mention', drafts: 'compose' } as Record<string, IconName>)[id] ?? (id.startsWith('status:') ? 'flag' : 'inbox')

/** What stands open in a view: its tickets, and an inbox's conversations without one. */
export const openIn = (v: View): { n: number; capped: boolean } => ({ n: v.count + (v.conversations ?? 0), capped: v.capped || !!v.conversations_capped })
