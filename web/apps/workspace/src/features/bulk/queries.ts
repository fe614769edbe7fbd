import { queryOptions } from '@tanstack/react-query'
import { get, post, type Page } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import { watchRun } from '@/features/running/index.ts'
import type { Selection } from '@/features/tickets/index.ts'
import { selectionOf, type Action, type Failure, type Run } from './model.ts'

export const runQuery = (id: string) => queryOptions({ queryKey: ['bulk', id], queryFn: () => get<Run>(`/api/bulk/${id}`), staleTime: 0 })

export async function start(action: Action, selection: Selection): Promise<Run> {
  const run = await post<Run>('/api/bulk', { selection: selectionOf(selection), action })
  queries.setQueryData(runQuery(run.id).queryKey, run)
  watchRun(run.id)
  void queries.invalidateQueries({ queryKey: ['bulk', 'mine'] })
  return run
}

export async function cancel(id: string): Promise<void> {
  queries.setQueryData(runQuery(id).queryKey, await post<Run>(`/api/bulk/${id}/cancel`))
}

export async function undo(id: string): Promise<Run> {
  const run = await post<Run>(`/api/bulk/${id}/undo`)
  queries.setQueryData(runQuery(run.id).queryKey, run)
  watchRun(run.id)
  void queries.invalidateQueries({ queryKey: ['bulk'] })
  return run
}

export const failures = (id: string, cursor: string): Promise<Page<Failure>> => get<Page<Failure>>(`/api/bulk/${id}/failures`, { cursor, limit: 100 })
