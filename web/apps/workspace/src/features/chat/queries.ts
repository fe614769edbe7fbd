import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { get, post, type Page, type Visitor, type VisitorView } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import { after, type Now, type Sign } from './model.ts'

const visitorQuery = (id: string) => queryOptions({ queryKey: ['visitor', id], queryFn: ({ signal }) => get<Visitor>(`/api/visitors/${id}`, undefined, signal) })

const trailQuery = (id: string) => infiniteQueryOptions({
  queryKey: ['visitor', id, 'views'],
  queryFn: ({ pageParam, signal }) => get<Page<VisitorView>>(`/api/visitors/${id}/views`, { cursor: pageParam, limit: 8 }, signal),
  initialPageParam: '',
  getNextPageParam: (last) => last.next || undefined,
})
export const useTrail = (id: string) => useInfiniteQuery(trailQuery(id))

/** Who is on the other side, and what they do as it happens. */
export function useVisitor(id: string): { visitor: Visitor | undefined; now: Now; failed: boolean } {
  const q = useQuery(visitorQuery(id))
  const client = useQueryClient()
  const [heard, hear] = useState<Now | null>(null)
  const v = q.data
  const base = useMemo<Now>(() => ({ online: v?.online ?? false, typing: v?.typing ?? false, text: v?.text ?? '', page: { url: v?.page_url ?? '', title: v?.page_title ?? '' } }), [v])
  useEffect(() => hear(null), [base])
  useEffect(() => {
    const on = (e: Event) => {
      const sign = (e as CustomEvent<Sign>).detail
      if (sign.visitor_id !== id) return
      hear((was) => after(was ?? base, sign))
      if (sign.page && sign.page.url !== base.page.url) void client.invalidateQueries({ queryKey: ['visitor', id, 'views'] })
    }
    addEventListener('kanal:visitor', on)
    return () => removeEventListener('kanal:visitor', on)
  }, [id, base, client])
  return { visitor: v, now: heard ?? base, failed: q.isError }
}

const keep = (v: Visitor): Visitor => { queries.setQueryData(visitorQuery(v.id).queryKey, v); return v }
export const ban = (id: string, reason: string): Promise<Visitor> => post<Visitor>(`/api/visitors/${id}/ban`, { reason }).then(keep)
export const unban = (id: string): Promise<Visitor> => post<Visitor>(`/api/visitors/${id}/unban`).then(keep)
export const link = (id: string): Promise<Visitor> => post<Visitor>(`/api/visitors/${id}/link`, {}).then(keep)

export interface Place { thread_id: string; ticket_id: string | null; open: boolean; bot: boolean }
export const endChat = (thread: string): Promise<Place> => post<Place>(`/api/threads/${thread}/end`)
export const joinChat = (thread: string): Promise<Place> => post<Place>(`/api/threads/${thread}/join`)
export const seen = (thread: string, message: string): Promise<unknown> => post(`/api/threads/${thread}/seen`, { message_id: message })
