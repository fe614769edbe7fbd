import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { get, patch, type Page, type SearchFacets, type SearchProblem, type SearchHit, type SearchSuggestion } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import { remembered } from './model.ts'

export interface Result extends Page<SearchHit> {
  top: SearchHit[] | null
  problems: SearchProblem[] | null
  spelling: { query: string; applied: boolean } | null
  looked_to: string | null
  behind_seq: number
  building: boolean
}

export const useSearch = (q: string, exact: boolean) => useInfiniteQuery({
  queryKey: ['search', q, exact], enabled: q !== '', staleTime: 10_000,
  queryFn: ({ pageParam, signal }) => get<Result>('/api/search', { q, cursor: pageParam, limit: 30, ...(exact ? { exact: true } : {}) }, signal),
  initialPageParam: '', getNextPageParam: (l) => l.next || undefined, placeholderData: keepPreviousData,
})

export const useFacets = (q: string) => useQuery({
  queryKey: ['search', 'facets', q], enabled: q !== '', staleTime: 10_000, placeholderData: keepPreviousData,
  queryFn: ({ signal }) => get<SearchFacets>('/api/search/facets', { q }, signal),
}).data

export const useSuggestions = (q: string, enabled: boolean): SearchSuggestion[] => useQuery({
  queryKey: ['search', 'suggest', q], enabled: enabled && q.trim() !== '', staleTime: 30_000,
  queryFn: async ({ signal }) => (await get<{ items: SearchSuggestion[] | null }>('/api/search/suggest', { q }, signal)).items ?? [],
}).data ?? none

const none: never[] = []

const recentQuery = queryOptions({
  queryKey: ['search', 'recent'], staleTime: Infinity,
  queryFn: async () => {
    const list = (await get<Record<string, unknown>>('/api/me/preferences')).recent_searches
    return Array.isArray(list) ? list.filter((x): x is string => typeof x === 'string') : []
  },
})

export const useRecent = (): string[] => useQuery(recentQuery).data ?? none

/** Keeps a search that led somewhere; it follows the person to other browsers. Without an answer nothing is lost. */
export function remember(q: string): void {
  const before = queries.getQueryData(recentQuery.queryKey)
  if (!before || before[0] === q.trim()) return
  const next = remembered(before, q)
  queries.setQueryData(recentQuery.queryKey, next)
  void patch('/api/me', { preferences: { recent_searches: next } }).catch(() => {})
}
