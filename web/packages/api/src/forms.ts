// Forms and what was submitted with them (internal/form, internal/api/forms).

import type * as G from './generated.ts'
import type { Conditions } from './routing.ts'
import type { Id, Time } from './types.ts'

/** One text for every language, or one for each. */
export type Words = string | Record<string, string>

export type FormFieldType = 'text' | 'long_text' | 'email' | 'phone' | 'number' | 'date' | 'choice' | 'multi_choice' | 'checkbox' | 'file' | 'hidden' | 'consent' | 'heading'

export interface FormOption { value: string; label?: Words }

/** Sets a value where its conditions hold; the first that fits decides. */
export interface FormSetRule { if?: Conditions | null; value: string }

export interface FormField {
  name: string
  /** what the answer becomes: contact.email, ticket.subject, company.name …; '' is only kept */
  maps?: string
  type: FormFieldType
  label?: Words
  help?: Words
  placeholder?: Words
  required?: boolean
  hidden?: boolean
  read_only?: boolean
  /** of pipeline and status: who sets them */
  mode?: '' | 'hidden' | 'read_only' | 'rules'
  options?: FormOption[] | null
  default?: string
  /** where a hidden field's value comes from */
  from?: string
  min?: string
  max?: string
  pattern?: string
  max_files?: number
  max_mb?: number
  accept?: string[] | null
  show_if?: Conditions | null
  set_by?: FormSetRule[] | null
}

export interface FormAfter { do?: '' | 'message' | 'redirect'; text?: Words; url?: string }
export interface FormStyle { color?: string; font?: string; radius?: string; css_off?: boolean }
export interface FormOptions { notify?: string[] | null; spam?: '' | 'standard' | 'strict' | 'off'; work?: number; captcha?: boolean; once_per_minutes?: number; domains?: string[] | null; keep_days?: number; style?: FormStyle | null }
export interface FormTicket { make?: boolean; pipeline?: string; status?: string; priority?: string; category?: string; name?: string; properties?: Record<string, unknown> | null }
export interface FormConsent { notice?: Words; processing?: { text?: Words; required?: boolean } | null; communication?: { slug: string; text?: Words }[] | null }

export interface FormDefinition {
  title?: Words
  intro?: Words
  submit?: Words
  language?: string
  languages?: string[] | null
  fields?: FormField[] | null
  after?: FormAfter | null
  options?: FormOptions | null
  ticket?: FormTicket | null
  consent?: FormConsent | null
}

export type FormChannel = G.Channel

export interface Form {
  id: Id
  slug: string
  name: string
  active: boolean
  version: number
  /** only of one form */
  definition?: FormDefinition
  fields?: number
  submissions?: number
  held?: number
  last_submission_at?: Time | null
  channel?: FormChannel | null
  created_at: Time
  updated_at: Time
  archived_at: Time | null
}

export type SubmissionState = 'filed' | 'held' | 'test'
export interface Answer { field: string; label: string; value: string | string[] | null; hidden?: boolean }
export type SubmittedFile = G.FileRef

export interface Submission {
  id: Id
  form_id: Id
  form_name?: string
  version: number
  state: SubmissionState
  reason: string
  email: string
  contact?: { id: Id; name: string } | null
  ticket?: { id: Id; number: number } | null
  message_id?: Id | null
  answers?: Record<string, string | string[]> | null
  fields?: Answer[] | null
  files?: SubmittedFile[] | null
  context?: Record<string, string> | null
  consents?: { slug: string; text: string; given: boolean; at?: Time | null }[] | null
  created_at: Time
}

export interface SubmissionColumn { name: string; label: string; type: FormFieldType; hidden: boolean }
export interface SubmissionPage { items: Submission[] | null; next: string; columns?: SubmissionColumn[] | null }

/** What a ticket was submitted with; hidden is there for those who may see submissions. */
export interface TicketSubmission { id: Id; form: { id: Id; name: string; slug: string }; visible: Answer[] | null; hidden?: Answer[] | null }

export type EmbedCodes = G.Codes
