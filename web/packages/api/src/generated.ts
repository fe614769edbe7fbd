// Generated from /api/openapi.json by packages/api/scripts/generate.mjs. Do not edit.
/* eslint-disable */

export interface Abilities {
  attachment_types: string[]
  attachments: boolean
  cc: boolean
  html: boolean
  idempotent: boolean
  inline_images: boolean
  large_files: "" | "link" | "refuse"
  link_above_bytes: number
  link_days: number
  max_attachment_bytes: number
  max_attachments: number
  max_attachments_bytes: number
  max_encoded_bytes: number
  max_text: number
  quick_replies: boolean
  send: boolean
  start: boolean
  subject: boolean
}

export interface Acceptance {
  accepted_at: string | null
  channel: string
  channel_account_id: string | null
  text: string
  user_id: string | null
  version: string
}

export interface Access {
  everyone: boolean
  teams: string[]
  users: string[]
}

export interface AccessInput {
  everyone?: boolean
  teams?: string[]
  users?: string[]
}

export interface Account {
  active: boolean
  archived_at: string | null
  assign: AssignPolicy
  authorized: boolean
  channel: string
  created_at: string
  delivery_identifier: string
  /** The account every installation begins with. */
  fallback: boolean
  id: string
  inbox_id: string | null
  name: string
  /** The paths of secret settings that have a value. */
  secrets_set: string[]
  settings: unknown
  slug: string
  state: string
  state_at: string | null
  state_reason: string
  /** Who accepted which terms, and when. */
  terms: Acceptance[]
  ticket: TicketPolicy
  updated_at: string
  /** Send it with PATCH to refuse a stale edit. */
  version: number
}

export interface Address {
  contact_id: string | null
  first_seen_at: string | null
  id: string
  kind: string
  last_seen_at: string | null
  name: string
  source: string
  value: string
  verified: boolean
}

export interface AssignInputBody {
  owner_id?: string | null
  team_id?: string | null
}

export interface AssignPolicy {
  available_only: boolean
  by: "" | "least_open" | "random"
  /** slugs */
  teams: string[]
  to: "" | "no_one" | "users" | "teams" | "users_and_teams" | "contact_owner"
  /** email addresses */
  users: string[]
}

export interface AssignPolicyInput {
  /** Only users who are available. Left out: yes. */
  available_only?: boolean
  by?: "" | "least_open" | "random"
  /** Slugs. */
  teams?: string[]
  to?: "" | "no_one" | "users" | "teams" | "users_and_teams" | "contact_owner"
  /** Email addresses. */
  users?: string[]
}

export interface Assignment {
  at: string
  by: string
  candidates: Candidate[]
  owner_id: string | null
  reason: string
  rule: string
  team_id: string | null
}

export interface Attachment {
  as: "" | "file" | "link"
  content_id: string
  id: string
  inline: boolean
  link_until: string | null
  message_id: string | null
  name: string
  sha256: string
  size: number
  type: string
}

export interface Attempt {
  detail: string
  number: number
  outcome: string
  recipients: string[]
  settled_at: string | null
  started_at: string | null
}

export interface AuditPage {
  items: TimelineEvent[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface AuthEvidence {
  dkim: string
  dmarc: string
  note?: string
  spf: string
}

export interface Author {
  /** Of the user or contact; empty for others. */
  id: string
  kind: "" | "user" | "contact" | "visitor" | "bot" | "automation" | "integration" | "system"
  name: string
}

export interface Candidate {
  chosen: boolean
  last_assigned_at: string | null
  name: string
  open: number
  reason: string
  user_id: string | null
}

export interface CheckInputBody {
  /** Whose stored secrets fill in those left out. */
  account_id?: string | null
  channel: string
  secrets?: unknown
  settings?: unknown
}

export interface Checked {
  probes: Probe[]
}

export interface ClockInputBody {
  /** Or how far to move it on, as a Go duration. */
  advance?: string
  /** The time to set, RFC 3339. */
  set?: string
}

export interface Company {
  locale: string
  name: string
  timezone: string
}

export interface Contact {
  addresses: Address[]
  created_at: string
  email: string
  first_name: string
  id: string
  language: string
  last_name: string
  merged_into: string | null
  name: string
  owner_id: string | null
  phone: string
  properties: Record<string, unknown>
  updated_at: string
}

export interface ContactInput {
  email?: string
  name?: string
}

export interface ContactPage {
  items: Contact[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface ContactRef {
  email: string
  id: string
  name: string
}

export interface Count {
  /** There are more than count. */
  capped: boolean
  /** Of an inbox: open conversations that have no ticket (IH-01). At most 10000. */
  conversations: number
  /** There are more than conversations. */
  conversations_capped: boolean
  /** At most 10000. */
  count: number
  /** mine, unassigned, open, closed, spam, trash, mentions, inbox:ID or status:ID. */
  id: string
  name: string
}

export interface CreateAccountInputBody {
  /** The version of the terms that was accepted. */
  accepted_terms?: string
  active?: boolean
  assign?: AssignPolicyInput
  channel: string
  inbox_id: string | null
  name: string
  /** Written, never read. */
  secrets?: unknown
  settings?: unknown
  slug?: string
  ticket?: TicketPolicyInput
}

export interface CreateInboxInputBody {
  access?: AccessInput
  kind?: "inbox" | "helpdesk"
  name: string
  slug?: string
}

export interface CreatePipelineInputBody {
  name: string
  position?: number
  slug?: string
  statuses: StatusInput[]
}

export interface CreatePropertyInputBody {
  label?: string
  /** The key in properties. */
  name?: string
  object: "ticket" | "contact"
  options?: string[]
  position?: number
  type: "text" | "long_text" | "number" | "boolean" | "date" | "choice" | "multi_choice"
}

export interface CreateTeamInputBody {
  extra_members?: string[]
  /** Main members: eligible for routing. */
  members?: string[]
  name: string
  slug?: string
}

export interface CreateTicketInputBody {
  attachments?: string[]
  bcc?: PartyInput[]
  category?: string
  cc?: PartyInput[]
  /** Send from this account: the ticket begins with a message. */
  channel_account_id?: string | null
  contact?: ContactInput
  contact_id?: string | null
  description?: string
  html?: string
  /** Left out: the help desk. */
  inbox_id?: string | null
  owner_id?: string | null
  pipeline_id?: string | null
  priority?: "" | "low" | "medium" | "high" | "urgent"
  properties?: Record<string, unknown>
  status_id?: string | null
  subject?: string
  team_id?: string | null
  text?: string
  to?: PartyInput[]
}

export interface CreateTokenInputBody {
  /** Left out: never. */
  expires_at?: string | null
  name: string
  scopes: string[]
  /** Whom it acts as; left out: oneself. */
  user_id?: string | null
}

export interface CreateUserInputBody {
  email: string
  first_name?: string
  last_name?: string
  locale?: string
  name?: string
  role?: "owner" | "admin" | "supervisor" | "agent" | "light" | "viewer"
  takes_work?: boolean
  /** Teams of which they become a main member. */
  teams?: string[]
  timezone?: string
}

export interface Created {
  /** null when the ticket was opened by hand. */
  message: Message | null
  /** null when the inbox makes no tickets. */
  ticket: Ticket | null
}

export interface Decision {
  actor_name: string
  at: string
  by: string
  candidates: Candidate[]
  event_id: string | null
  owner_id: string | null
  owner_name: string
  reason: string
  rule: string
  team_id: string | null
  team_name: string
}

export interface Draft {
  attachments: string[]
  bcc: Party[]
  cc: Party[]
  html: string
  id: string
  in_reply_to: string | null
  seen_seq: number
  subject: string
  text: string
  thread_id: string | null
  ticket_id: string | null
  to: Party[]
  type: "" | "reply" | "comment" | "new"
  updated_at: string
  user_id: string | null
}

export interface Entry {
  account: string
  at: string
  channel: string
  channel_account_id: string | null
  dedupe_key: string
  disposition: string
  duplicates: number
  error: string
  filed_as: string | null
  id: string
  message_id: string
  reason: string
  size: number
  state: "filed" | "duplicate" | "set_aside" | "ignored"
  thread: string | null
  ticket: string | null
}

export interface Field {
  default: unknown
  help: string
  kinds: string[]
  label: string
  options: Option[]
  path: string
  required: boolean
  secret: boolean
  step: "account" | "details" | "automation"
  type: "text" | "email" | "password" | "number" | "boolean" | "choice" | "html" | "host" | "list"
}

export interface FieldProblem {
  detail: string
  field: string
}

export interface Forward {
  by: Party
  confidence: "" | "certain" | "likely" | "unresolved"
  date: string | null
  is: boolean
  original: Party
  subject: string
  used: "" | "original" | "forwarder"
}

export interface Forwarding {
  /** Where to forward to; empty when the account is no hosted address. */
  address: string
  /** The provider's last mail that asks to confirm. */
  mail: Verification | null
  /** A forwarded mail came through. */
  verified: boolean
  verified_at: string | null
}

export interface Hit {
  at: string
  contact_id: string | null
  /** HTML-escaped text with the words found in <mark>. */
  excerpt: string
  kind: "ticket" | "message" | "contact"
  message_id: string | null
  /** Of the ticket. */
  number: number
  /** Of a message: its conversation, which stands alone when there is no ticket. */
  thread_id: string | null
  ticket_id: string | null
  title: string
}

export interface Inbox {
  access: Access
  created_at: string
  id: string
  kind: string
  name: string
  slug: string
}

export interface InboxRef {
  id: string
  kind: string
  name: string
}

export interface Invited {
  active: boolean
  available: boolean
  created_at: string
  email: string
  first_name: string
  id: string
  last_assigned_at: string | null
  last_name: string
  last_seen_at: string | null
  /** To give to them; shown once. */
  link: string
  locale: string
  name: string
  role: string
  takes_work: boolean
  teams: string[]
  timezone: string
  updated_at: string
}

export interface JoinInputBody {
  /** Or the message whose link names it. */
  message_id?: string | null
  /** The ticket to join into. */
  other_id?: string | null
}

export interface Kind {
  comes_later: string
  description: string
  label: string
  name: string
  preset: Record<string, unknown>
  use_kind: string
}

export interface Message {
  actor: string
  attachments: Attachment[]
  attempts: Attempt[]
  auth: AuthEvidence | null
  author: Author
  /** Remote images that are fetched only when asked for. */
  blocked_images: number
  channel: string
  channel_account_id: string | null
  client: string
  contact_id: string | null
  created_at: string
  /** One per recipient of an outgoing message, with its state. */
  deliveries: Party[]
  direction: string
  disposition: string
  flags: string[]
  forward: Forward | null
  from: Party
  /** The original can be downloaded. */
  has_source: boolean
  html: string
  html_quoted: string
  id: string
  in_reply_to: string | null
  mentions: string[]
  raw_id: string | null
  recipients: Party[]
  remote_id: string
  sent_at: string | null
  status: string
  status_reason: string
  subject: string
  text: string
  text_quoted: string
  thread_id: string | null
  ticket_id: string | null
  truncation_status: string
  type: string
}

export interface NewToken {
  created_at: string
  expires_at: string | null
  hint: string
  id: string
  last_used_at: string | null
  name: string
  revoked_at: string | null
  scopes: string[]
  /** Shown once and stored nowhere. */
  token: string
  user_id: string | null
}

export interface Now {
  now: string | null
}

export interface OneTimeLink {
  expires_at: string | null
  /** Shown once. */
  link: string
  purpose: "invite" | "reset"
}

export interface Option {
  label: string
  value: string
}

export interface OtherTicket {
  id: string
  number: number
  open: boolean
  subject: string
}

export interface PageAccount {
  items: Account[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageDecision {
  items: Decision[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageDraft {
  items: Draft[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageEntry {
  items: Entry[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageInbox {
  items: Inbox[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PagePipeline {
  items: Pipeline[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageProperty {
  items: Property[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageSessionRow {
  items: SessionRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageSpec {
  items: Spec[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageStep {
  items: Step[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageTeam {
  items: Team[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageToken {
  items: Token[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageUser {
  items: User[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface Party {
  address: string
  contact_id?: string | null
  detail?: string
  field?: string
  kind?: string
  name?: string
  status?: string
}

export interface PartyInput {
  address: string
  contact_id?: string
  detail?: string
  field?: string
  kind?: string
  name?: string
  status?: string
}

export interface PatchAccountInputBody {
  accepted_terms?: string
  /** The administrator's switch, apart from whether the credentials work. */
  active?: boolean
  assign?: AssignPolicyInput
  inbox_id?: string
  name?: string
  /** Written, never read. */
  secrets?: unknown
  settings?: unknown
  ticket?: TicketPolicyInput
  version?: number
}

export interface PatchCompanyInputBody {
  locale?: string
  name?: string
  timezone?: string
}

export interface PatchContactInputBody {
  email?: string
  first_name?: string
  language?: string
  last_name?: string
  name?: string
  owner_id?: string
  phone?: string
  /** Merged by name; null removes one. */
  properties?: Record<string, unknown>
}

export interface PatchInboxInputBody {
  access?: AccessInput
  name?: string
}

export interface PatchMeInputBody {
  /** Whether new work may be given to one. */
  available?: boolean
  first_name?: string
  last_name?: string
  locale?: string
  name?: string
  /** Merged by key; null removes one. */
  preferences?: Record<string, unknown>
  timezone?: string
}

export interface PatchPipelineInputBody {
  name?: string
  position?: number
  statuses?: StatusInput[]
}

export interface PatchPropertyInputBody {
  /** true takes it out of use; the values stay. */
  archived?: boolean
  label?: string
  options?: string[]
  position?: number
}

export interface PatchTeamInputBody {
  extra_members?: string[]
  members?: string[]
  name?: string
}

export interface PatchTicketInputBody {
  category?: string
  contact_id?: string
  description?: string
  /** Moves it to spam or trash, or back with an empty value. */
  hidden?: "" | "spam" | "trash"
  owner_id?: string | null
  pipeline_id?: string
  priority?: "" | "low" | "medium" | "high" | "urgent"
  /** Merged by name; null removes one. */
  properties?: Record<string, unknown>
  /** A slug in the ticket's pipeline, instead of status_id. */
  status?: string
  status_id?: string
  subject?: string
  team_id?: string | null
  /** The version the change is based on. */
  version?: number
}

export interface PatchUserInputBody {
  /** false ends their sessions at once. */
  active?: boolean
  available?: boolean
  email?: string
  first_name?: string
  last_name?: string
  locale?: string
  name?: string
  role?: "owner" | "admin" | "supervisor" | "agent" | "light" | "viewer"
  takes_work?: boolean
  teams?: string[]
  timezone?: string
}

export interface Pipeline {
  id: string
  name: string
  position: number
  slug: string
  statuses: Status[]
}

export interface PostMessageInputBody {
  /** Uploaded before. */
  attachments?: string[]
  bcc?: PartyInput[]
  cc?: PartyInput[]
  /** Left out: the account that the conversation is on. */
  channel_account_id?: string | null
  /** Deleted with the send. */
  draft_id?: string | null
  html?: string
  if_unchanged?: boolean
  in_reply_to?: string | null
  mentions?: string[]
  /** The last event that the writer had seen. */
  seen_seq?: number
  /** A status slug of the ticket's pipeline, set with the send. */
  set_status?: string
  subject?: string
  text?: string
  /** Left out with cc and bcc: whom the last message asks to answer. */
  to?: PartyInput[]
  type: "reply" | "comment"
}

export interface PresenceInputBody {
  state: "viewing" | "typing" | "left"
  ticket_id: string | null
}

export interface Preview {
  from_name: string
  /** Cleaned. */
  signature_html: string
  signature_text: string
}

export interface PreviewBody {
  settings?: unknown
  /** Whose names to fill in; left out: one's own. */
  user_id?: string | null
}

export interface Probe {
  detail: string
  fix: string
  name: string
  ok: boolean
}

export interface Problem {
  code: "invalid" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "too_large" | "rate_limited" | "unavailable" | "internal"
  /** A sentence a person may read. */
  detail: string
  /** Every field at fault, when there are several. */
  errors?: FieldProblem[]
  /** The input field at fault, if one is. */
  field: string
  /** A stable slug that the manual explains. */
  reason: string
  /** Quote it when you report the problem: the log has the cause under it. */
  request_id: string
  status: number
  title: string
  /** Always about:blank; reason tells problems apart. */
  type: string
}

export interface Property {
  id: string
  label: string
  name: string
  object: "" | "ticket" | "contact"
  options: string[]
  position: number
  type: "" | "text" | "long_text" | "number" | "boolean" | "date" | "choice" | "multi_choice"
}

export interface PutDraftInputBody {
  attachments?: string[]
  bcc?: PartyInput[]
  cc?: PartyInput[]
  html?: string
  id?: string | null
  in_reply_to?: string | null
  seen_seq?: number
  subject?: string
  text?: string
  thread_id?: string | null
  ticket_id?: string | null
  to?: PartyInput[]
  type?: "reply" | "comment" | "new"
  updated_at?: string | null
  user_id?: string | null
}

export interface ReplyDefaults {
  cc: Party[]
  in_reply_to: string | null
  subject: string
  to: Party[]
}

export interface ResendInputBody {
  recipients?: string[]
}

export interface SearchResult {
  /** How many events the index has still to read: what happened in them is not found yet. */
  behind_seq: number
  items: Hit[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface SenderInputBody {
  use: "original" | "forwarder"
}

export interface Session {
  company: Company
  /** Those the user sees. */
  inboxes: SessionInbox[]
  permissions: string[]
  /** The number of the last event: follow the stream after it. */
  seq: number
  user: User
  version: string
}

export interface SessionInbox {
  id: string
  kind: string
  member: boolean
  name: string
  slug: string
}

export interface SessionRow {
  created_at: string
  /** This request's own. */
  current: boolean
  expires_at: string | null
  id: string
  ip: string
  last_seen_at: string | null
  user_agent: string
  user_id: string | null
}

export interface SetupLink {
  email: string
  purpose: "setup" | "invite" | "reset"
  valid: boolean
}

export interface SignInInputBody {
  email: string
  password: string
}

export interface Spec {
  address_kind: string
  can: Abilities
  channel: string
  fields: Field[]
  generic_id: number
  icon: string
  kinds: Kind[]
  name: string
  needs_public_url: boolean
  terms: Terms | null
  threading: string
  window: Window | null
}

export interface Status {
  id: string
  name: string
  pipeline_id: string | null
  position: number
  slug: string
  state: "" | "open" | "closed"
}

export interface StatusInput {
  id?: string
  name: string
  pipeline_id?: string | null
  position?: number
  slug?: string
  state: "open" | "closed"
}

export interface StatusRef {
  id: string
  name: string
  slug: string
  state: string
}

export interface Step {
  at: string
  detail: Record<string, unknown>
  step: "received" | "parsed" | "threaded" | "contact" | "ticket" | "assigned" | "queued" | "attempt" | "sent" | "delivered" | "read" | "failed" | "uncertain" | "set_aside"
}

export interface Team {
  extra_members: string[]
  id: string
  members: string[]
  name: string
  slug: string
}

export interface TeamRef {
  id: string
  name: string
}

export interface Terms {
  points: string[]
  version: string
}

export interface Thread {
  account: ThreadAccount
  can: Abilities
  channel: string
  channel_account_id: string | null
  contact: Contact | null
  contact_id: string | null
  created_at: string
  draft: Draft | null
  id: string
  inbox_id: string | null
  last_inbound_at: string | null
  last_message_at: string | null
  message_count: number
  open: boolean
  owner_id: string | null
  /** Filled in by the API: whom a plain answer goes to. */
  reply_defaults: ReplyDefaults
  seq: number
  subject: string
  team_id: string | null
  ticket_id: string | null
}

export interface ThreadAccount {
  active: boolean
  address: string
  id: string
  name: string
  state: string
}

export interface ThreadPage {
  items: ThreadRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface ThreadRow {
  channel: string
  channel_account_id: string | null
  contact: ContactRef | null
  contact_id: string | null
  created_at: string
  id: string
  inbox: InboxRef
  inbox_id: string | null
  last_direction: "" | "incoming" | "outgoing"
  last_inbound_at: string | null
  last_message_at: string | null
  message_count: number
  open: boolean
  owner: UserRef | null
  owner_id: string | null
  snippet: string
  subject: string
  team: TeamRef | null
  team_id: string | null
  ticket_id: string | null
  /** 0: it has no ticket. */
  ticket_number: number
}

export interface Ticket {
  /** The last decision, with its reasons. */
  assignment: Assignment | null
  category: string
  channel: string
  channel_account_id: string | null
  closed_at: string | null
  contact: Contact | null
  contact_id: string | null
  created_at: string
  description: string
  /** One's own newest draft on it. */
  draft: Draft | null
  first_reply_at: string | null
  /** Why the ticket is out of the ordinary views; empty: it is not. */
  hidden: "" | "spam" | "trash" | "merged"
  id: string
  inbox: InboxRef
  inbox_id: string | null
  last_activity_at: string | null
  /** incoming: the customer waits. */
  last_direction: "" | "incoming" | "outgoing"
  last_inbound_at: string | null
  links: TicketLink[]
  merged_into: string | null
  message_count: number
  /** Short, human, never reused. */
  number: number
  open: boolean
  owner: UserRef | null
  owner_id: string | null
  pipeline_id: string | null
  priority: "" | "low" | "medium" | "high" | "urgent"
  properties: Record<string, unknown>
  /** The number of the last event that this answer covers. */
  seq: number
  snippet: string
  status: StatusRef
  status_id: string | null
  subject: string
  team: TeamRef | null
  team_id: string | null
  threads: TicketThread[]
  updated_at: string
  /** Grows with every change; send it with PATCH to refuse a stale edit. */
  version: number
  /** Who else has it open. */
  viewers: Watcher[]
}

export interface TicketLink {
  created_at: string
  /** from: the other ticket points at this one. */
  direction: "to" | "from"
  kind: "claims" | "related" | "same_mail"
  message_id: string | null
  other: OtherTicket
  reason: string
}

export interface TicketPage {
  items: TicketRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface TicketPolicy {
  category: string
  /** always is the help desk's default */
  create: "" | "always" | "never"
  /** slug */
  pipeline: string
  priority: string
  properties: Record<string, unknown>
  /** slug */
  status: string
}

export interface TicketPolicyInput {
  category?: string
  create?: "" | "always" | "never"
  /** A slug. */
  pipeline?: string
  priority?: "" | "low" | "medium" | "high" | "urgent"
  properties?: Record<string, unknown>
  /** A slug. */
  status?: string
}

export interface TicketRow {
  category: string
  channel: string
  channel_account_id: string | null
  closed_at: string | null
  contact: ContactRef | null
  contact_id: string | null
  created_at: string
  first_reply_at: string | null
  /** Why the ticket is out of the ordinary views; empty: it is not. */
  hidden: "" | "spam" | "trash" | "merged"
  id: string
  inbox: InboxRef
  inbox_id: string | null
  last_activity_at: string | null
  /** incoming: the customer waits. */
  last_direction: "" | "incoming" | "outgoing"
  last_inbound_at: string | null
  merged_into: string | null
  message_count: number
  /** Short, human, never reused. */
  number: number
  open: boolean
  owner: UserRef | null
  owner_id: string | null
  pipeline_id: string | null
  priority: "" | "low" | "medium" | "high" | "urgent"
  properties: Record<string, unknown>
  snippet: string
  status: StatusRef
  status_id: string | null
  subject: string
  team: TeamRef | null
  team_id: string | null
  updated_at: string
  /** Grows with every change; send it with PATCH to refuse a stale edit. */
  version: number
}

export interface TicketThread {
  account: ThreadAccount
  can: Abilities
  channel: string
  channel_account_id: string | null
  contact_id: string | null
  created_at: string
  id: string
  inbox_id: string | null
  last_inbound_at: string | null
  last_message_at: string | null
  message_count: number
  open: boolean
  owner_id: string | null
  /** Filled in by the API: whom a plain answer goes to. */
  reply_defaults: ReplyDefaults
  subject: string
  team_id: string | null
  ticket_id: string | null
}

export interface Timeline {
  items: TimelineItem[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface TimelineEvent {
  actor: string
  /** The name of who did it; empty for the installation itself. */
  actor_name: string
  at: string
  contact_id: string | null
  data: unknown
  id: string
  inbox_id: string | null
  message_id: string | null
  seq: number
  thread_id: string | null
  ticket_id: string | null
  type: string
  user_id: string | null
  /** The name of the user it concerns, if one. */
  user_name: string
}

export interface TimelineItem {
  event?: TimelineEvent
  kind: "message" | "event"
  message?: Message
}

export interface Token {
  created_at: string
  expires_at: string | null
  hint: string
  id: string
  last_used_at: string | null
  name: string
  revoked_at: string | null
  scopes: string[]
  user_id: string | null
}

export interface UseLinkInputBody {
  /** For the first owner. */
  email?: string
  /** For the first owner. */
  name?: string
  password: string
  token: string
}

export interface User {
  active: boolean
  available: boolean
  created_at: string
  email: string
  first_name: string
  id: string
  last_assigned_at: string | null
  last_name: string
  last_seen_at: string | null
  locale: string
  name: string
  role: string
  takes_work: boolean
  teams: string[]
  timezone: string
  updated_at: string
}

export interface UserRef {
  id: string
  name: string
}

export interface Verification {
  address: string
  at: string
  code: string
  link: string
  message_id: string | null
  provider: string
  raw_id: string | null
  subject: string
}

export interface Views {
  views: Count[]
}

export interface Watcher {
  id: string
  name: string
  state: "viewing" | "typing"
}

export interface Window {
  human: number
  standard: number
  template: boolean
}

export const operations = {
  assignTicket: ["POST", "/api/tickets/{id}/assign"],
  cancelMessage: ["POST", "/api/messages/{id}/cancel"],
  checkChannelAccount: ["POST", "/api/channel-accounts/check"],
  correctSender: ["POST", "/api/messages/{id}/sender"],
  createChannelAccount: ["POST", "/api/channel-accounts"],
  createInbox: ["POST", "/api/inboxes"],
  createPipeline: ["POST", "/api/pipelines"],
  createProperty: ["POST", "/api/properties"],
  createTeam: ["POST", "/api/teams"],
  createThreadTicket: ["POST", "/api/threads/{id}/ticket"],
  createTicket: ["POST", "/api/tickets"],
  createToken: ["POST", "/api/tokens"],
  createUser: ["POST", "/api/users"],
  createUserLink: ["POST", "/api/users/{id}/link"],
  deleteChannelAccount: ["DELETE", "/api/channel-accounts/{id}"],
  deleteDraft: ["DELETE", "/api/drafts"],
  endSession: ["DELETE", "/api/sessions/{id}"],
  events: ["GET", "/api/events"],
  getAttachment: ["GET", "/api/attachments/{id}"],
  getChannelAccount: ["GET", "/api/channel-accounts/{id}"],
  getCompany: ["GET", "/api/settings/company"],
  getContact: ["GET", "/api/contacts/{id}"],
  getForwarding: ["GET", "/api/channel-accounts/{id}/verification"],
  getFrame: ["GET", "/api/messages/{id}/html"],
  getLedger: ["GET", "/api/tickets/{id}/ledger"],
  getMe: ["GET", "/api/me"],
  getMessage: ["GET", "/api/messages/{id}"],
  getPreferences: ["GET", "/api/me/preferences"],
  getSession: ["GET", "/api/session"],
  getSource: ["GET", "/api/messages/{id}/source"],
  getThread: ["GET", "/api/threads/{id}"],
  getThreadTimeline: ["GET", "/api/threads/{id}/timeline"],
  getTicket: ["GET", "/api/tickets/{id}"],
  getTimeline: ["GET", "/api/tickets/{id}/timeline"],
  joinTicket: ["POST", "/api/tickets/{id}/join"],
  listAudit: ["GET", "/api/audit"],
  listChannelAccounts: ["GET", "/api/channel-accounts"],
  listChannels: ["GET", "/api/channels"],
  listContactTickets: ["GET", "/api/contacts/{id}/tickets"],
  listContacts: ["GET", "/api/contacts"],
  listDrafts: ["GET", "/api/drafts"],
  listInbound: ["GET", "/api/inbound"],
  listInboxes: ["GET", "/api/inboxes"],
  listPipelines: ["GET", "/api/pipelines"],
  listProperties: ["GET", "/api/properties"],
  listSessions: ["GET", "/api/sessions"],
  listTeams: ["GET", "/api/teams"],
  listThreads: ["GET", "/api/threads"],
  listTickets: ["GET", "/api/tickets"],
  listTokens: ["GET", "/api/tokens"],
  listUsers: ["GET", "/api/users"],
  listViews: ["GET", "/api/views"],
  patchChannelAccount: ["PATCH", "/api/channel-accounts/{id}"],
  patchCompany: ["PATCH", "/api/settings/company"],
  patchContact: ["PATCH", "/api/contacts/{id}"],
  patchInbox: ["PATCH", "/api/inboxes/{id}"],
  patchMe: ["PATCH", "/api/me"],
  patchPipeline: ["PATCH", "/api/pipelines/{id}"],
  patchProperty: ["PATCH", "/api/properties/{id}"],
  patchTeam: ["PATCH", "/api/teams/{id}"],
  patchTicket: ["PATCH", "/api/tickets/{id}"],
  patchUser: ["PATCH", "/api/users/{id}"],
  peekLink: ["GET", "/api/setup"],
  postMessage: ["POST", "/api/threads/{id}/messages"],
  presence: ["POST", "/api/presence"],
  previewChannel: ["POST", "/api/channels/{channel}/preview"],
  previewChannelAccount: ["POST", "/api/channel-accounts/{id}/preview"],
  proxyImage: ["GET", "/api/proxy/image"],
  putDraft: ["PUT", "/api/drafts"],
  replayInbound: ["POST", "/api/inbound/{id}/replay"],
  resendMessage: ["POST", "/api/messages/{id}/resend"],
  revokeToken: ["DELETE", "/api/tokens/{id}"],
  search: ["GET", "/api/search"],
  setClock: ["POST", "/api/test/clock"],
  signIn: ["POST", "/api/session"],
  signOut: ["DELETE", "/api/session"],
  trace: ["GET", "/api/trace/{id}"],
  uploadAttachment: ["POST", "/api/attachments"],
  useLink: ["POST", "/api/setup"],
  whyTicket: ["GET", "/api/tickets/{id}/why"],
} as const
