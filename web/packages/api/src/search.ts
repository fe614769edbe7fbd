// What a search finds and says.

import type { Id, Time } from './types.ts'

export interface SearchHit {
  kind: 'ticket' | 'message' | 'contact'
  ticket_id: Id | null
  thread_id: Id | null
  message_id: Id | null
  contact_id: Id | null
  number?: number
  title: string
  title_marked: string
  excerpt: string
  at: Time | null
  comment: boolean
  file: string
  files: string[] | null
  from: string
  channel: string
  status: string
  owner: string
  open: boolean
  hidden: '' | 'spam' | 'trash' | 'merged'
}

export interface SearchProblem { reason: string; operator: string; value: string; suggestion: string; options: string[] | null }
export interface SearchFacets { total: number; capped: boolean; items: { operator: string; value: string; label: string; count: number }[] | null }
export interface SearchSuggestion { kind: 'operator' | 'value' | 'contact' | 'ticket'; query: string; label: string; detail: string; ticket_id: Id | null; number: number; contact_id: Id | null }
