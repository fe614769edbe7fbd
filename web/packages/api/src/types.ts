// The nouns of the workspace API, as internal/desk encodes them: ids are strings (null for none), times are
// RFC 3339 in UTC or null for never.

import type { Contact } from './person.ts'
import type { Assignment, AssignPolicy, Conditions, OwnerStanding } from './routing.ts'
import type { Draft, SendPlan } from './writing.ts'

export type Id = string
export type Time = string

/** A built-in role, or the short name of one of the installation's own. */
export type Role = 'owner' | 'admin' | 'supervisor' | 'agent' | 'light' | 'viewer' | (string & {})
export type Permission =
  | 'tickets.view' | 'tickets.reply' | 'tickets.comment' | 'tickets.edit' | 'tickets.assign' | 'tickets.delete'
  | 'contacts.edit' | 'contacts.delete' | 'contacts.export' | 'contacts.erase' | 'sensitive.view' | 'availability.manage' | 'properties.manage' | 'views.share' | 'account.access' | 'users.manage' | 'settings.manage' | 'tokens.manage' | 'audit.view' | 'chatflows.manage'
  | 'routing.manage' | 'forms.manage' | 'submissions.view' | 'channels.move' | 'roles.manage' | 'inboxes.all'

export interface User {
  id: Id
  email: string
  name: string
  first_name: string
  last_name: string
  role: Role
  active: boolean
  takes_work: boolean
  available: boolean; available_by?: '' | 'manual' | 'manager' | 'hours' | 'out_of_office' | 'idle'; available_at?: Time | null
  locale: string
  timezone: string
  teams: Id[] | null
  last_seen_at: Time | null
}

export interface Team { id: Id; slug: string; name: string; members: Id[] | null; extra_members: Id[] | null; parent_id?: Id | null; calendar?: string }
export interface Access { everyone: boolean; users: Id[] | null; teams: Id[] | null }
export interface Inbox { id: Id; slug: string; kind: 'inbox' | 'helpdesk'; name: string; access?: Access }

export interface Session {
  user: User
  permissions: Permission[]
  inboxes: Inbox[]
  company: { name: string; locale?: string; timezone?: string }
  version: string
  seq: number
}

export interface View {
  id: string
  name: string
  count: number
  capped: boolean
  /** of an inbox: open conversations that have no ticket */
  conversations: number
  conversations_capped: boolean
  /** when a count that is dear to find was taken; null: just now */
  as_of?: Time | null
  /** the count is being found for the first time */
  pending?: boolean
}

/** A condition, or a group of which all or any must hold. */
export interface Filter { all?: Filter[]; any?: Filter[]; field?: string; op?: string; value?: unknown }

export interface ViewField {
  name: string
  label: string
  object: 'ticket' | 'contact' | 'company'
  type: 'text' | 'number' | 'boolean' | 'moment' | 'date' | 'choice' | 'several' | 'ref' | 'people' | 'duration'
  of: '' | 'user' | 'team' | 'inbox' | 'status' | 'pipeline' | 'channel_account' | 'contact'
  ops: string[]
  options: string[]
  column: boolean
  sort: boolean
  group: boolean
  custom: boolean
}

/** An area of the help desk that shows the tickets of some teams. */
export interface Space { id: Id; slug: string; name: string; teams: Id[]; extra_members: boolean; position: number; version: number; open?: number; capped?: boolean }

export interface SavedView {
  id: Id
  slug: string
  name: string
  visibility: 'private' | 'team' | 'everyone'
  owner_id: Id | null
  team_id: Id | null
  /** the space that it stands in */
  space_id: Id | null
  filter: Filter
  columns: string[]
  sort: string
  group: string
  layout: '' | 'split' | 'table' | 'board'
  version: number
  editable: boolean
}

export type Priority = '' | 'low' | 'medium' | 'high' | 'urgent'
export type Hidden = '' | 'spam' | 'trash' | 'merged'
export type Direction = '' | 'incoming' | 'outgoing'

export interface Status { id: Id; pipeline_id?: Id; slug: string; name: string; state: 'open' | 'closed'; position?: number }
export interface Pipeline { id: Id; slug: string; name: string; statuses: Status[] }
export interface Named { id: Id; name: string }

export interface TicketRow {
  id: Id
  number: number
  subject: string
  inbox_id: Id
  channel: string
  channel_account_id: Id | null
  contact_id: Id | null
  pipeline_id: Id
  status_id: Id
  open: boolean
  priority: Priority
  category: string
  language?: string
  tags?: string[] | null
  /** in seconds, from its beginning; null: it has not come to that */
  time_to_first_reply?: number | null
  time_to_close?: number | null
  owner_id: Id | null
  team_id: Id | null
  hidden: Hidden
  hidden_reason?: string
  hidden_at?: Time | null
  merged_into: Id | null
  snippet: string
  last_direction: Direction
  message_count: number
  created_at: Time
  updated_at: Time
  last_activity_at: Time
  last_inbound_at: Time | null
  first_reply_at: Time | null
  closed_at: Time | null
  version: number
  contact: { id: Id; name: string; email: string } | null
  owner: Named | null
  team: Named | null
  status: Status
  inbox: Named
  /** the rest stands in lists only */
  participants?: number
  participant?: { id: Id; name: string; email: string } | null
  has_draft?: boolean
  properties?: Record<string, unknown> | null
  snoozed?: boolean
  /** null while snoozed: until the customer writes */
  snoozed_until?: Time | null
  snoozed_by?: Id | null
  latest?: { type: 'message' | 'comment' | 'system' | 'welcome'; direction: Direction; author: string; text: string; forward: boolean; at: Time } | null
  person?: { phone: string; language: string; owner_id: Id | null; created_at: Time | null; properties: Record<string, unknown> } | null
}

export interface Party {
  field?: string
  kind?: string
  address: string
  name?: string
  status?: DeliveryStatus
  detail?: string
  code?: string
  contact_id?: Id | null
}

export interface Abilities {
  quick_replies: boolean
  send: boolean
  live?: boolean
  start: boolean
  html: boolean
  subject: boolean
  cc: boolean
  attachments: boolean
  inline_images: boolean
  max_text: number
  max_attachment_bytes: number
  max_attachments_bytes: number
  max_attachments: number
  /** what becomes of files that do not fit into a message */
  large_files: '' | 'link' | 'refuse'
  /** files with more than this together do not fit; 0: no limit */
  link_above_bytes: number
  link_days: number
  attachment_types: string[] | null
}

export interface Thread {
  id: Id
  inbox_id: Id
  channel_account_id: Id
  channel: string
  contact_id: Id | null
  ticket_id: Id | null
  subject: string
  open: boolean
  message_count: number
  last_message_at: Time
  can?: Partial<Abilities>
  account?: { id: Id; name: string; address: string }
  reply_defaults?: { to: Party[] | null; cc: Party[] | null; subject: string }
  /** only without a ticket */
  owner_id?: Id | null
  team_id?: Id | null
  hidden?: Hidden
  /** the browser that it is with, of a chat */
  visitor_id?: Id | null
  bot?: boolean
  origin?: { url: string; title: string; referrer: string; chatflow: string } | null
  seen_by_team?: Id | null
  seen_by_visitor?: Id | null
  /** how an answer may leave, that of a plain one first */
  ways?: Way[] | null
}

/** A channel account that an answer in a chat may leave by; to is empty where the visitor is there. */
export interface Way { id: Id; name: string; address: string; channel: string; to: Party[] | null; can: Partial<Abilities> }
export interface QuickReply { label: string; value: string; url: string; step: string }
/** What a message let its reader answer with: buttons, and what was asked for. */
export interface Offers { quick: QuickReply[] | null; input: { answer: string; required?: boolean; choices?: QuickReply[] | null } | null }

/** A conversation as the list of an inbox shows it. */
export interface ThreadRow {
  id: Id
  inbox_id: Id
  channel: string
  contact_id: Id | null
  /** null: it has no ticket */
  ticket_id: Id | null
  ticket_number: number
  subject: string
  open: boolean
  message_count: number
  created_at: Time
  last_message_at: Time
  contact: { id: Id; name: string; email: string } | null
  owner: Named | null
  team: Named | null
  inbox: Named
  snippet: string
  last_direction: Direction
}

/** One conversation, whole. */
export interface Conversation extends Thread {
  created_at: Time
  contact: Contact | null
  draft: Draft | null
  seq: number
}

export interface OtherTicket { id: Id; number: number; subject: string; open: boolean }

export interface TicketLink {
  kind: 'claims' | 'related' | 'same_mail' | 'duplicate' | 'blocks'
  /** from: the other ticket points at this one */
  direction?: 'to' | 'from'
  other: OtherTicket
  message_id: Id | null
  reason: string
}

export interface Viewer { id: Id; name: string; state?: PresenceState; holds?: boolean }
export type PresenceState = 'viewing' | 'typing' | 'left'

export interface Ticket extends TicketRow {
  /** nobody could have it yet: where it stands in the line of its channel account */
  waiting?: { since: Time; place: number; of: number; reason: string; next_at: Time | null; tries: number } | null
  owner_load?: OwnerStanding
  description: string
  properties: Record<string, unknown> | null
  assignment: Assignment | null
  links: TicketLink[] | null
  /** who hears of it */
  followers: Named[] | null
  following: boolean
  merged: (OtherTicket & { merge_id: Id; at: Time })[] | null
  /** of a merged ticket: the one it went into in the end */
  survivor: OtherTicket | null
  merge_id: Id | null
  threads: Thread[] | null
  contact_detail?: Contact
  /** of a ticket without a contact: who takes part in it, because they may have no more tickets */
  participant?: { id: Id; name: string; email: string } | null
  viewers: Viewer[] | null
  draft: Draft | null
  seq: number
}

export type DeliveryStatus =
  | '' | 'received' | 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'uncertain' | 'cancelled'

export interface Attachment {
  id: Id
  message_id: Id | null
  name: string
  type: string
  size: number
  sha256: string
  inline: boolean
  content_id: string
  as?: '' | 'file' | 'link'
  link_until?: string | null
}

export interface Forward {
  is: boolean
  by: Party
  original: Party
  subject: string
  date: Time | null
  confidence: 'certain' | 'likely' | 'unresolved'
  used: 'original' | 'forwarder'
}

export interface AuthEvidence { spf: string; dkim: string; dmarc: string; note?: string }

export interface Attempt { number: number; started_at: Time; marked_at?: Time | null; settled_at?: Time | null; outcome: string; detail: string }

export interface Message {
  id: Id
  thread_id: Id
  ticket_id: Id | null
  type: 'message' | 'comment' | 'system' | 'welcome'
  direction: Direction
  channel: string
  channel_account_id: Id | null
  actor: string
  contact_id: Id | null
  from: Party
  recipients: Party[] | null
  subject: string
  text: string
  text_quoted: string
  html: string
  html_quoted: string
  truncation_status: string
  remote_id: string
  in_reply_to: Id | null
  raw_id: Id | null
  disposition: string
  flags: string[] | null
  forward: Forward | null
  auth: AuthEvidence | null
  status: DeliveryStatus
  status_reason: string
  client: string
  attachments: Attachment[] | null
  mentions: Id[] | null
  sent_at: Time | null
  created_at: Time
  author?: { name: string; kind: string; avatar?: string } | null
  deliveries?: Party[] | null
  attempts?: Attempt[] | null
  blocked_images?: number
  has_source?: boolean
  /** when it leaves, or left by a rule */
  send_at?: Time | null
  send_rule?: '' | 'undo' | 'later' | 'later_if_quiet'
  plan?: SendPlan | null
  forward_of?: Id | null
  offers?: Offers | null
}

export interface KanalEvent {
  id: Id
  seq: number
  at: Time
  type: string
  actor: string | { kind: string; id?: Id; name?: string }
  actor_name?: string
  user_name?: string
  ticket_id: Id | null
  thread_id: Id | null
  message_id: Id | null
  contact_id: Id | null
  inbox_id: Id | null
  user_id: Id | null
  data: Record<string, unknown> | null
}

export type TimelineItem = { kind: 'message'; message: Message } | { kind: 'event'; event: KanalEvent }

export interface Page<T> { items: T[] | null; next: string }

export type { SearchFacets, SearchHit, SearchProblem, SearchSuggestion } from './search.ts'

export interface LedgerStep { at: Time | null; step: string; detail: Record<string, unknown> | null }

export interface Field {
  path: string
  label: string
  help: string
  type: 'text' | 'email' | 'password' | 'number' | 'boolean' | 'choice' | 'html' | 'host' | 'list'
  options: { value: string; label: string }[] | null
  default: unknown
  required: boolean
  secret: boolean
  kinds: string[] | null
  step: 'account' | 'details' | 'automation'
}
export interface Kind {
  name: string
  label: string
  description: string
  comes_later: string
  use_kind: string
  preset: Record<string, unknown> | null
}
export interface Spec {
  channel: string
  generic_id: number
  name: string
  icon: string
  threading: string
  fields: Field[] | null
  kinds: Kind[] | null
  terms: { version: string; points: string[] } | null
  can: Partial<Abilities>
  needs_public_url: boolean
}

export interface TicketPolicy {
  create: 'always' | 'when' | 'new_topic' | 'never' | ''
  when?: Conditions | null
  owner?: '' | 'conversation' | 'policy' | 'no_one'
  pipeline: string
  status: string
  priority: string
  category: string
  properties: Record<string, unknown> | null
}
export interface ChannelAccount {
  id: Id
  slug: string
  channel: string
  inbox_id: Id
  name: string
  active: boolean
  authorized: boolean
  state: 'connecting' | 'connected' | 'trouble' | 'reconnect'
  state_reason: string
  state_at: Time | null
  delivery_identifier: string
  settings: Record<string, unknown> | null
  ticket: TicketPolicy
  assign: AssignPolicy
  created_at: Time
  fallback?: boolean
  secrets_set?: string[] | null
  version?: number
  terms?: { version: string; accepted_at: Time }[] | null
}
export interface Probe { name: string; ok: boolean; detail: string; fix: string }
export interface Verification { verified: boolean; verified_at?: Time | null; address?: string; mail?: { subject: string; code: string; link: string; at?: Time | null } | null }

export interface Property { id: Id; object: 'ticket' | 'contact'; name: string; label: string; type: string; options: string[] | null; position: number; required_on_close?: boolean; depends_on?: string; options_by?: Record<string, string[]>; access?: PropertyAccess | null; read_only?: boolean }
export interface WhoMay { everyone: boolean; users: Id[] | null; teams: Id[] | null }
export interface PropertyAccess { view: WhoMay; edit: WhoMay }
export interface ApiToken { id: Id; name: string; hint: string; scopes: string[] | null; created_at: Time; last_used_at: Time | null; user?: Named }
export interface InboundItem {
  id: Id
  at: Time
  channel: string
  account: string | Named | null
  message_id: string
  state: string
  disposition: string
  reason: string
  error?: string
  from?: string
  subject?: string
  size?: number
}
export interface MeSession { id: Id; user_agent: string; ip: string; created_at: Time; last_seen_at: Time; current?: boolean }
