import type { Attachment, Direction, Id, Time } from './types.ts'

export interface Address { id: Id; kind: string; value: string; name: string; verified: boolean; verified_by?: string; verified_at?: Time | null; source: string; first_seen_at?: Time | null; last_seen_at: Time | null }
export interface Contact {
  id: Id
  name: string
  first_name: string
  last_name: string
  email: string
  phone: string
  owner_id: Id | null
  language: string
  properties: Record<string, unknown> | null
  addresses: Address[] | null
  company_id?: Id | null
  deleted_at?: Time | null
  created_at: Time
}

export interface Company { id: Id; domain: string; name: string }
/** Why two contacts may be one person. */
export interface Reason { kind: string; value: string }
export interface Duplicate { contact: Contact; score: number; reasons: Reason[] | null }
export interface Pair { a: Contact; b: Contact; score: number; reasons: Reason[] | null; found_at: Time | null }
export interface ContactMerge { id: Id; from_id: Id; into_id: Id; from_name: string; reasons: Reason[] | null; created_at: Time }
/** How much is held of a person. */
export interface Held { tickets: number; conversations: number; messages: number; files: number; shared_conversations: number }
/** A contact as its page shows it. */
export interface Person extends Contact { erased_before: string | null; company: Company | null; merges: ContactMerge[] | null }
export interface PersonFile extends Attachment { ticket_id: Id | null; thread_id: Id | null; direction: Direction; created_at: Time }
