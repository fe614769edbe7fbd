import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { del, get, patch, post, type Contact, type Duplicate, type Held, type Id, type Page, type Person, type PersonFile, type TicketRow, type TimelineItem } from '@kanal/api'
import { queries } from '@/shell/client.ts'

export interface ContactSearch { q?: string; sort?: string; who?: string }

export const contactsQuery = (s: ContactSearch) => infiniteQueryOptions({
  queryKey: ['contacts', s.q ?? '', s.sort ?? '', s.who ?? ''],
  queryFn: ({ pageParam, signal }) => get<Page<Contact>>('/api/contacts', {
    q: s.q, sort: s.sort, cursor: pageParam, limit: 60, ...(s.who === 'deleted' ? { deleted: true } : s.who ? { owner: s.who } : {}),
  }, signal),
  initialPageParam: '', getNextPageParam: (l) => l.next || undefined, placeholderData: (old) => old,
})

export const personQuery = (id: Id) => queryOptions({ queryKey: ['contact', id, 'page'], queryFn: () => get<Person>(`/api/contacts/${id}`) })
export const duplicatesQuery = (id: Id) => queryOptions({ queryKey: ['contact', id, 'duplicates'], queryFn: async () => (await get<Page<Duplicate>>(`/api/contacts/${id}/duplicates`)).items ?? [] })
export const colleaguesQuery = (company: Id) => queryOptions({ queryKey: ['contact', 'company', company], queryFn: async () => (await get<Page<Contact>>('/api/contacts', { company_id: company, limit: 9 })).items ?? [] })
export const heldQuery = (id: Id) => queryOptions({ queryKey: ['contact', id, 'held'], queryFn: () => get<Held>(`/api/contacts/${id}/holds`), staleTime: 0 })

export interface PersonTimeline { items: TimelineItem[] | null; tickets: { id: Id; number: number; subject: string }[] | null; next: string }
export const timelineQuery = (id: Id, show: string) => infiniteQueryOptions({
  queryKey: ['contact', id, 'timeline', show],
  queryFn: ({ pageParam }) => get<PersonTimeline>(`/api/contacts/${id}/timeline`, { cursor: pageParam, limit: 30, show: show || undefined }),
  initialPageParam: '', getNextPageParam: (l) => l.next || undefined,
})
export const ticketsQuery = (id: Id) => infiniteQueryOptions({
  queryKey: ['contact', id, 'all-tickets'], queryFn: ({ pageParam }) => get<Page<TicketRow>>(`/api/contacts/${id}/tickets`, { cursor: pageParam, limit: 40 }),
  initialPageParam: '', getNextPageParam: (l) => l.next || undefined,
})
export const filesQuery = (id: Id) => infiniteQueryOptions({
  queryKey: ['contact', id, 'files'], queryFn: ({ pageParam }) => get<Page<PersonFile>>(`/api/contacts/${id}/files`, { cursor: pageParam, limit: 40 }),
  initialPageParam: '', getNextPageParam: (l) => l.next || undefined,
})

const refreshContacts = () => Promise.all(['contact', 'contacts', 'duplicates'].map((k) => queries.invalidateQueries({ queryKey: [k] })))

/** Changes a contact: shown at once, taken back when it is refused. */
export async function changeContact(c: Person, change: Record<string, unknown>, shown: Partial<Person> = change as Partial<Person>): Promise<void> {
  const key = personQuery(c.id).queryKey
  const before = queries.getQueryData(key)
  queries.setQueryData(key, (p) => (p ? { ...p, ...shown } : p))
  try { await patch(`/api/contacts/${c.id}`, change) } catch (err) { queries.setQueryData(key, before); throw err } finally { void refreshContacts() }
}

const then = async <T>(done: Promise<T>): Promise<T> => { const r = await done; await refreshContacts(); return r }
export const addAddress = (id: Id, kind: string, value: string) => then(post<Contact>(`/api/contacts/${id}/addresses`, { kind, value }))
export const patchAddress = (id: Id, address: Id, change: { verified?: boolean; primary?: boolean }) => then(patch<Contact>(`/api/contacts/${id}/addresses/${address}`, change))
export const removeAddress = (id: Id, address: Id) => then(del<Contact>(`/api/contacts/${id}/addresses/${address}`))
export const createContact = (body: Record<string, string>) => then(post<Contact>('/api/contacts', body))
export const merge = (into: Id, from: Id, keep: Record<string, string>) => then(post<{ merge_id: Id; contact: Contact }>(`/api/contacts/${into}/merge`, { from, keep }))
export const part = (mergeId: Id) => then(post(`/api/contact-merges/${mergeId}/undo`))
export const dismiss = (id: Id, other: Id, dismissed = true) => then(post(`/api/contacts/${id}/dismiss`, { other_id: other, dismissed }))
export const remove = (id: Id) => then(del(`/api/contacts/${id}`))
export const restore = (id: Id) => then(post(`/api/contacts/${id}/restore`))
export const erase = (id: Id, confirm: string) => then(post<Held>(`/api/contacts/${id}/erase`, { confirm }))
export const nameCompany = (id: Id, name: string) => then(patch(`/api/companies/${id}`, { name }))
