// Finding another ticket: by its number, by words, and those of the same person.

import { useQueries, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { get, type Page, type SearchHit, type Ticket, type TicketRow } from '@kanal/api'
import { ticketQuery } from '@/features/tickets/index.ts'

export interface Found { id: string; number: number; subject: string; row: TicketRow | null }

/** A value that has rested for a moment. */
function useRested(value: string): string {
  const [v, set] = useState(value)
  useEffect(() => { const timer = setTimeout(() => set(value), 200); return () => clearTimeout(timer) }, [value])
  return v
}

const number = (q: string) => /^#?(\d{1,12})$/.exec(q)?.[1]

export function useFound(q: string, ticket: Ticket): { found: Found[]; busy: boolean } {
  const asked = useRested(q.trim())
  const no = number(asked)
  const byNumber = useQuery({ queryKey: ['ticket-number', no], enabled: !!no, retry: false, queryFn: ({ signal }) => get<Ticket>(`/api/tickets/${encodeURIComponent(`#${no}`)}`, undefined, signal) })
  const byWords = useQuery({ queryKey: ['ticket-words', asked], enabled: asked !== '' && !no, queryFn: ({ signal }) => get<Page<SearchHit>>('/api/search', { q: asked, limit: 30 }, signal) })
  const same = useQuery({ queryKey: ['contact-tickets', ticket.contact_id, 'merge'], enabled: !!ticket.contact_id && asked === '', queryFn: ({ signal }) => get<Page<TicketRow>>(`/api/contacts/${ticket.contact_id}/tickets`, { limit: 20 }, signal) })
  const ids = [...new Set((byWords.data?.items ?? []).map((h) => h.ticket_id).filter((id): id is string => !!id))].slice(0, 10)
  const whole = useQueries({ queries: ids.map((id) => ({ ...ticketQuery(id), enabled: asked !== '' && !no, staleTime: 60_000 })) })
  let rows: TicketRow[] = []
  if (no) rows = byNumber.data ? [byNumber.data] : []
  else if (asked) rows = whole.map((x) => x.data).filter((x): x is Ticket => !!x)
  else rows = same.data?.items ?? []
  const seen = new Set([ticket.id])
  const found = rows.filter((r) => r.hidden === '' && !seen.has(r.id) && seen.add(r.id)).map((r) => ({ id: r.id, number: r.number, subject: r.subject, row: r }))
  return { found, busy: byNumber.isFetching || byWords.isFetching || same.isFetching || whole.some((x) => x.isFetching) || asked !== q.trim() }
}

const bare = (subject: string) => subject.toLowerCase().replace(/^(\s*(re|sv|vs|aw|fw|fwd|vb)\s*:)+/i, '').trim()

/** What speaks for two tickets being one. */
export function evidence(a: Ticket, b: TicketRow): ('same_contact' | 'same_subject' | 'same_claims')[] {
  const out: ('same_contact' | 'same_subject' | 'same_claims')[] = []
  if ((a.links ?? []).some((l) => l.kind === 'claims' && l.other.id === b.id)) out.push('same_claims')
  if (a.contact_id && a.contact_id === b.contact_id) out.push('same_contact')
  if (bare(a.subject) !== '' && bare(a.subject) === bare(b.subject)) out.push('same_subject')
  return out
}
