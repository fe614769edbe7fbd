import type { Attachment, Contact, Direction, Id, Time } from './types.ts'

export interface Company { id: Id; domain: string; name: string }
/** Why two contacts may be one person. */
export interface Reason { kind: string; value: string }
export interface Duplicate { contact: Contact; score: number; reasons: Reason[] | null }
export interface Pair { a: Contact; b: Contact; score: number; reasons: Reason[] | null; found_at: Time | null }
export interface ContactMerge { id: Id; from_id: Id; into_id: Id; from_name: string; reasons: Reason[] | null; created_at: Time }
/** How much is held of a person. */
export interface Held { tickets: number; conversations: number; messages: number; files: number; shared_conversations: number }
/** A contact as its page shows it. */
export interface Person extends Contact { company: Company | null; merges: ContactMerge[] | null }
export interface PersonFile extends Attachment { ticket_id: Id | null; thread_id: Id | null; direction: Direction; created_at: Time }
