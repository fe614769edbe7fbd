// Snippets and templates as the composer uses them.

import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, post, type Page, type Rendered, type Snippet, type SnippetActions } from '@kanal/api'
import { maybe, t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'

export const snippetsQuery = queryOptions({ queryKey: ['snippets'], queryFn: async () => (await get<Page<Snippet>>('/api/snippets')).items ?? [], staleTime: 5 * 60_000 })
const none: Snippet[] = []
export const useSnippets = (): Snippet[] => useQuery(snippetsQuery).data ?? none

/** Those whose name, short form or text hold every word; what begins with it comes first, then what is used most. */
export function findSnippets(all: Snippet[], query: string, limit = 8): Snippet[] {
  const q = query.trim().toLowerCase()
  const words = q.split(/\s+/).filter(Boolean)
  const rank = (x: Snippet) => (x.shortcut && x.shortcut.toLowerCase().startsWith(q) ? 0 : x.name.toLowerCase().startsWith(q) ? 1 : 2)
  return all.filter((x) => { const text = `${x.name} ${x.shortcut} ${x.text}`.toLowerCase(); return words.every((w) => text.includes(w)) })
    .sort((a, b) => (q ? rank(a) - rank(b) : 0) || b.uses - a.uses || a.name.localeCompare(b.name)).slice(0, limit)
}

export interface Whom { ticket?: string; thread?: string; email?: string | undefined }
export const render = (x: Snippet, whom: Whom): Promise<Rendered> =>
  post<Rendered>(`/api/snippets/${x.id}/render`, { ...(whom.ticket ? { ticket_id: whom.ticket } : {}), ...(whom.thread ? { thread_id: whom.thread } : {}), ...(whom.email ? { email: whom.email } : {}), use: true })

/** What a template does to the ticket, in words. */
export function deeds(a: SnippetActions | undefined, names: { status(slug: unknown): string | undefined }): string {
  if (!a) return ''
  const out: string[] = []
  if (a.status) out.push(`${t('property.status')}: ${names.status(a.status) ?? a.status}`)
  if (a.priority) out.push(`${t('property.priority')}: ${a.priority === 'none' ? '–' : maybe(`priority.${a.priority}`, a.priority)}`)
  if (a.category) out.push(`${t('property.category')}: ${a.category}`)
  if (a.owner) out.push(`${t('property.owner')}: ${a.owner === 'me' ? t('macro.me') : a.owner === 'none' ? t('macro.nobody') : a.owner}`)
  if (a.team) out.push(`${t('property.team')}: ${a.team === 'none' ? t('macro.nobody') : a.team}`)
  for (const [k, v] of Object.entries(a.properties ?? {})) out.push(`${k}: ${String(v ?? '–')}`)
  if (a.snooze) out.push(t(`macro.snooze.${a.snooze}` as Key))
  return out.join(' · ')
}

/** What the editor offers after a slash. */
export function useSnippetSource(whom: Whom) {
  useQuery(snippetsQuery)
  return {
    find: (q: string) => findSnippets(queries.getQueryData(snippetsQuery.queryKey) ?? none, q).map((x) => ({ id: x.id, name: x.name, hint: x.shortcut ? `/${x.shortcut}` : '', text: x.text })),
    html: async (id: string) => { const x = (queries.getQueryData(snippetsQuery.queryKey) ?? none).find((y) => y.id === id); return x ? (await render(x, whom)).html : '' },
  }
}
