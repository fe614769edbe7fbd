import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, patch, type Page, type SavedView, type View } from '@kanal/api'
import { maybe } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import type { IconName } from '@kanal/ui'
import type { Arrangement, Look } from './arrange.ts'

let again: ReturnType<typeof setTimeout> | undefined

export const viewsQuery = queryOptions({
  queryKey: ['views'],
  queryFn: async () => {
    const { space } = await queries.ensureQueryData(arrangementQuery)
    const b = await get<{ views: View[] | null; again_ms?: number } & Spaces>('/api/views', { space })
    queries.setQueryData(spacesKey, b)
    if (space && !b.space_id) void arrange((a) => ({ ...a, space: '' })) // it was removed
    // Some counts are dear to find and a moment old: the server says when newer ones are there, and they are read that once.
    clearTimeout(again)
    if (b.again_ms) again = setTimeout(() => void queries.invalidateQueries({ queryKey: ['views'], exact: true }), Math.max(1000, b.again_ms))
    return b.views ?? []
  },
})

/** The spaces that there are, and the one that the views are of. */
interface Spaces { space_id: string | null; spaces: { id: string; name: string }[] }
const spacesKey = ['spaces', 'names']
export const useSpaces = (): Spaces | undefined => useQuery<Spaces>({ queryKey: spacesKey, enabled: false, gcTime: Infinity }).data

const none: View[] = []
export const useViews = (): View[] => useQuery(viewsQuery).data ?? none

export const savedQuery = queryOptions({ queryKey: ['views', 'saved'], queryFn: async () => (await get<Page<SavedView>>('/api/custom-views')).items ?? [] })
const noSaved: SavedView[] = []

/** The saved view behind an id such as custom:12; undefined for the built-in ones. known is false while it is not read yet. */
export function useSaved(id: string): { saved: SavedView | undefined; known: boolean } {
  const custom = id.startsWith('custom:')
  const q = useQuery({ ...savedQuery, enabled: custom })
  return { saved: custom ? (q.data ?? noSaved).find((v) => v.id === id.slice(7)) : undefined, known: !custom || !!q.data }
}

// One's own arrangement of views, kept with the person on the server.
export const arrangementQuery = queryOptions({
  queryKey: ['preferences', 'views'],
  queryFn: async (): Promise<Arrangement> => ((await get<{ views?: Arrangement }>('/api/me/preferences')).views ?? {}),
})
const plain: Arrangement = {}
export const useArrangement = (): Arrangement => useQuery(arrangementQuery).data ?? plain

/** Changes the arrangement at once, and takes it back when the server refuses. */
export async function arrange(change: (a: Arrangement) => Arrangement): Promise<void> {
  const before = queries.getQueryData(arrangementQuery.queryKey) ?? (await queries.fetchQuery(arrangementQuery))
  const next = change(before)
  queries.setQueryData(arrangementQuery.queryKey, next)
  try { await patch('/api/me', { preferences: { views: next } }) } catch (err) { queries.setQueryData(arrangementQuery.queryKey, before); throw err }
}

export const setLook = (view: string, look: Partial<Look>): Promise<void> => arrange((a) => ({ ...a, looks: { ...a.looks, [view]: { ...a.looks?.[view], ...look } } }))

/** Built-in views are named in the reader's language, inboxes, statuses and saved views by whoever made them. */
export const viewName = (v: Pick<View, 'id' | 'name'>): string => maybe(`view.${v.id}`, v.name || v.id)

const icons: Record<string, IconName> = {
  mine: 'user', unassigned: 'unassigned', open: 'open', closed: 'closed', recently_closed: 'check', snoozed: 'clock', following: 'eye', spam: 'spam', trash: 'trash', mentions: 'mention', drafts: 'compose', elsewhere: 'forward', bots: 'bolt',
}
export const viewIcon = (id: string): IconName => icons[id] ?? (id.startsWith('status:') ? 'flag' : id.startsWith('custom:') ? 'rows' : 'inbox')

/** What stands open in a view: its tickets, and an inbox's conversations without one. */
export const openIn = (v: View): { n: number; capped: boolean } => ({ n: v.count + (v.conversations ?? 0), capped: v.capped || !!v.conversations_capped })
