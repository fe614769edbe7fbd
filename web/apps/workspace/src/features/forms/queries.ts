import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { del, get, patch, post, Problem, urlOf, type ChannelAccount, type EmbedCodes, type Form, type FormDefinition, type Id, type Page, type Submission, type SubmissionPage, type TicketSubmission } from '@kanal/api'
import { queries } from '@/shell/client.ts'

export const formsQuery = (archived = false) => queryOptions({ queryKey: ['forms', archived], queryFn: async () => (await get<Page<Form>>('/api/forms', { limit: 200, archived: archived || undefined })).items ?? [], staleTime: 0 })
export const formQuery = (id: Id) => queryOptions({ queryKey: ['form', id], queryFn: () => get<Form>(`/api/forms/${id}`), staleTime: 0 })
export const embedQuery = (id: Id) => queryOptions({ queryKey: ['form', id, 'embed'], queryFn: () => get<EmbedCodes>(`/api/forms/${id}/embed`) })

const refreshForms = () => queries.invalidateQueries({ queryKey: ['forms'] })
const told = async (f: Form): Promise<Form> => { queries.setQueryData(formQuery(f.id).queryKey, (was) => ({ ...was, ...f })); await refreshForms(); return f }

interface FormPart { name?: string; slug?: string; active?: boolean; definition?: FormDefinition; archived?: boolean; version?: number }
export const createForm = async (input: { name: string; definition: FormDefinition }): Promise<Form> => told(await post<Form>('/api/forms', input))
export const changeForm = async (id: Id, part: FormPart): Promise<Form> => told(await patch<Form>(`/api/forms/${id}`, part))
export const copyForm = async (id: Id): Promise<Form> => told(await post<Form>(`/api/forms/${id}/copy`))
export async function archiveForm(id: Id): Promise<void> { await del(`/api/forms/${id}`); await refreshForms() }
export const restoreFields = async (id: Id): Promise<Form> => told(await post<Form>(`/api/forms/${id}/ticket-fields`, { restore: true }))

interface PreviewAsk { definition: FormDefinition; language: string; scheme: 'light' | 'dark'; answers: Record<string, string> }
export const previewForm = async (ask: PreviewAsk): Promise<string> => (await post<{ html: string }>('/api/forms/preview', ask)).html

/** Addresses that an answer can come from: without one there is nothing to answer with (FM-14). */
export const mailAccountsQuery = queryOptions({
  queryKey: ['channel-accounts', 'mail'],
  queryFn: async () => (((await get<Page<ChannelAccount>>('/api/channel-accounts', { limit: 200 })).items ?? []).filter((a) => a.channel === 'email')),
})

export interface SubmissionAsk { state: string; q: string; from: string; to: string }
const dayAfter = (day: string): string => { const d = new Date(`${day}T00:00:00`); d.setDate(d.getDate() + 1); return d.toISOString() }
/** Days of the reader's own calendar, as moments. */
const asked = (a: SubmissionAsk) => ({ state: a.state, q: a.q, from: a.from ? new Date(`${a.from}T00:00:00`).toISOString() : '', to: a.to ? dayAfter(a.to) : '' })
export const submissionsQuery = (form: Id, ask: SubmissionAsk) => infiniteQueryOptions({
  queryKey: ['submissions', form, ask], initialPageParam: '', getNextPageParam: (p: SubmissionPage) => p.next || undefined,
  queryFn: ({ pageParam }) => get<SubmissionPage>(`/api/forms/${form}/submissions`, { ...asked(ask), cursor: pageParam, limit: 50 }),
})
export const submissionsFile = (form: Id, ask: SubmissionAsk): string => urlOf(`/api/forms/${form}/submissions.csv`, asked(ask))
export const submissionQuery = (id: Id) => queryOptions({ queryKey: ['submission', id], queryFn: () => get<Submission>(`/api/submissions/${id}`) })
export async function release(id: Id): Promise<Submission> {
  const s = await post<Submission>(`/api/submissions/${id}/release`)
  await Promise.all([queries.invalidateQueries({ queryKey: ['submissions'] }), queries.invalidateQueries({ queryKey: ['submission', id] }), refreshForms()])
  return s
}

export const ticketSubmissionQuery = (id: Id) => queryOptions({
  queryKey: ['submission', 'ticket', id], staleTime: 60_000,
  queryFn: async (): Promise<TicketSubmission | null> => {
    try { return (await get<TicketSubmission | null>(`/api/tickets/${id}/submission`)) ?? null } catch (err) { if (err instanceof Problem && err.status === 404) return null; throw err }
  },
})
export const contactSubmissionsQuery = (id: Id) => queryOptions({ queryKey: ['contact', id, 'submissions'], queryFn: async () => (await get<Page<Submission>>(`/api/contacts/${id}/submissions`, { limit: 100 })).items ?? [] })
