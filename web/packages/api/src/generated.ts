// Generated from /api/openapi.json by packages/api/scripts/generate.mjs. Do not edit.
/* eslint-disable */

export interface Abilities {
  attachment_types: string[]
  attachments: boolean
  cc: boolean
  form: boolean
  html: boolean
  idempotent: boolean
  inline_images: boolean
  large_files: "" | "link" | "refuse"
  link_above_bytes: number
  link_days: number
  live: boolean
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

export interface Absence {
  created_at: string
  created_by: string | null
  ends_at: string | null
  id: string
  note: string
  starts_at: string | null
  user_id: string | null
}

export interface AbsenceBody {
  ends_at: string | null
  note?: string
  starts_at: string | null
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

export interface AccessRole {
  built_in: boolean
  contacts: Reach
  description: string
  /** Empty for those that are built in: a screen has their names. */
  name: string
  permissions: string[]
  /** Its short name; what users.role holds. */
  role: string
  tickets: Reach
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

export interface Action {
  /** not_spam: let the senders through from now on. */
  allow?: boolean
  /** spam: whom to deny from now on. */
  block?: "" | "none" | "sender" | "domain"
  /** rotate: how it is chosen among those named. */
  by?: "" | "least_open" | "random"
  category?: string
  /** move: where to. */
  inbox_id?: string | null
  /** merge: the ticket that stays. */
  into?: string | null
  /** assign: takes the owner away. */
  no_owner?: boolean
  /** assign: takes the team away. */
  no_team?: boolean
  /** assign: left out, the owner stays. */
  owner_id?: string | null
  priority?: "" | "low" | "medium" | "high" | "urgent"
  /** update: merged by name; null removes one. */
  properties?: Record<string, unknown>
  /** update: a status; a ticket of another pipeline moves to it. */
  status_id?: string | null
  /** assign: left out, the team stays. */
  team_id?: string | null
  /** rotate: among the members of these, by slug. */
  teams?: string[]
  type: "assign" | "rotate" | "update" | "close" | "reopen" | "snooze" | "wake" | "follow" | "unfollow" | "move" | "merge" | "spam" | "not_spam" | "trash" | "restore" | "purge"
  /** snooze: null waits for the customer alone. */
  until?: string | null
  /** follow and unfollow: somebody else than oneself. */
  user_id?: string | null
  /** rotate: among these, by address; without any the channel's rule decides. */
  users?: string[]
}

export interface Actions {
  category?: string
  /** me, none, or an email address of a user. */
  owner?: string
  priority?: "" | "none" | "low" | "medium" | "high" | "urgent"
  properties?: Record<string, unknown>
  snooze?: "" | "reply" | "1h" | "4h" | "tomorrow" | "next_week"
  /** A status slug. */
  status?: string
  /** none, or the slug of a team. */
  team?: string
}

export interface ActionsPlace {
  id: string
  inbox_id: string | null
}

export interface AddAddressInputBody {
  /** Other kinds come with their channels. */
  kind: "email" | "phone"
  value: string
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
  verified_at: string | null
  verified_by: string
}

export interface AdminChecked {
  probes: Probe[]
}

export interface Affects {
  effects: Effect[]
}

export interface Agreed {
  at: string
  field?: boolean
  given: boolean
  slug: string
  text: string
}

export interface Answer {
  answered_at: string | null
  asked_at: string | null
  comment: string
  contact: string
  contact_id: string | null
  number: number
  owner_id: string | null
  /** 1 dissatisfied, 2 neutral, 3 satisfied; 0: not answered yet. */
  score: number
  subject: string
  ticket_id: string | null
}

export interface ApiPageField {
  items: AssignmentField[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface ApiPageView {
  items: ListsView[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface ApplyInputBody {
  ticket_id: string | null
}

export interface Ask {
  answer: string
  choices: Button[]
  required: boolean
  step: string
}

export interface AssignInputBody {
  owner_id?: string | null
  team_id?: string | null
}

export interface AssignPolicy {
  available_only: boolean
  by: "" | "least_open" | "random"
  /** extra members of the teams count too (RT-13) */
  extra_members?: boolean
  /** tried in their order where the contact has no owner, or the owner cannot have it (RT-05, RT-17) */
  fallback?: AssignStep[]
  /** how long work waits for an owner who is away before the fallback is tried; 0: not at all */
  hold_seconds?: number
  /** slug of business hours: outside them nobody gets anything (AV-07); empty: any time */
  hours?: string
  /** an owner who is away gets the submission by mail and may answer from there (RT-05, RT-22) */
  mail_owner?: boolean
  /** what nobody could have stays unassigned until a person acts, as HubSpot does (RT-07) */
  no_queue?: boolean
  /** a contact without an owner becomes that of whom the rule chose (CR-02) */
  own_contact?: boolean
  /** a ticket that the customer opens again stays with its owner while available (the default), always, or is assigned anew (RT-18) */
  reopened?: "" | "keep_available" | "keep" | "again"
  /** looked at first, in their order; the first whose conditions hold decides (SK-08) */
  rules?: SkillRule[]
  /** slugs */
  teams: string[]
  to: "" | "no_one" | "users" | "teams" | "users_and_teams" | "contact_owner"
  /** contact owner only for contacts who were tracked by a cookie, as HubSpot does (RT-04) */
  tracked_only?: boolean
  /** email addresses */
  users: string[]
}

export interface AssignPolicyInput {
  /** Only users who are available. Left out: yes. */
  available_only?: boolean
  by?: "" | "least_open" | "random"
  /** Extra members of the teams count too. */
  extra_members?: boolean
  /** Of contact_owner, tried in their order. */
  fallback?: AssignStep[]
  /** How long work waits for an owner who is away before the fallback is tried. */
  hold_seconds?: number
  /** Slug of business hours: outside them nobody gets anything. */
  hours?: string
  /** An owner who is away gets the submission by mail and may answer from there. */
  mail_owner?: boolean
  /** What nobody could have stays unassigned until a person acts. */
  no_queue?: boolean
  /** A contact without an owner becomes that of whom the rule chose. */
  own_contact?: boolean
  /** Whose a ticket is that the customer opens again. */
  reopened?: "" | "keep_available" | "keep" | "again"
  /** Looked at first, in their order (SK-08). */
  rules?: SkillRule[]
  /** Slugs. */
  teams?: string[]
  to?: "" | "no_one" | "users" | "teams" | "users_and_teams" | "contact_owner"
  /** Contact owner only for contacts who were tracked by a cookie. */
  tracked_only?: boolean
  /** Email addresses. */
  users?: string[]
}

export interface AssignStep {
  teams?: string[]
  to: "" | "owner_team" | "users" | "teams" | "users_and_teams" | "no_one"
  users?: string[]
}

export interface Assignment {
  at: string
  by: string
  candidates: Candidate[]
  cause?: string
  hold_for?: string | null
  mail_to?: string | null
  next_at?: string | null
  owner_id: string | null
  policy?: AssignPolicy
  queued?: boolean
  reason: string
  rule: string
  rule_name?: string
  steps?: AssignmentStep[]
  team_id: string | null
}

export interface AssignmentField {
  field: string
  group: "message" | "ticket" | "contact" | "company" | "form" | "page"
  /** In English; of a property as it was given. */
  label: string
  options: FieldOption[]
  type: "text" | "number" | "boolean" | "choice" | "date"
}

export interface AssignmentStep {
  name?: string
  reason: string
  skills?: string[]
  step: string
  user_id?: string | null
}

export interface Associations {
  /** How many tickets one contact may have; 0: as many as come. One that comes beyond is made all the same: the contact takes part in it. */
  contact_tickets: number
}

export interface AssociationsInputBody {
  contact_tickets?: number
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

export interface AttemptInputBody {
  attempt: string
  code?: string
}

export interface Audience {
  /** ISO 3166 codes of two letters. */
  countries: string[]
  /** desktop, mobile; none is both. */
  devices: string[]
  known: "any" | "known" | "unknown"
  languages: string[]
  returning: "any" | "first" | "returning"
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

export interface AvailabilityOut {
  facts: Facts
  shown: State
}

export interface AvailabilityPerson {
  chats: number
  name: string
  reason: string
  user_id: string | null
}

export interface BanInputBody {
  /** For the team; the visitor is not told why. */
  reason: string
}

export interface Barred {
  ban_reason: string
  banned_at: string | null
  banned_by_user: UserRef | null
  claimed_email: string
  claimed_name: string
  claimed_phone: string
  contact: Contact | null
  contact_id: string | null
  country: string
  ended_at: string | null
  expires_at: string | null
  external_id: string
  first_seen_at: string | null
  first_url: string
  id: string
  ip: string
  language: string
  last_seen_at: string | null
  page_at: string | null
  page_title: string
  page_url: string
  proven: boolean
  referrer: string
  session_only: boolean
  /** Their latest conversation in sight. */
  thread_id: string | null
  ticket_id: string | null
  /** 0: it has no ticket. */
  ticket_number: number
  timezone: string
  tracked: boolean
  user_agent: string
  utk: string
  views: number
  visits: number
}

export interface Block {
  /** email */
  address?: string
  /** question */
  answer?: "" | "text" | "email" | "phone" | "number" | "date" | "url" | "choice" | "yes_no" | "file"
  /** webhook: what is sent; without one, the answers as JSON. email: the text by language. */
  body?: string | Record<string, string>
  /** message */
  bubbles?: Bubble[]
  /** branch */
  cases?: Case[]
  /** question */
  choices?: Choice[]
  /** end: closes the conversation */
  close?: boolean
  /** ticket; tokens allowed */
  description?: string
  /** webhook */
  headers?: Record<string, string>
  id: string
  /** handover, end */
  message?: Record<string, string>
  /** webhook */
  method?: "" | "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** The step after it; none ends the dialogue. */
  next?: string
  /** handover: what is said when nobody is there */
  nobody?: Record<string, string>
  /** set */
  object?: "" | "contact" | "ticket" | "visitor" | "answer"
  /** question, webhook: the step after the last try; none hands over to people. */
  on_fail?: string
  /** ticket: a slug */
  pipeline?: string
  /** ticket */
  priority?: "" | "low" | "medium" | "high" | "urgent"
  /** ticket; texts may hold tokens */
  properties?: Record<string, unknown>
  /** set */
  property?: string
  /** message: buttons. With one that leads on, it waits for the visitor. */
  quick?: Quick[]
  /** question */
  required?: boolean
  /** question: how often it is asked again. */
  retries?: number
  /** question: what is said when the answer does not fit. */
  retry?: Record<string, string>
  /** question: {object: contact|ticket|visitor|answer, property}. webhook: {name: path in the answer}. */
  save?: Record<string, string>
  /** wait */
  seconds?: number
  /** ticket: a slug */
  status?: string
  /** ticket: one text, tokens allowed. email: by language. */
  subject?: string | Record<string, string>
  /** question */
  text?: Record<string, string>
  title: string
  /** assign: account, or a policy. email: visitor, or address. */
  to?: string | AssignPolicy
  type: "message" | "question" | "branch" | "set" | "ticket" | "assign" | "handover" | "email" | "webhook" | "wait" | "jump" | "end"
  /** webhook */
  url?: string
  /** set; tokens allowed */
  value?: string
  x: number
  y: number
}

export interface Bubble {
  image?: string
  link?: Link
  text?: Record<string, string>
}

export interface BulkFailure {
  /** 0 when the ticket is gone or out of sight. */
  number: number
  position: number
  /** A slug for programs. */
  reason: string
  /** For people. */
  sentence: string
  subject: string
  ticket_id: string | null
}

export interface Button {
  label: string
  step: string
  url: string
  value: string
}

export interface Calendar {
  /** ISO 3166-1, like DK; empty none */
  country: string
  created_at: string
  days: Holiday[]
  name: string
  slug: string
  updated_at: string
}

export interface Candidate {
  by?: string
  chosen: boolean
  last_assigned_at: string | null
  limit?: number
  limit_kind?: string
  load?: number
  missing?: string[]
  name: string
  open: number
  reason: string
  user_id: string | null
}

export interface Capacity {
  /** Whoever is on the phone gets nothing else. */
  call_blocks: boolean
  /** The limits of everybody who has none of their own. */
  default: DeskCapacity
  exclude: Exclusions
  /** How much one piece of work counts, 1 to 10, by kind (calls, messages, email) or priority (urgent, high, medium, low); the two are multiplied. Left out: 1. */
  weights: Record<string, number>
}

export interface CapacityList {
  items: PersonCapacity[]
  settings: Capacity
}

export interface Capture {
  email: "never" | "immediately" | "after_first" | "away"
  name: boolean
  required: boolean
}

export interface Case {
  next?: string
  when: ChatflowCondition[]
}

export interface Category {
  built_in: boolean
  /** Empty for the built-in category of languages, unless it was renamed. */
  name: string
  skills: Skill[]
  slug: string
}

export interface CategoryInputBody {
  name: string
}

export interface Caution {
  address: string
  /** look_alike and mistyped_domain: the address or domain that was probably meant. */
  detail: string
  kind: "new_outsider" | "look_alike" | "mistyped_domain" | "attachment_to_cc" | "colleague" | "own_address"
}

export interface Ceremony {
  attempt: string
  /** For navigator.credentials; binary fields are base64url. */
  options: unknown
}

export interface Change {
  at: string
  available: boolean
  by: string
  note: string
}

export interface ChangePasswordInputBody {
  new: string
  old: string
}

export interface Channel {
  active: boolean
  id: string
  inbox_id: string | null
  name: string
}

export interface ChatPlace {
  bot: boolean
  open: boolean
  thread_id: string | null
  /** Null: it has none. */
  ticket_id: string | null
}

export interface ChatPreview {
  expires_at: string | null
  token: string
  url: string
}

export interface Chatflow {
  account_id: string | null
  active: boolean
  archived_at: string | null
  /** The draft differs from what visitors get. */
  changed: boolean
  created_at: string
  draft: Definition
  id: string
  kind: "live_chat" | "bot"
  name: string
  /** Of those that fit a page the one with the lowest shows. */
  position: number
  /** The number of the live version; 0: never published. */
  published: number
  published_at: string | null
  slug: string
  updated_at: string
  /** Send it when saving: who saves later than somebody else is told. */
  version: number
}

export interface ChatflowAnswer {
  text?: string
  value: string
}

export interface ChatflowCondition {
  /** Of the answer or the property; of a page url, path, host or a query parameter as query.NAME. */
  name?: string
  on: "answer" | "contact" | "ticket" | "availability" | "page" | "language" | "known"
  op: "is" | "is_not" | "contains" | "not_contains" | "begins" | "ends" | "greater" | "less" | "exists" | "not_exists"
  value?: string
}

export interface ChatflowEffect {
  /** email: empty is the visitor's own. */
  address?: string
  body?: string
  close?: boolean
  description?: string
  headers?: Record<string, string>
  image?: string
  input?: Ask
  link?: Link
  method?: string
  /** delay: for how long the bot seems to type. */
  millis?: number
  /** handover: nobody was there, so it lands unassigned when it is outside business hours. */
  nobody?: boolean
  object?: string
  pipeline?: string
  /** assign, handover: none is the channel's own. */
  policy?: AssignPolicy
  priority?: string
  properties?: Record<string, unknown>
  property?: string
  quick?: Button[]
  /** handover, end: why, when no step says so. */
  reason?: string
  /** wait */
  seconds?: number
  status?: string
  step?: string
  subject?: string
  /** say, ask; email: the body. */
  text?: string
  type: "say" | "ask" | "delay" | "set" | "ticket" | "assign" | "handover" | "email" | "webhook" | "wait" | "end"
  url?: string
  value?: string
}

export interface ChatflowFound {
  have: string
  holds: boolean
  /** Of the answer or the property; of a page url, path, host or a query parameter as query.NAME. */
  name?: string
  on: "answer" | "contact" | "ticket" | "availability" | "page" | "language" | "known"
  op: "is" | "is_not" | "contains" | "not_contains" | "begins" | "ends" | "greater" | "less" | "exists" | "not_exists"
  value?: string
}

export interface ChatflowProblem {
  code: string
  field: string
  message: string
  /** With an error it is not published. */
  severity: "error" | "warning"
  /** The id of the step; empty: not of a step. */
  step: string
}

export interface ChatflowSession {
  delay_ms: number
  /** What a visitor writes after the end begins it anew; otherwise people get it. */
  restart: boolean
  /** 0: it waits for ever. */
  timeout_minutes: number
}

export interface ChatflowState {
  answers?: Record<string, ChatflowAnswer>
  at?: string
  begun?: boolean
  known?: Record<string, string>
  over?: string
  ticket?: boolean
  tries?: number
  wait?: string
}

export interface ChatflowVisitor {
  country?: string
  device?: "" | "desktop" | "mobile"
  known?: boolean
  language?: string
  returning?: boolean
}

export interface CheckInputBody {
  /** Files go with it. */
  attachments?: boolean
  bcc?: CheckedParty[]
  cc?: CheckedParty[]
  forward?: boolean
  /** Left out: a new message. */
  thread_id?: string | null
  to?: CheckedParty[]
}

export interface CheckInputBody1 {
  /** Whose stored secrets fill in those left out. */
  account_id?: string | null
  channel: string
  secrets?: unknown
  settings?: unknown
}

export interface CheckInputBody2 {
  url: string
}

export interface Checked {
  warnings: Caution[]
}

export interface CheckedParty {
  address: string
  name?: string
}

export interface Choice {
  label: Record<string, string>
  next?: string
  value?: string
}

export interface ChooseInputBody {
  email?: MailPlan
  kinds?: Record<string, Record<string, boolean>>
  quiet?: Quiet
  sound?: boolean
}

export interface Choosing {
  available: boolean
  /** Why. */
  note?: string
  /** For so long alone. */
  until?: string | null
}

export interface ClockInputBody {
  /** Or how far to move it on, as a Go duration. */
  advance?: string
  /** The time to set, RFC 3339. */
  set?: string
}

export interface CodeInputBody {
  code: string
}

export interface Codes {
  /** Where JSON is posted to. */
  api: string
  /** To be changed at will: names are what counts. */
  html: string
  iframe: string
  /** The same, in the page's own style. */
  inline: string
  /** Shows the form in the page; falls back to the frame. */
  script: string
  /** The form's own page. */
  url: string
}

export interface Column {
  hidden: boolean
  label: string
  name: string
  type: string
}

export interface Company {
  /** Of the brand, like #1f6feb: what visitors see has it where nothing else is chosen (CH-11). */
  color: string
  /** Data privacy: new channels with visitors ask for consent (CO-01). */
  data_privacy: boolean
  locale: string
  name: string
  timezone: string
}

export interface Completion {
  contact_id: string | null
  detail: string
  kind: "operator" | "value" | "contact" | "ticket"
  label: string
  number: number
  /** The whole search, should it be taken; empty for what is opened instead. */
  query: string
  ticket_id: string | null
}

export interface Completions {
  items: Completion[]
}

export interface Condition {
  field: string
  op: "" | "is" | "is_not" | "contains" | "not_contains" | "begins" | "ends" | "in" | "not_in" | "greater" | "less" | "exists" | "not_exists"
  /** one of them must fit; for a negation none may */
  values?: string[]
}

export interface ConditionFound {
  field: string
  have: string[]
  holds: boolean
  op: "is" | "is_not" | "contains" | "not_contains" | "begins" | "ends" | "in" | "not_in" | "greater" | "less" | "exists" | "not_exists"
  /** one of them must fit; for a negation none may */
  values?: string[]
}

export interface Conditions {
  /** all is the default */
  match?: "" | "all" | "any"
  when: Condition[]
}

export interface ConsentEntry {
  action: "shown" | "given" | "declined" | "withdrawn"
  at: string
  channel: string
  channel_account_id: string | null
  contact_id: string | null
  id: string
  ip: string
  kind: "explicit" | "implicit"
  locale: string
  /** process, track, write:what or agree:what */
  purpose: string
  thread_id: string | null
  user_agent: string
  version: string
  visitor_id: string | null
  wording: string
}

export interface Contact {
  addresses: Address[]
  company_id: string | null
  created_at: string
  deleted_at: string | null
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

export interface Context {
  consents: Agreed[]
  cookie?: string
  country: string
  ip?: string
  language: string
  page_title: string
  page_url: string
  referrer: string
  suspicions?: string[]
  user_agent?: string
}

export interface CopyInputBody {
  name?: string
}

export interface Count {
  /** When a count that is dear to find was taken; null: just now. */
  as_of: string | null
  /** There are more than count. */
  capped: boolean
  /** Of an inbox: open conversations that have no ticket (IH-01); of spam and trash: those that lie there. At most 10000. */
  conversations: number
  /** There are more than conversations. */
  conversations_capped: boolean
  /** At most 10000. */
  count: number
  /** mine, unassigned, open, snoozed, following, drafts, closed, recently_closed, elsewhere, spam, trash, mentions, inbox:ID, status:ID or custom:ID. */
  id: string
  name: string
  /** The count is being found for the first time; count says nothing yet. */
  pending: boolean
}

export interface Counts {
  /** That the account has in the inbox. */
  conversations: number
  /** Texts that people are writing: they go on. */
  drafts: number
  /** Of those that move along, in spam or trash. */
  hidden: number
  /** Tickets that will be made. */
  make: number
  /** Tickets that hang on no conversation: they are in the help desk by themselves (MG-10). */
  no_move: number
  open_ticketless: number
  open_tickets: number
  /** Messages that are about to be sent or wait for their time: they leave as planned. */
  scheduled: number
  /** Of these, those that move along. */
  selected: number
  /** Conversations that stay where they are; answers join them there. */
  stay: number
  /** Conversations without a ticket that move along. */
  ticketless: number
  /** Tickets of those that move along. */
  tickets: number
  /** That wait for somebody: they keep their place in the queue. */
  waiting: number
}

export interface CreateAccountInputBody {
  /** The version of the terms that was accepted. */
  accepted_terms?: string
  active?: boolean
  assign?: AssignPolicyInput
  channel: string
  /** Or new_inbox. */
  inbox_id?: string | null
  name: string
  /** Make the inbox together with its channel (GEN-15). */
  new_inbox?: NewInboxInput
  /** Written, never read. */
  secrets?: unknown
  settings?: unknown
  slug?: string
  ticket?: TicketPolicyInput
}

export interface CreateFlowBody {
  account_id: string | null
  /** The draft, instead of a template. */
  definition?: unknown
  kind: "live_chat" | "bot"
  name: string
  slug?: string
  /** The id of a template; its texts and steps are the draft. */
  template?: string
}

export interface CreateInboxInputBody {
  access?: AccessInput
  kind?: "inbox" | "helpdesk"
  name: string
  slug?: string
}

export interface CreateInputBody {
  definition?: unknown
  name: string
  slug?: string
}

export interface CreateInputBody1 {
  columns?: string[]
  filter?: Filter
  group?: string
  layout?: "" | "split" | "table" | "board"
  name: string
  sort?: string
  team_id?: string | null
  visibility?: "private" | "team" | "everyone"
}

export interface CreateInputBody2 {
  email?: string
  first_name?: string
  language?: string
  last_name?: string
  name?: string
  owner_id?: string | null
  phone?: string
  properties?: Record<string, unknown>
}

export interface CreatePipelineInputBody {
  name: string
  position?: number
  slug?: string
  statuses: StatusInput[]
}

export interface CreatePropertyInputBody {
  /** Who sees and who changes it; left out: everybody. */
  access?: PropertyAccess
  /** Another choice of the same object. */
  depends_on?: string
  label?: string
  /** The key in properties. */
  name?: string
  object: "ticket" | "contact"
  options?: string[]
  /** By its value: which options may be chosen. */
  options_by?: Record<string, string[]>
  position?: number
  /** Nobody closes a ticket without it. */
  required_on_close?: boolean
  type: "text" | "long_text" | "number" | "boolean" | "date" | "choice" | "multi_choice"
}

export interface CreateRoleInputBody {
  contacts?: Reach
  description?: string
  name: string
  permissions: string[]
  /** Its short name; made of the name when left out. */
  role?: string
  tickets?: Reach
}

export interface CreateSkillsInputBody {
  /** Slug. */
  category: string
  names: string[]
}

export interface CreateTeamInputBody {
  extra_members?: string[]
  /** Main members: eligible for routing. */
  members?: string[]
  name: string
  /** The team that this one is part of. */
  parent_id?: string | null
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
  /** ISO 639-1; left out: told from the words. */
  language?: string
  /** With send_at: hold it back when the customer has written by then. */
  only_if_quiet?: boolean
  owner_id?: string | null
  pipeline_id?: string | null
  priority?: "" | "low" | "medium" | "high" | "urgent"
  properties?: Record<string, unknown>
  /** Not before this time. */
  send_at?: string | null
  /** With a message: a status slug of the ticket's pipeline. */
  set_status?: string
  /** The ticket rests once it has left: until snooze_until, or until the customer writes. */
  snooze?: boolean
  snooze_until?: string | null
  status_id?: string | null
  subject?: string
  team_id?: string | null
  text?: string
  to?: PartyInput[]
  /** Wait for the person's undo time before it leaves. Left out, it leaves at once, or after the installation's own window. */
  undo?: boolean
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
  /** A built-in role or one of one's own. */
  role?: string
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

export interface CustomviewField {
  /** Tables may show it. */
  column: boolean
  /** A property. */
  custom: boolean
  /** Lists may be grouped by it. */
  group: boolean
  /** Of a property; built-in fields are named by the reader's language. */
  label: string
  name: string
  object: "ticket" | "contact"
  /** What a ref names. */
  of: "" | "user" | "team" | "inbox" | "status" | "pipeline" | "channel_account" | "contact"
  /** What a filter may ask of it. */
  ops: string[]
  /** Of a choice. */
  options: string[]
  /** Lists may be sorted by it, and -NAME the other way round. */
  sort: boolean
  type: "text" | "number" | "boolean" | "moment" | "date" | "choice" | "several" | "ref" | "people"
}

export interface DayTotal {
  available_ms: number
  away_by_ms: Record<string, number>
  away_ms: number
  day: string
  user_id: string | null
  with_work_ms: number | null
}

export interface DayTotals {
  items: DayTotal[]
  timezone: string
}

export interface DeactivateInputBody {
  owner_id?: string | null
  tickets: "keep" | "release" | "hand_over" | "rule"
}

export interface Deactivated {
  /** Open tickets they still own: the new owner may not have them, or keep was chosen. */
  left: number
  moved: number
  user: User
}

export interface DeadJob {
  at: string
  error: string
  id: string
  kind: string
}

export interface Decision {
  actor_name: string
  at: string
  by: string
  candidates: Candidate[]
  cause?: string
  event_id: string | null
  hold_for?: string | null
  mail_to?: string | null
  next_at?: string | null
  owner_id: string | null
  owner_name: string
  policy?: AssignPolicy
  queued?: boolean
  reason: string
  rule: string
  rule_name?: string
  steps?: AssignmentStep[]
  team_id: string | null
  team_name: string
}

export interface Definition {
  capture: Capture
  /** What the visitor reads when the bot cannot go on. */
  error: Record<string, string>
  handover: Handover
  /** When it shows (CF-13). */
  hours: "always" | "business_hours"
  /** auto, or the code of the one language it speaks. */
  language: string
  session: ChatflowSession
  /** The id of the bot's first step. */
  start: string
  steps: Block[]
  /** Ask how it went at the end. */
  survey: boolean
  targeting: Targeting
  /** By language: welcome, away. */
  texts: Record<string, Record<string, string>>
  trigger: Trigger
}

export interface DeskCapacity {
  calls?: number
  email?: number
  messages?: number
  total?: number
}

export interface DeskCompany {
  created_at: string
  domain: string
  id: string
  name: string
}

export interface Differ {
  at: string
  before: Assignment
  now: Assignment
  thread_id: string | null
  ticket_id: string | null
}

export interface DismissInputBody {
  /** false takes it back. */
  dismissed?: boolean
  other_id: string | null
}

export interface Done {
  /** The last decision, with its reasons. */
  assignment: Assignment | null
  category: string
  channel: string
  channel_account_id: string | null
  closed_at: string | null
  contact: ContactRef | null
  contact_id: string | null
  created_at: string
  description: string
  first_reply_at: string | null
  /** Who hears of it, the longest first. */
  followers: UserRef[]
  /** Whether the viewer does. */
  following: boolean
  /** In lists: one's own draft waits on it. */
  has_draft: boolean
  /** Why the ticket is out of the ordinary views; empty: it is not. */
  hidden: "" | "spam" | "trash" | "merged"
  hidden_at: string | null
  /** Why it was held back or hidden; empty when a person just did. */
  hidden_reason: string
  id: string
  inbox: InboxRef
  inbox_id: string | null
  /** In which the customer writes, as ISO 639-1; empty: unknown. */
  language: string
  last_activity_at: string | null
  /** incoming: the customer waits. */
  last_direction: "" | "incoming" | "outgoing"
  last_inbound_at: string | null
  /** In lists: the newest entry, comments too. */
  latest: Latest | null
  links: TicketLink[]
  /** Of a merged ticket: what POST /api/merges/{id}/undo takes; null when a machine found the two to be one. */
  merge_id: string | null
  /** What was merged into it, newest first. */
  merged: MergedTicket[]
  merged_into: string | null
  message_count: number
  /** Short, human, never reused. */
  number: number
  open: boolean
  owner: UserRef | null
  owner_id: string | null
  /** Of a ticket without a contact: who takes part in it, because they may have no more tickets (TK-05). */
  participant: Participant | null
  /** In lists: how many people outside write or are written to. */
  participants: number
  /** In lists that were asked with people: more of the contact. */
  person: Person | null
  pipeline_id: string | null
  priority: "" | "low" | "medium" | "high" | "urgent"
  properties: Record<string, unknown>
  snippet: string
  /** Rests until snoozed_until or the customer's next word. */
  snoozed: boolean
  snoozed_by: string | null
  /** null while snoozed: only until the customer writes. */
  snoozed_until: string | null
  status: StatusRef
  status_id: string | null
  subject: string
  /** Of a merged ticket: the one that it went into in the end, when it is in sight. */
  survivor: OtherTicket | null
  team: TeamRef | null
  team_id: string | null
  threads: TicketThread[]
  undo: Undo
  updated_at: string
  /** Grows with every change; send it with PATCH to refuse a stale edit. */
  version: number
}

export interface Draft {
  attachments: string[]
  bcc: Party[]
  cc: Party[]
  forward_of: string | null
  html: string
  id: string
  in_reply_to: string | null
  seen_seq: number
  subject: string
  text: string
  thread_id: string | null
  ticket_id: string | null
  to: Party[]
  type: "" | "reply" | "comment" | "new" | "forward"
  updated_at: string
  user_id: string | null
}

export interface DuplicateFlowBody {
  name?: string
}

export interface Effect {
  /** There are more than count. */
  capped: boolean
  count: number
  kind: "tickets" | "open_tickets" | "conversations" | "outgoing" | "users" | "teams" | "inboxes" | "channels" | "statuses" | "properties" | "contacts" | "views" | "tokens" | "sessions" | "addresses" | "form_fields" | "chatflows" | "answers" | "conditions" | "moves" | "waiting"
  /** Some of them, by name. */
  names: string[]
}

export interface Enrolment {
  /** The picture, a row of 0 and 1 for each line. */
  qr: string[]
  /** To type where no picture can be taken. */
  secret: string
  uri: string
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

export interface Env {
  availability?: "" | "available" | "away" | "offline" | "capacity"
  company?: string
  contact?: Record<string, string>
  country?: string
  known?: boolean
  language?: string
  now?: string | null
  page_title?: string
  page_url?: string
  ticket?: Record<string, string>
  timezone?: string
}

export interface EraseInputBody {
  /** The contact's name or address, typed by the person who erases. */
  confirm: string
}

export interface Example {
  answered: boolean
  at: string
  from: string
  number: number
  subject: string
  ticket_id: string | null
}

export interface ExcludeStruct {
  idle_days: number
  statuses: string[]
}

export interface Exclusions {
  /** What nobody touched for so many days; 0: everything counts. */
  idle_days: number
  /** Slugs of statuses, of any pipeline. */
  statuses: string[]
}

export interface Facet {
  count: number
  label: string
  /** What to add to the search: operator:value. */
  operator: string
  value: string
}

export interface Facets {
  /** There is more than was counted: the counts are of the newest. */
  capped: boolean
  /** By operator, the most frequent first. */
  items: Facet[]
  total: number
}

export interface Factors {
  /** An app that counts codes. */
  code: boolean
  identities: Linked[]
  passkeys: Passkey[]
  passkeys_offered: boolean
  passkeys_why_not: "" | "no_address" | "needs_https" | "needs_name"
  recovery_left: number
  /** A second factor is asked of this person. */
  required: boolean
  since: string | null
}

export interface Facts {
  channel_account_id: string | null
  computed_at: string | null
  every_mins: number
  holiday: string
  next_change: string | null
  people: AvailabilityPerson[]
  reason: string
  reply_time: ReplyTime
  returns_at: string | null
  state: "offline" | "away" | "capacity" | "available"
  waiting: number
}

export interface Failure {
  reason: string
  state: "failed" | "kept"
  thread_id: string | null
  ticket_id: string | null
}

export interface Faults {
  faults: ChatflowProblem[]
}

export interface Feed {
  items: News[]
  /** "" at the end. A page may be short and have a next. */
  next: string
  /** Up to 100: more is 100. */
  unread: number
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

export interface FieldOption {
  label: string
  value: string
}

export interface FieldProblem {
  detail: string
  field: string
}

export interface FilePage {
  items: PersonFile[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface FileRef {
  field: string
  name: string
  size: number
  url: string
}

export interface Filled {
  html: string
  /** Tokens without a value and without another word for it: they stand in the text as they were. */
  missing: string[]
  subject: string
  text: string
}

export interface Filter {
  all?: Filter[]
  any?: Filter[]
  field?: string
  op?: string
  value?: unknown
}

export interface Flow {
  account_id: string | null
  active: boolean
  archived_at: string | null
  created_at: string
  draft: Definition
  id: string
  kind: "live_chat" | "bot"
  name: string
  /** Of those that fit a page the one with the lowest shows. */
  position: number
  /** The number of the live version; 0: never published. */
  published: number
  slug: string
  updated_at: string
  /** Send it when saving: who saves later than somebody else is told. */
  version: number
}

export interface FollowersInputBody {
  add?: string[]
  remove?: string[]
}

export interface FormRef {
  id: string
  name: string
  slug: string
}

export interface FormsPerson {
  id: string
  name: string
}

export interface FormsPreview {
  /** A whole document that needs no script. */
  html: string
}

export interface FormsRow {
  active: boolean
  /** Of a channel: answers leave by mail, or there is no mail channel in its inbox to answer from (FM-14). */
  answers_by: "" | "mail" | "none"
  archived_at: string | null
  channel: Channel | null
  created_at: string
  /** Of one form; a list leaves it out. */
  definition?: unknown
  fields: number
  held: number
  id: string
  last_submission_at: string | null
  name: string
  slug: string
  submissions: number
  updated_at: string
  version: number
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

export interface Found {
  /** How many events the index has still to read: what happened in them is not found yet. */
  behind_seq: number
  /** The index is being made from what is stored already. */
  building: boolean
  items: Hit[]
  /** On a page that is short though there may be more: how far back it looked. */
  looked_to: string | null
  /** Send it as cursor for the next page; empty at the end. A page may be short and have one: the bound of work was reached. */
  next: string
  /** What of the search is not understood; nothing is searched then. */
  problems: Misread[]
  /** When little is found: what was probably meant. */
  spelling: Spelling | null
  /** Contacts that the words name, on the first page of a search that does not say what it wants to find. */
  top: Hit[]
}

export interface GrantInputBody {
  skills: Item1[]
}

export interface Handover {
  /** null: as the channel assigns. */
  assign: AssignPolicy | null
  /** What the visitor reads when nobody is there. */
  nobody: Record<string, string>
}

export interface Held {
  expires_at: string | null
  level: number
  main: boolean
  name: string
  slug: string
  user_id: string | null
}

export interface Hit {
  at: string
  channel: string
  /** The message is an internal comment. */
  comment: boolean
  /** Of a contact that was found. */
  contact_id: string | null
  direction: string
  /** HTML-escaped text with the words found in <mark>. */
  excerpt: string
  /** The attached file that the excerpt is from; empty: the message itself. */
  file: string
  /** Names of attached files that match, marked. */
  files: string[]
  /** Who wrote it, or the contact's addresses, marked. */
  from: string
  /** spam or trash, when the ticket is out of the ordinary views. */
  hidden: string
  inbox_id: string | null
  kind: "ticket" | "message" | "contact"
  message_id: string | null
  /** Of the ticket. */
  number: number
  /** Whether the ticket is open. */
  open: boolean
  /** The ticket's owner by name; empty: nobody. */
  owner: string
  /** The name of the ticket's status. */
  status: string
  /** Of a message: its conversation, which stands alone when there is no ticket. */
  thread_id: string | null
  ticket_id: string | null
  title: string
  /** The title, escaped, with the words found in <mark>. */
  title_marked: string
}

export interface Holiday {
  /** 2026-12-25, or 12-25 for every year */
  date: string
  name: string
  ranges: Span[]
}

export interface HoursRow {
  /** slugs of holiday calendars, on top of the schedule's own days */
  calendars: string[]
  created_at: string
  name: string
  /** When that changes; null never. */
  next_at: string | null
  open: boolean
  schedule: Schedule
  slug: string
  updated_at: string
}

export interface IdentityHeld {
  conversations: number
  files: number
  /** Everything in the person's own conversations, and what they wrote in others'. */
  messages: number
  /** Conversations of others in which they took part: only their own words go. */
  shared_conversations: number
  tickets: number
}

export interface Idle {
  minutes: number
  /** nobody idles from before it was set */
  since: string | null
}

export interface ImportInputBody {
  /** The text of the .ics file. */
  file: string
  /** Days that were there go; else they stay beside the new ones. */
  replace?: boolean
}

export interface Imported {
  added: number
  calendar: Calendar
  /** Events with a time of day: they are no holidays. */
  left_out: number
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

export interface Input {
  /** webhook_result: the answer, JSON. */
  body?: string
  /** Names of files that came. */
  files?: string[]
  /** webhook_result: the answer was a success. */
  ok?: boolean
  quick?: Pressed
  /** webhook_result */
  status?: number
  text?: string
  type: "opened" | "answered" | "timer" | "webhook_result" | "availability" | "file"
}

export interface InstallationCode {
  /** What a page with a content security policy must add. */
  csp: string
  /** To be put just before </body>. */
  html: string
  /** The loader's address. */
  src: string
}

export interface InstallationReport {
  detail: string
  fix: string
  /** What else is worth knowing, though the chat works. */
  notes: string[]
  /** The directive that blocks, as the page has it. */
  policy: string
  /** What exactly, as a word: ok, in_head, twice, connect, no_code, commented_out, held_back, other_installation, tag_manager, domain, script, frame, mixed_content, status, not_html, refused, timeout, private … */
  reason: string
  state: "found" | "missing" | "blocked_by_csp" | "unreachable"
  /** Where the page was, after redirects. */
  url: string
}

export interface Invited {
  active: boolean
  available: boolean
  /** since when */
  available_at: string | null
  /** why availability is as it is */
  available_by: "" | "manual" | "manager" | "hours" | "out_of_office" | "idle"
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

export interface Item {
  from: string | null
  to: string | null
}

export interface Item1 {
  expires_at?: string | null
  level?: number
  main?: boolean
  slug: string
}

export interface Item2 {
  action: "allow" | "deny"
  note?: string
  value: string
}

export interface Jobs {
  /** Given up. */
  dead: number
  /** How long the oldest due job has waited. */
  late_ms: number
  newest_dead: DeadJob[]
  ready: number
  running: number
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

export interface Lag {
  /** Events not indexed yet. */
  behind: number
  building: boolean
}

export interface Latest {
  at: string
  /** Of a comment: who wrote it. */
  author: string
  direction: "" | "incoming" | "outgoing"
  /** It passes on another message. */
  forward: boolean
  /** Its beginning. */
  text: string
  type: "message" | "comment" | "system" | "welcome"
}

export interface Line {
  field: string
  hidden: boolean
  label: string
  value: string
}

export interface Link {
  label?: string
  url: string
}

export interface LinkInputBody {
  /** duplicate: this asks what the other asks; blocks: the other waits for this. */
  kind: "related" | "duplicate" | "blocks"
  other_id: string | null
  remove?: boolean
}

export interface LinkInputBody1 {
  contact_id?: string | null
}

export interface Linked {
  email: string
  last_used_at: string | null
  name: string
  provider: string
}

export interface ListsView {
  /** Of the table, in order; empty: the usual ones. */
  columns: string[]
  created_at: string
  /** One may change and remove it. */
  editable: boolean
  filter: Filter
  /** A field to group by; empty: none. */
  group: string
  id: string
  layout: "" | "split" | "table" | "board"
  name: string
  /** Who made it; a private view is seen by nobody else. */
  owner_id: string | null
  position: number
  /** Names a shared view in the settings file; empty for a private one. */
  slug: string
  /** A field, or -field; empty: newest activity first. */
  sort: string
  /** Of visibility team. */
  team_id: string | null
  updated_at: string
  version: number
  visibility: "private" | "team" | "everyone"
}

export interface Live {
  online: boolean
  thread_id: string | null
  ticket_id: string | null
  visitor_id: string | null
  /** When the visitor wrote what nobody of the team has answered yet. */
  waits_since: string | null
}

export interface Load {
  calls: number
  email: number
  messages: number
  total: number
}

export interface LogRow {
  actor_id: string | null
  at: string
  available: boolean
  by: string
  note: string
  user_id: string | null
}

export interface MailCodeInputBody {
  to: string
}

export interface MailPlan {
  /** With daily: the time of day. */
  at: string
  /** With hours: every so many, counted from midnight. */
  hours: number
  mode: "at_once" | "hours" | "daily" | "off"
}

export interface MatchFlowBody {
  /** Of this channel alone; left out, of all, as a page asks. */
  account_id?: string | null
  url: string
  visitor?: ChatflowVisitor
}

export interface Matched {
  why: Why[]
  winner: string | null
}

export interface MergeInputBody {
  from?: string[]
  into?: string | null
}

export interface MergeInputBody1 {
  /** The contact that becomes a part of this one. */
  from: string | null
  /** By field (name, email, phone, owner_id, language, property.<name>): into or from. Without a word the contact that remains keeps its own, and blanks are filled. */
  keep?: Record<string, string>
}

export interface MergedContact {
  contact: Contact
  /** Undo it with POST /api/contact-merges/{id}/undo. */
  merge_id: string | null
}

export interface MergedTicket {
  at: string
  by: string
  id: string
  merge_id: string | null
  number: number
  open: boolean
  subject: string
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
  forward_of: string | null
  from: Party
  /** The original can be downloaded. */
  has_source: boolean
  html: string
  html_quoted: string
  id: string
  in_reply_to: string | null
  mentions: string[]
  offers: Offers | null
  plan: SendPlan | null
  raw_id: string | null
  recipients: Party[]
  remote_id: string
  send_at: string | null
  send_rule: "" | "undo" | "later" | "later_if_quiet"
  sent_at: string | null
  status: string
  status_reason: string
  subject: string
  team_mentions: string[]
  text: string
  text_quoted: string
  thread_id: string | null
  ticket_id: string | null
  truncation_status: string
  type: string
}

export interface Misread {
  operator: string
  /** Values that the operator takes, the likely ones first; at most eight. */
  options: string[]
  reason: "unknown_operator" | "unknown_value" | "unknown_property" | "bad_date" | "bad_age" | "missing_value" | "or_mixed" | "too_long"
  /** The whole search, mended, when there is a likely meaning. */
  suggestion: string
  value: string
}

export interface Move {
  actor: string
  channel_account_id: string | null
  created_at: string
  done: number
  error: string
  /** Conversations that stayed, each with its reason. */
  failed: number
  finished_at: string | null
  from_inbox_id: string | null
  id: string
  /** Tickets that the move made. */
  made: number
  plan: Plan
  report: Report
  state: "running" | "done" | "cancelled" | "failed" | "undoing" | "undone"
  to_inbox_id: string | null
  /** How many conversations there were to move; of an undoing: to bring back. */
  total: number
  undo_until: string | null
  undoable: boolean
  undone_at: string | null
}

export interface MoveFlowInputBody {
  account_id: string | null
}

export interface MoveInputBody {
  inbox_id: string | null
}

export interface MovingTicketPolicyInput {
  category?: string
  create?: "" | "always" | "when" | "new_topic" | "never"
  owner?: "" | "conversation" | "policy" | "no_one"
  pipeline?: string
  priority?: "" | "low" | "medium" | "high" | "urgent"
  properties?: Record<string, unknown>
  status?: string
  when?: Conditions
}

export interface MyAvailability {
  absences: Absence[]
  /** the manager who switched it; 0 nobody */
  actor_id: string | null
  actor_name: string
  /** since when; null: always so */
  at: string | null
  available: boolean
  by: "" | "manual" | "manager" | "hours" | "out_of_office" | "idle"
  /** of holidays, the user's own; empty the team's */
  calendar: string
  /** weekly hours of the user's own, in their zone; null any time */
  hours: Schedule | null
  /** say that one is there (POST /api/me/seen) well within it; 0: nobody asks */
  idle_minutes: number
  /** the calendar that counts */
  keeps_calendar: string
  /** when it becomes otherwise by hours, an absence or the end of the choice; null when nothing is planned */
  next: Change | null
  note: string
  /** when something was last seen of them in a browser */
  seen_at: string | null
  timezone: string
  /** a choice for so long alone */
  until: string | null
  user_id: string | null
}

export interface Near {
  /** That they take part in, because they may have no more. */
  beyond: number
  contact_id: string | null
  email: string
  name: string
  /** That they have. */
  tickets: number
}

export interface NearLimit {
  /** From this many tickets on somebody is listed: four fifths of the limit. */
  from: number
  items: Near[]
  /** 0: there is none; those with the most tickets are listed. */
  limit: number
}

export interface NewInboxInput {
  /** Left out: everybody. */
  access?: AccessInput
  name: string
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

export interface News {
  actor: string
  actor_name: string
  at: string
  data: unknown
  /** The first line of the message. */
  excerpt: string
  id: string
  kind: string
  message_id: string | null
  /** Of the ticket; 0 when there is none. */
  number: number
  read_at: string | null
  subject: string
  thread_id: string | null
  ticket_id: string | null
}

export interface NewsCount {
  unread: number
}

export interface NewsKind {
  /** Somebody chose: it does not follow the default any more. */
  chosen: boolean
  /** The installation's, or Kanal's own on the installation's page. */
  default: Record<string, boolean>
  kind: string
  targets: Record<string, boolean>
}

export interface NewsSettings {
  /** Where mails go. */
  address: string
  /** There is a choice of one's own. */
  chosen: boolean
  email: MailPlan
  kinds: NewsKind[]
  quiet: Quiet
  sound: boolean
  targets: NewsTarget[]
  /** The time zone that counts. */
  zone: string
}

export interface NewsTarget {
  available: boolean
  name: string
  /** Why not, as a slug. */
  reason: string
  /** The same for people. */
  sentence: string
}

export type None = Record<string, unknown>

export interface NotSpamInputBody {
  /** Let the sender through from now on. */
  allow?: boolean
  /** Take what denies the sender off the list. */
  unblock?: boolean
}

export interface Note {
  count: number
  kind: "address" | "routing" | "ticket_defaults" | "signature" | "availability" | "chatflows" | "snippets" | "drafts" | "links" | "create_mapped" | "owner_mapped" | "policy_no_access" | "owners_no_access" | "teams_no_access" | "access_less" | "access_more" | "views" | "rules" | "conditions" | "hidden" | "waiting" | "forms" | "answers_by" | "no_way_back"
  level: "carries" | "mapped" | "stays" | "loses"
  names: string[]
}

export interface Now {
  now: string | null
}

export interface OfTicket {
  context: Context
  files: FileRef[]
  form: FormRef
  hidden?: Line[]
  id: string
  visible: Line[]
}

export interface Offers {
  input: Question | null
  quick: QuickReply[]
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

export interface OrderFlowsBody {
  /** Of this channel; left out: of all. */
  account_id?: string | null
  ids: string[]
}

export interface Origin {
  chatflow: string
  number: number
  referrer: string
  title: string
  url: string
}

export interface OtherTicket {
  id: string
  number: number
  open: boolean
  subject: string
}

export interface Page {
  items: Answer[]
  next: string
}

export interface PageAccount {
  items: Account[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageBarred {
  items: Barred[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageCalendar {
  items: Calendar[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageChatflow {
  items: Chatflow[]
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

export interface PageFailure {
  items: BulkFailure[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageField {
  items: CustomviewField[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageHoursRow {
  items: HoursRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageInbox {
  items: Inbox[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageLive {
  items: Live[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageLogRow {
  items: LogRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageMove {
  items: Move[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PagePipeline {
  items: Pipeline[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PagePresence {
  items: Presence[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageProperty {
  items: Property[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageRow {
  items: FormsRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageRule {
  items: SpamRule[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageRun {
  items: Run[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageSessionRow {
  items: SessionRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageSkill {
  items: Skill[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageSnippet {
  items: Snippet[]
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

export interface PageString {
  items: string[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageSubmission {
  items: Submission[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageSuggestion {
  items: Suggestion[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageTeam {
  items: Team[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageTemplate {
  items: Template[]
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

export interface PageVersion {
  items: Version[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageView {
  items: View[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface PageWindowRow {
  items: WindowRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface Pair {
  a: Contact
  b: Contact
  found_at: string | null
  reasons: Reason[]
  score: number
}

export interface PairPage {
  items: Pair[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface Parted {
  from_id: string | null
  into_id: string | null
}

export interface Participant {
  email: string
  id: string
  name: string
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

export interface Passkey {
  created_at: string
  id: string
  last_used_at: string | null
  name: string
  /** Kept in an account of its maker, not on one device alone. */
  synced: boolean
}

export interface PasskeyAnswerBody {
  attempt: string
  /** The credential, its binary fields as base64url. */
  response: unknown
}

export interface PasskeyInputBody {
  attempt: string
  name: string
  /** The credential, its binary fields as base64url. */
  response: unknown
}

export interface PatchAccountInputBody {
  accepted_terms?: string
  /** The administrator's switch, apart from whether the credentials work. */
  active?: boolean
  assign?: AssignPolicyInput
  /** The one it is in: another is refused, see …/moves. */
  inbox_id?: string
  name?: string
  /** Written, never read. */
  secrets?: unknown
  settings?: unknown
  ticket?: TicketPolicyInput
  version?: number
}

export interface PatchAddressInputBody {
  /** Mail and calls go to this one of its kind first. */
  primary?: boolean
  /** Somebody made sure that the address is the contact's. */
  verified?: boolean
}

export interface PatchCompanyInputBody {
  color?: string
  data_privacy?: boolean
  /** What was seen of the company, by field: refused with 409 when it is different now. */
  expect?: Record<string, unknown>
  locale?: string
  name?: string
  timezone?: string
}

export interface PatchCompanyInputBody1 {
  name: string
}

export interface PatchInboxInputBody {
  access?: AccessInput
  /** What was seen of the inbox, by field: refused with 409 when it is different now. */
  expect?: Record<string, unknown>
  name?: string
}

export interface PatchInputBody {
  columns?: string[]
  filter?: Filter
  group?: string
  layout?: "" | "split" | "table" | "board"
  name?: string
  /** Among the saved views; one's own arrangement is in the preferences. */
  position?: number
  sort?: string
  team_id?: string
  version?: number
  visibility?: "private" | "team" | "everyone"
}

export interface PatchInputBody1 {
  email?: string
  first_name?: string
  language?: string
  last_name?: string
  name?: string
  /** An empty text takes the owner away. */
  owner_id?: string
  phone?: string
  /** Merged by name; null removes one. */
  properties?: Record<string, unknown>
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
  /** What was seen of the pipeline, by field: refused with 409 when it is different now. */
  expect?: Record<string, unknown>
  name?: string
  position?: number
  statuses?: StatusInput[]
}

export interface PatchPropertyInputBody {
  /** Who sees and who changes it. Both for everyone takes the limits away. */
  access?: PropertyAccess
  /** true takes it out of use; the values stay. */
  archived?: boolean
  /** Empty takes the dependence away. */
  depends_on?: string
  /** What was seen of the property, by field: refused with 409 when it is different now. */
  expect?: Record<string, unknown>
  label?: string
  options?: string[]
  options_by?: Record<string, string[]>
  position?: number
  required_on_close?: boolean
}

export interface PatchRoleInputBody {
  contacts?: Reach
  description?: string
  /** What was seen of the role, by field: refused with 409 when it is different now. */
  expect?: Record<string, unknown>
  name?: string
  permissions?: string[]
  tickets?: Reach
}

export interface PatchSpamInputBody {
  automated?: boolean
  marketing?: boolean
  role_address?: boolean
  spoofed?: boolean
}

export interface PatchTeamInputBody {
  /** Of the holidays of main members who have none of their own. */
  calendar?: string
  /** What was seen of the team, by field: refused with 409 when it is different now. */
  expect?: Record<string, unknown>
  extra_members?: string[]
  members?: string[]
  name?: string
  /** The team that this one is part of; null is none. */
  parent_id?: string | null
}

export interface PatchTicketInputBody {
  category?: string
  contact_id?: string
  description?: string
  /** Moves it to spam or trash, or back with an empty value. */
  hidden?: "" | "spam" | "trash"
  /** ISO 639-1, or empty. */
  language?: string
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
  /** What was seen of the user, by field: refused with 409 when it is different now. */
  expect?: Record<string, unknown>
  first_name?: string
  last_name?: string
  locale?: string
  name?: string
  /** A built-in role or one of one's own. */
  role?: string
  takes_work?: boolean
  teams?: string[]
  timezone?: string
}

export interface Person {
  created_at: string
  language: string
  owner_id: string | null
  phone: string
  properties: Record<string, unknown>
}

export interface PersonCapacity {
  available: boolean
  /** What holds. */
  limit: DeskCapacity
  load: Load
  name: string
  /** null: everybody's limits hold. */
  own: DeskCapacity | null
  takes_work: boolean
  user_id: string | null
}

export interface PersonFile {
  as: "file" | "link"
  content_id: string
  created_at: string
  direction: "" | "incoming" | "outgoing"
  id: string
  inline: boolean
  link_until: string | null
  message_id: string | null
  name: string
  sha256: string
  size: number
  thread_id: string | null
  ticket_id: string | null
  type: string
}

export interface PersonMerge {
  actor: string
  created_at: string
  from_id: string | null
  from_name: string
  id: string
  into_id: string | null
  /** What spoke for one person when they were merged. */
  reasons: Reason[]
  undone_at: string | null
}

export interface PersonPerson {
  addresses: Address[]
  company: DeskCompany | null
  company_id: string | null
  created_at: string
  deleted_at: string | null
  email: string
  first_name: string
  id: string
  language: string
  last_name: string
  merged_into: string | null
  /** The merges that made the contact what it is, newest first; each can be undone. */
  merges: PersonMerge[]
  name: string
  owner_id: string | null
  phone: string
  properties: Record<string, unknown>
  updated_at: string
}

export interface PersonTimeline {
  items: TimelineItem[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
  /** The tickets that the page's items belong to. */
  tickets: OtherTicket[]
}

export interface Pipeline {
  id: string
  name: string
  position: number
  slug: string
  statuses: Status[]
}

export interface Place {
  /** When it is tried again by itself; null: when something happens. */
  next_at: string | null
  /** How many wait there. */
  of: number
  /** In the line of its channel account, from 1: the highest priority first, then who has waited longest. */
  place: number
  /** Why nobody could have it: a slug of an assignment. */
  reason: string
  since: string | null
  tries: number
}

export interface PlainThread {
  bot: boolean
  channel: string
  channel_account_id: string | null
  chatflow_id: string | null
  contact_id: string | null
  created_at: string
  hidden: "" | "spam" | "trash"
  hidden_at: string | null
  id: string
  inbox_id: string | null
  last_inbound_at: string | null
  last_message_at: string | null
  mailed_to: string | null
  message_count: number
  open: boolean
  origin: Origin | null
  owner_id: string | null
  seen_by_team: string | null
  seen_by_visitor: string | null
  subject: string
  team_id: string | null
  ticket_id: string | null
  visitor_id: string | null
}

export interface Plan {
  /** With history status: which conversations without a ticket. */
  conversations: "none" | "open" | "closed" | "all"
  /** Which of the conversations that were there before move along. */
  history: "none" | "all" | "open" | "since" | "status"
  /** With history since: those in which something was said after it. */
  since: string | null
  /** With history status: tickets in one of these. */
  statuses: string[]
  /** The account's ticket policy from then on; left out: as it was, and always in the help desk where it was never. */
  ticket?: TicketPolicy
  /** What a conversation without a ticket gets in the help desk: none, a ticket that is open or closed as the conversation is, an open one or a closed one. It is dated at its first message; nobody is told, nothing is sent. */
  ticketless: "none" | "as_is" | "open" | "closed"
  to: string | null
}

export interface PlanInput {
  conversations?: "" | "none" | "open" | "closed" | "all"
  history?: "" | "none" | "all" | "open" | "since" | "status"
  since?: string | null
  statuses?: string[]
  ticket?: MovingTicketPolicyInput
  ticketless?: "" | "none" | "as_is" | "open" | "closed"
  to: string | null
}

export interface PlanInputBody {
  /** Also take away what the sections of the text leave out. */
  prune?: boolean
  /** Refuse when the settings are no longer what they were then. */
  revision?: string
  text: string
}

export interface PostMessageInputBody {
  /** Uploaded before. */
  attachments?: string[]
  bcc?: PartyInput[]
  /** With forward_of: its files go along (the default). false: only those in attachments. */
  carry_attachments?: boolean
  cc?: PartyInput[]
  /** Left out: the account that the conversation is on. */
  channel_account_id?: string | null
  /** Deleted with the send. */
  draft_id?: string | null
  /** Passes this message on, below the text and with its files, to those in to. On a ticket the answer of the other party comes to a conversation of its own. */
  forward_of?: string | null
  html?: string
  if_unchanged?: boolean
  in_reply_to?: string | null
  /** A template whose actions are done to the ticket with the send. */
  macro_id?: string
  /** People; a team's id among them counts as in team_mentions. */
  mentions?: string[]
  /** With send_at: hold it back when the customer has written by then. */
  only_if_quiet?: boolean
  /** Quick replies under the message, where the channel carries them (CH-32). */
  quick?: QuickInput[]
  /** The last event that the writer had seen. */
  seen_seq?: number
  /** Not before this time. */
  send_at?: string | null
  /** A status slug of the ticket's pipeline, set with the send. */
  set_status?: string
  /** The ticket rests once it has left: until snooze_until, or until the customer writes. */
  snooze?: boolean
  snooze_until?: string | null
  subject?: string
  /** Teams: in a comment, their members of this moment are told. */
  team_mentions?: string[]
  text?: string
  /** Left out with cc and bcc: whom the last message asks to answer. */
  to?: PartyInput[]
  type: "reply" | "comment"
  /** Wait for the person's undo time before it leaves. Left out, it leaves at once, or after the installation's own window. */
  undo?: boolean
}

export interface Presence {
  absences: Absence[]
  /** the manager who switched it; 0 nobody */
  actor_id: string | null
  /** since when; null: always so */
  at: string | null
  available: boolean
  by: "" | "manual" | "manager" | "hours" | "out_of_office" | "idle"
  /** of holidays, the user's own; empty the team's */
  calendar: string
  /** weekly hours of the user's own, in their zone; null any time */
  hours: Schedule | null
  /** the calendar that counts */
  keeps_calendar: string
  /** when it becomes otherwise by hours, an absence or the end of the choice; null when nothing is planned */
  next: Change | null
  note: string
  /** when something was last seen of them in a browser */
  seen_at: string | null
  timezone: string
  /** a choice for so long alone */
  until: string | null
  user_id: string | null
}

export interface PresenceInputBody {
  /** Where one types; left out: a reply. Visitors of a chat are told of replies alone. */
  in?: "reply" | "comment"
  state: "viewing" | "typing" | "left"
  /** Of a conversation without a ticket, instead of ticket_id; it is told as ticket_id. */
  thread_id?: string | null
  ticket_id?: string | null
}

export interface Pressed {
  label?: string
  step: string
  value: string
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

export interface PreviewInputBody {
  contact_id?: string | null
  /** Of whom a new message goes to. */
  email?: string
  html?: string
  subject?: string
  thread_id?: string | null
  ticket_id?: string | null
  /** It goes into an answer: counts as a use. */
  use?: boolean
}

export interface PreviewInputBody1 {
  answers?: Record<string, unknown>
  definition: unknown
  language?: string
  scheme?: "" | "light" | "dark"
}

export interface PreviewKind {
  /** How many of those somebody of the team answered: held back by mistake, most likely. */
  answered: number
  /** How many it would have held back. */
  count: number
  /** The newest of them. */
  examples: Example[]
  kind: "marketing" | "automated" | "role_address" | "spoofed"
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
  /** Who sees and who changes it; null: everybody who may see or change what it belongs to. */
  access: PropertyAccess | null
  /** The name of another choice of the same object, on whose value the options depend. */
  depends_on: string
  id: string
  label: string
  name: string
  object: "" | "ticket" | "contact"
  options: string[]
  /** Which options may be chosen, by the value of depends_on. A value that is not named allows all. */
  options_by: Record<string, string[]>
  position: number
  /** Whoever asks may not change it. */
  read_only: boolean
  /** Nobody closes a ticket without it. Tickets only. */
  required_on_close: boolean
  type: "" | "text" | "long_text" | "number" | "boolean" | "date" | "choice" | "multi_choice"
}

export interface PropertyAccess {
  edit: Access
  view: Access
}

export interface Provider {
  active: boolean
  client_id: string
  has_secret: boolean
  /** Its address; /.well-known/openid-configuration is read below it. */
  issuer: string
  name: string
  /** To enter at the provider. */
  redirect_uri: string
  settings: Trust
  slug: string
  updated_at: string
}

export interface ProviderChange {
  active?: boolean
  client_id?: string
  client_secret?: string
  issuer?: string
  name?: string
  settings?: Trust
}

export interface ProviderCheck {
  authorization_endpoint: string
  token_endpoint: string
}

export interface ProviderList {
  items: Provider[]
}

export interface PublishFlowBody {
  /** What is new in it. */
  note?: string
  /** Of the chatflow as it was loaded: 409 when its draft is another by now. */
  version?: number
}

export interface PutCalendarBody {
  country?: string
  days?: Holiday[]
  name?: string
}

export interface PutDraftInputBody {
  attachments?: string[]
  /** The updated_at of the draft that was changed here, empty for none: refused (409, draft.changed) when another window or device has kept another one since. Left out, the last one wins. */
  base?: string
  bcc?: PartyInput[]
  cc?: PartyInput[]
  forward_of?: string | null
  html?: string
  id?: string | null
  in_reply_to?: string | null
  seen_seq?: number
  subject?: string
  text?: string
  thread_id?: string | null
  ticket_id?: string | null
  to?: PartyInput[]
  type?: "reply" | "comment" | "new" | "forward"
  updated_at?: string | null
  user_id?: string | null
}

export interface PutHoursBody {
  calendars?: string[]
  name?: string
  schedule?: Schedule
}

export interface PutRulesInputBody {
  rules: Item2[]
}

export interface Question {
  answer: "" | "text" | "email" | "phone" | "number" | "date" | "url" | "choice" | "yes_no" | "file"
  choices: QuickReply[]
  placeholder: string
  required: boolean
  step: string
}

export interface Queue {
  items: Row[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
  /** How many wait, of those in sight; 10001 is more than 10,000. */
  total: number
}

export interface Quick {
  label: Record<string, string>
  next?: string
  url?: string
  value?: string
}

export interface QuickInput {
  label: string
  /** https only. */
  url?: string
  value?: string
}

export interface QuickReply {
  label: string
  step: string
  url: string
  value: string
}

export interface Quiet {
  /** On which it begins: mon, tue, wed, thu, fri, sat, sun. */
  days: string[]
  /** Quiet from midnight to midnight. */
  days_off: string[]
  from: string
  on: boolean
  /** Earlier than from: on the next day. */
  to: string
  /** "": the person's own, else the company's. */
  zone: string
}

export interface Range {
  /** 1 is Monday, 7 is Sunday */
  days: number[]
  from: string
  /** 24:00 is midnight at its end; earlier than from is on the next day */
  to: string
}

export interface Reach {
  /** Whose of them are changed and answered; never more than are seen. Empty is as view. */
  edit: "" | "all" | "team" | "own"
  /** Also what nobody has, or only one's own team. */
  unassigned: boolean
  /** Whose are seen: all, those of one's teams and the teams below, or one's own. Empty is all. */
  view: "" | "all" | "team" | "own"
}

export interface ReadInputBody {
  all?: boolean
  ids?: string[]
  thread_id?: string | null
  ticket_id?: string | null
}

export interface Reason {
  kind: "mailbox" | "phone" | "value" | "name_domain" | "name" | "forwarded"
  /** What they share. */
  value: string
}

export interface RecoveryCodes {
  codes: string[]
}

export interface RefusedRule {
  /** Its place in the request, from 1. */
  line: number
  sentence: string
  value: string
}

export interface RelocationPreview {
  counts: Counts
  from: Inbox
  notes: Note[]
  plan: Plan
  to: Inbox
}

export interface RenameCategoryInputBody {
  name: string
}

export interface RenderInput {
  contact_id?: string | null
  /** Of whom a new message goes to. */
  email?: string
  thread_id?: string | null
  ticket_id?: string | null
  /** It goes into an answer: counts as a use. */
  use?: boolean
}

export interface Rendered {
  actions: Actions
  html: string
  /** Tokens without a value and without another word for it: they stand in the text as they were. */
  missing: string[]
  subject: string
  text: string
}

export interface ReplayInputBody {
  account_id: string | null
  policy: AssignPolicy
  /** Left out: a day ago. What is older than the installation keeps is not there. */
  since?: string | null
  /** Left out: now. */
  until?: string | null
}

export interface Replayed {
  /** How many had an owner at once: before, now. */
  assigned: number[]
  changed: number
  decisions: number
  /** Those that come out otherwise, in their order, at most 500. */
  items: Differ[]
  /** Who got how many, most first. */
  owners: Share[]
  /** How many waited: before, now. */
  queued: number[]
  same: number
}

export interface ReplyDefaults {
  cc: Party[]
  in_reply_to: string | null
  subject: string
  to: Party[]
}

export interface ReplyTime {
  bucket: "" | "minutes" | "hours" | "day"
  minutes: number
  of: number
}

export interface Report {
  /** Undone: conversations that began after the move and came along. */
  arrived: number
  /** Undone: conversations that came back. */
  back: number
  counts: Counts
  /** Undone: tickets that the move made and that were taken away again. */
  gone: number
  /** Undone: tickets that the move made and that stay, because somebody has worked on them; they came along with their conversation. */
  kept: number
  /** Conversations that moved. */
  moved: number
  notes: Note[]
}

export interface RescheduleInputBody {
  /** Let it go now. */
  now?: boolean
  /** Hold it back when the customer has written by then. */
  only_if_quiet?: boolean
  send_at?: string
}

export interface ResendInputBody {
  recipients?: string[]
}

export interface RestoreInputBody {
  restore: boolean
}

export interface RetireInputBody {
  moves?: Item[]
  statuses?: string[]
}

export interface RoleChanged {
  contacts?: Reach
  description?: string
  name?: string
  permissions?: string[]
  tickets?: Reach
}

export interface RoleEffect {
  gained: string[]
  lost: string[]
  /** The first twenty of them, with what their sight becomes. */
  people: RoleEffectOf[]
  /** How many active people have the role. */
  users: number
}

export interface RoleEffectOf {
  after: Count
  before: Count
  id: string
  name: string
}

export interface RoleRow {
  built_in: boolean
  contacts: Reach
  description: string
  /** Whether the viewer may give it to others and, of one's own roles, change it: it gives nothing that they do not have. */
  may_give: boolean
  /** Empty for those that are built in: a screen has their names. */
  name: string
  permissions: string[]
  /** Its short name; what users.role holds. */
  role: string
  /** Also those it is no member of; it works only as a member. */
  sees_every_inbox: boolean
  tickets: Reach
  /** How many have it, deactivated ones too. */
  users: number
}

export interface RoleTable {
  permissions: string[]
  roles: RoleRow[]
}

export interface RollbackFlowBody {
  number: number
}

export interface RotateInputBody {
  /** With users or teams: also those who are away. */
  away_too?: boolean
  by?: "" | "least_open" | "random"
  /** Among the members of these, by slug. */
  teams?: string[]
  /** Among these, by address; without users and teams the channel's rule decides. */
  users?: string[]
}

export interface Rotated {
  /** Without an owner: why nobody could have it. */
  assignment: Assignment
  /** Who had it has it still. */
  same: boolean
}

export interface Row {
  channel: string
  channel_account: string
  channel_account_id: string | null
  contact: string
  inbox_id: string | null
  /** When it is tried again by itself; null: when something happens. */
  next_at: string | null
  number: number
  object: "ticket" | "thread"
  /** How many wait there. */
  of: number
  /** In the line of its channel account, from 1: the highest priority first, then who has waited longest. */
  place: number
  priority: string
  /** Why nobody could have it: a slug of an assignment. */
  reason: string
  since: string | null
  subject: string
  thread_id: string | null
  ticket_id: string | null
  tries: number
}

export interface Rule {
  all: Test[]
}

export interface RulesPut {
  items: SpamRule[]
  refused: RefusedRule[]
}

export interface Run {
  action: Action
  created_at: string
  /** How many were changed. */
  done: number
  error: string
  /** How many were refused; each with its reason. */
  failed: number
  finished_at: string | null
  id: string
  /** How many were so already. */
  same: number
  state: "collecting" | "running" | "done" | "cancelled" | "failed"
  /** How many tickets were selected; grows while they are collected. */
  total: number
  /** The run that this one undoes. */
  undo_of: string | null
  undoable: boolean
  /** The run that undoes or undid this one. */
  undone_by: string | null
  user_id: string | null
}

export interface Sample {
  email?: string
  /** Empty: as the words tell. */
  language?: string
  subject?: string
  text?: string
}

export interface SaveDraftBody {
  definition: unknown
  /** Of the chatflow as it was loaded. */
  version?: number
}

export interface Schedule {
  holidays: Holiday[]
  ranges: Range[]
  /** like Europe/Copenhagen */
  timezone: string
}

export interface Scheduled {
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
  forward_of: string | null
  from: Party
  /** The original can be downloaded. */
  has_source: boolean
  html: string
  html_quoted: string
  id: string
  in_reply_to: string | null
  mentions: string[]
  offers: Offers | null
  plan: SendPlan | null
  raw_id: string | null
  recipients: Party[]
  remote_id: string
  send_at: string | null
  send_rule: "" | "undo" | "later" | "later_if_quiet"
  sent_at: string | null
  status: string
  status_reason: string
  subject: string
  team_mentions: string[]
  text: string
  text_quoted: string
  thread_id: string | null
  ticket: OtherTicket | null
  ticket_id: string | null
  truncation_status: string
  type: string
}

export interface ScheduledPage {
  items: Scheduled[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface SeenInputBody {
  message_id: string | null
}

export interface SelectionStruct {
  /** How many the person saw; many more are refused (409, bulk.grown). */
  expect?: number
  filter?: Filter
  ids?: string[]
  view?: string
}

export interface SendPlan {
  category?: string
  owner_id?: string
  priority?: string
  properties?: Record<string, unknown>
  snooze?: boolean
  snooze_until?: string | null
  status?: string
  team_id?: string
  was_status?: string | null
}

export interface SenderInputBody {
  use: "original" | "forwarder"
}

export interface Session {
  /** To bring with it. */
  attempt?: string
  company: Company
  /** Those the user sees. */
  inboxes: SessionInbox[]
  /** What signing in still needs; nobody is signed in yet. */
  needs?: "" | "code" | "passkey" | "enrol"
  permissions: string[]
  /** Shown this once, when a second factor was set up while signing in. */
  recovery_codes?: string[]
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
  /** password, passkey, link, or the slug of who vouched: oidc:company */
  method: string
  /** Something beside a password was shown. */
  second_factor: boolean
  user_agent: string
  user_id: string | null
}

export interface SetCapacityInputBody {
  call_blocks?: boolean
  default?: DeskCapacity
  exclude?: ExcludeStruct
  weights?: Record<string, number>
}

export interface SetIdleRequest {
  minutes: number
}

export interface SetUserCapacityInputBody {
  /** null: everybody's limits again. */
  capacity: DeskCapacity | null
}

export interface SetWaitingInputBody {
  hand_on_minutes?: number
}

export interface SettingChange {
  action: "create" | "update" | "remove"
  fields: SettingField[]
  object: string
  slug: string
}

export interface SettingField {
  after: unknown
  before: unknown
  field: string
}

export interface Settings {
  /** How long after closing. A ticket that is open again by then is not asked about. */
  delay_minutes: number
  /** One person is asked at most once in so many days. */
  every_days: number
  /** Only tickets of these; empty: of all. */
  inboxes: string[]
  /** Ask customers how it went after their ticket was closed. */
  on: boolean
}

export interface SetupLink {
  email: string
  purpose: "setup" | "invite" | "reset"
  valid: boolean
}

export interface Share {
  before: number
  name: string
  now: number
  user_id: string | null
}

export interface SignIn {
  /** networks from which the workspace and its API are used, like 192.0.2.0/24; empty: from anywhere */
  allow: string[]
  /** owners: the others sign in by a provider or a passkey */
  passwords: "everybody" | "owners"
  /** of whom a second factor is asked beside a password */
  second_factor: "optional" | "administrators" | "everybody"
}

export interface SignInInputBody {
  email: string
  password: string
}

export interface SimulateFlowBody {
  definition: unknown
  env?: Env
  input: Input
  /** Where the dialogue stands; left out, it begins. */
  state?: ChatflowState
}

export interface Simulated {
  effects: ChatflowEffect[]
  state: ChatflowState
  /** The steps it went by, and why a branch was taken. */
  trace: Taken[]
}

export interface Skill {
  category: string
  /** Empty for a language: screens name it in the reader's own. */
  name: string
  /** How many rules ask for it. */
  rules: number
  /** A language's is its code, such as da. */
  slug: string
  /** How many have it. */
  users: number
}

export interface SkillHeld {
  expires_at: string | null
  level: number
  main: boolean
  slug: string
}

export interface SkillList {
  items: Category[]
  /** Codes of the languages that somebody may be given. */
  languages: string[]
}

export interface SkillNeed {
  /** 1 to 5 at least; 0: any */
  level?: number
  /** who has it goes first; who lacks it may have the work too */
  preferred?: boolean
  /** slug, or language for the language that the customer writes in */
  skill: string
}

export interface SkillRule {
  if?: Conditions
  name: string
  off?: boolean
  /** after this long without anybody the rule is passed over (SK-06); 0: the policy is asked at once (SK-07) */
  relax_seconds?: number
  skills: SkillNeed[]
  /** never passed over: it waits until somebody has the skills */
  strict?: boolean
  teams?: string[]
  users?: string[]
}

export interface Snippet {
  /** Of a template: what is done to the ticket with it. */
  actions: Actions
  created_at: string
  html: string
  id: string
  kind: "snippet" | "template"
  last_used_at: string | null
  /** The language it is written in; empty for any. */
  locale: string
  may_edit: boolean
  name: string
  owner_id: string | null
  /** What one types after / to find it first. */
  shortcut: string
  slug: string
  /** Of a template. */
  subject: string
  team_id: string | null
  text: string
  tokens: string[]
  updated_at: string
  uses: number
  visibility: "private" | "team" | "everyone"
}

export interface SnippetInput {
  actions?: Actions
  html?: string
  kind: "snippet" | "template"
  locale?: string
  name: string
  shortcut?: string
  slug?: string
  subject?: string
  team_id?: string | null
  text?: string
  visibility: "private" | "team" | "everyone"
}

export interface SnoozeInputBody {
  /** RFC 3339; null: until the customer writes. */
  until?: string | null
}

export interface SpamInputBody {
  /** Put who wrote it, or their domain, on the deny list. */
  block?: "none" | "sender" | "domain"
}

export interface SpamPreview {
  kinds: PreviewKind[]
  /** Conversations that customers began in that time; at most 20,000. */
  seen: number
  since: string | null
}

export interface SpamRule {
  action: "allow" | "deny"
  created_at: string
  created_by: string | null
  /** How many messages it decided. */
  hits: number
  id: string
  kind: "address" | "domain"
  last_hit_at: string | null
  note: string
  /** An address, or a domain, which stands for the domains below it too. */
  value: string
}

export interface SpamSettings {
  /** Entries of the allow list. */
  allowed: number
  automated: boolean
  /** Entries of the deny list. */
  denied: number
  marketing: boolean
  role_address: boolean
  /** Spam is deleted for good after so many days; 0 keeps it. */
  spam_days: number
  spoofed: boolean
  /** Trash is deleted for good after so many days; 0 keeps it. */
  trash_days: number
}

export interface Span {
  from: string
  to: string
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
  work?: "calls" | "messages" | "email"
}

export interface Spelling {
  /** The hits are of this spelling, because what was typed finds nothing; ask with exact for the other. */
  applied: boolean
  query: string
}

export interface SplitInputBody {
  message_ids: string[]
  /** Left out: the first message's. */
  subject?: string
}

export interface Standing {
  /** What they have now, as limits count it. */
  count: number
  /** Which limit it is. */
  kind: "total" | "calls" | "messages" | "email"
  /** null: they have none. */
  limit: number | null
  name: string
  over: boolean
  user_id: string | null
}

export interface StartBulkInputBody {
  action: Action
  selection: SelectionStruct
}

export interface State {
  locale: string
  position: number | null
  reason: string
  reply_minutes: number
  reply_time: "" | "minutes" | "hours" | "day"
  returns_at: string | null
  returns_text: string
  show: boolean
  state: "offline" | "away" | "capacity" | "available"
  text: string
  wait_minutes: number
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

export interface Submission {
  answers: Record<string, unknown>
  consents: Agreed[]
  contact: FormsPerson | null
  context: Context
  created_at: string
  email: string
  /** The answers as they are read, in the order of the form. */
  fields: Line[]
  files: FileRef[]
  form_id: string | null
  form_name: string
  id: string
  /** The message that it became. */
  message_id: string | null
  reason: string
  state: "filed" | "held" | "test"
  ticket: TicketRef | null
  version: number
}

export interface SubmissionPage {
  columns: Column[]
  items: Submission[]
  next: string
}

export interface Suggestion {
  contact: Contact
  reasons: Reason[]
  /** 0 to 100. */
  score: number
}

export interface Summary {
  asked: number
  dissatisfied: number
  neutral: number
  satisfied: number
}

export interface System {
  database: "sqlite" | "postgres"
  /** Bytes in the data directory; 0 when it cannot be told. */
  disk_free: number
  jobs: Jobs
  /** What is not ready, by part. */
  missing: Record<string, string>
  nodes: number
  now: string | null
  search: Lag
  /** What came in and could not be filed; at most 1,000 are counted. */
  set_aside: number
  started_at: string | null
  /** The server's time is set by hand. */
  test_clock: boolean
  version: string
}

export interface Taken {
  /** branch: the case that held, from 1; 0: none did. */
  case?: number
  /** branch: each case that was looked at, with its conditions. */
  cases?: ChatflowFound[][]
  from: string
  step: string
}

export interface TakenBack {
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
  /** What it was, to go on writing. Kept at the server too, unless one writes in that place already. */
  draft: Draft | null
  flags: string[]
  forward: Forward | null
  forward_of: string | null
  from: Party
  /** The original can be downloaded. */
  has_source: boolean
  html: string
  html_quoted: string
  id: string
  in_reply_to: string | null
  mentions: string[]
  offers: Offers | null
  plan: SendPlan | null
  raw_id: string | null
  recipients: Party[]
  remote_id: string
  send_at: string | null
  send_rule: "" | "undo" | "later" | "later_if_quiet"
  sent_at: string | null
  status: string
  status_reason: string
  subject: string
  team_mentions: string[]
  text: string
  text_quoted: string
  thread_id: string | null
  ticket_id: string | null
  truncation_status: string
  type: string
}

export interface Targeting {
  /** None of them may fit. */
  exclude: Rule[]
  /** One of them must fit; none is every page. */
  include: Rule[]
  visitor: Audience
}

export interface Team {
  /** Of the holidays that its main members keep who have none of their own (AV-09). */
  calendar: string
  extra_members: string[]
  id: string
  members: string[]
  name: string
  /** The team that this one is part of (PM-04). */
  parent_id: string | null
  slug: string
}

export interface TeamRef {
  id: string
  name: string
}

export interface Template {
  definition: Definition
  description: string
  id: string
  kind: "live_chat" | "bot"
  name: string
}

export interface Terms {
  points: string[]
  version: string
}

export interface Test {
  /** Of the query's parameter. */
  name?: string
  op: "is" | "is_not" | "contains" | "not_contains" | "begins" | "ends" | "wildcard" | "exists"
  part: "url" | "path" | "query" | "host"
  value?: string
}

export interface Text {
  /** Of the whole installation's settings: send it with the text to notice that they moved on. */
  revision: string
  /** The parts a file may have. */
  sections: string[]
  /** YAML; secrets stand as keep. */
  text: string
}

export interface TextFault {
  line: number
  path: string
  text: string
}

export interface TextPlan {
  changes: SettingChange[]
  /** Faults of the text with their lines; then nothing would change. */
  problems: TextFault[]
  revision: string
}

export interface Thread {
  account: ThreadAccount
  bot: boolean
  can: Abilities
  channel: string
  channel_account_id: string | null
  chatflow_id: string | null
  contact: Contact | null
  contact_id: string | null
  created_at: string
  draft: Draft | null
  hidden: "" | "spam" | "trash"
  hidden_at: string | null
  id: string
  inbox_id: string | null
  last_inbound_at: string | null
  last_message_at: string | null
  mailed_to: string | null
  message_count: number
  open: boolean
  origin: Origin | null
  owner_id: string | null
  /** Filled in by the API: whom a plain answer goes to. */
  reply_defaults: ReplyDefaults
  seen_by_team: string | null
  seen_by_visitor: string | null
  seq: number
  subject: string
  team_id: string | null
  ticket_id: string | null
  visitor_id: string | null
  /** Of a conversation with a visitor, filled in by the API: the accounts that it can go on over, that of a plain answer first. */
  ways: Way[]
}

export interface ThreadAccount {
  active: boolean
  address: string
  id: string
  name: string
  state: string
}

export interface ThreadBody {
  /** With spam: put who wrote, or their domain, on the deny list. */
  block?: "none" | "sender" | "domain"
  /** With assign; left out: nobody. */
  owner_id?: string | null
  team_id?: string | null
  /** With restore: take what denies the sender off the list. */
  unblock?: boolean
}

export interface ThreadPage {
  items: ThreadRow[]
  /** Send it as cursor for the next page; empty at the end. */
  next: string
}

export interface ThreadRow {
  bot: boolean
  channel: string
  channel_account_id: string | null
  chatflow_id: string | null
  contact: ContactRef | null
  contact_id: string | null
  created_at: string
  hidden: "" | "spam" | "trash"
  hidden_at: string | null
  id: string
  inbox: InboxRef
  inbox_id: string | null
  last_direction: "" | "incoming" | "outgoing"
  last_inbound_at: string | null
  last_message_at: string | null
  mailed_to: string | null
  message_count: number
  open: boolean
  origin: Origin | null
  owner: UserRef | null
  owner_id: string | null
  seen_by_team: string | null
  seen_by_visitor: string | null
  snippet: string
  subject: string
  team: TeamRef | null
  team_id: string | null
  ticket_id: string | null
  /** 0: it has no ticket. */
  ticket_number: number
  visitor_id: string | null
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
  /** Who hears of it, the longest first. */
  followers: UserRef[]
  /** Whether the viewer does. */
  following: boolean
  /** In lists: one's own draft waits on it. */
  has_draft: boolean
  /** Why the ticket is out of the ordinary views; empty: it is not. */
  hidden: "" | "spam" | "trash" | "merged"
  hidden_at: string | null
  /** Why it was held back or hidden; empty when a person just did. */
  hidden_reason: string
  id: string
  inbox: InboxRef
  inbox_id: string | null
  /** In which the customer writes, as ISO 639-1; empty: unknown. */
  language: string
  last_activity_at: string | null
  /** incoming: the customer waits. */
  last_direction: "" | "incoming" | "outgoing"
  last_inbound_at: string | null
  /** In lists: the newest entry, comments too. */
  latest: Latest | null
  links: TicketLink[]
  /** Of a merged ticket: what POST /api/merges/{id}/undo takes; null when a machine found the two to be one. */
  merge_id: string | null
  /** What was merged into it, newest first. */
  merged: MergedTicket[]
  merged_into: string | null
  message_count: number
  /** Short, human, never reused. */
  number: number
  open: boolean
  owner: UserRef | null
  owner_id: string | null
  /** After an assignment: how much its owner has now, and the limit, which a person may exceed (CP-05). */
  owner_load?: Standing
  /** Of a ticket without a contact: who takes part in it, because they may have no more tickets (TK-05). */
  participant: Participant | null
  /** In lists: how many people outside write or are written to. */
  participants: number
  /** In lists that were asked with people: more of the contact. */
  person: Person | null
  pipeline_id: string | null
  priority: "" | "low" | "medium" | "high" | "urgent"
  properties: Record<string, unknown>
  /** The number of the last event that this answer covers. */
  seq: number
  snippet: string
  /** Rests until snoozed_until or the customer's next word. */
  snoozed: boolean
  snoozed_by: string | null
  /** null while snoozed: only until the customer writes. */
  snoozed_until: string | null
  status: StatusRef
  status_id: string | null
  subject: string
  /** Of a merged ticket: the one that it went into in the end, when it is in sight. */
  survivor: OtherTicket | null
  team: TeamRef | null
  team_id: string | null
  threads: TicketThread[]
  updated_at: string
  /** Grows with every change; send it with PATCH to refuse a stale edit. */
  version: number
  /** Who else has it open. */
  viewers: Watcher[]
  /** Nobody could have it yet: where it stands in the line; null: it does not wait. */
  waiting: Place | null
}

export interface TicketLink {
  created_at: string
  /** from: the other ticket points at this one. */
  direction: "to" | "from"
  kind: "claims" | "related" | "same_mail" | "duplicate" | "blocks"
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
  /** always is the help desk's default; when: only where the conditions hold; new_topic: not while the contact has an open ticket of this channel account, whose ticket the conversation then joins */
  create: "" | "always" | "when" | "new_topic" | "never"
  /** of a ticket made from a conversation that has an owner already: conversation (the default) takes that owner, policy asks the assignment rule anew (IH-04, TK-04) */
  owner?: "" | "conversation" | "policy" | "no_one"
  /** slug */
  pipeline: string
  priority: string
  properties: Record<string, unknown>
  /** slug */
  status: string
  /** with create: when */
  when?: Conditions
}

export interface TicketPolicyInput {
  category?: string
  /** always; when the conditions of when hold; new_topic: not while the contact has an open ticket over this channel, which the conversation then joins; never. */
  create?: "" | "always" | "when" | "new_topic" | "never"
  /** Of a ticket made of a conversation that somebody has already. */
  owner?: "" | "conversation" | "policy" | "no_one"
  /** A slug. */
  pipeline?: string
  priority?: "" | "low" | "medium" | "high" | "urgent"
  properties?: Record<string, unknown>
  /** A slug. */
  status?: string
  /** With create: when. */
  when?: Conditions
}

export interface TicketRef {
  id: string
  number: number
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
  /** In lists: one's own draft waits on it. */
  has_draft: boolean
  /** Why the ticket is out of the ordinary views; empty: it is not. */
  hidden: "" | "spam" | "trash" | "merged"
  hidden_at: string | null
  /** Why it was held back or hidden; empty when a person just did. */
  hidden_reason: string
  id: string
  inbox: InboxRef
  inbox_id: string | null
  /** In which the customer writes, as ISO 639-1; empty: unknown. */
  language: string
  last_activity_at: string | null
  /** incoming: the customer waits. */
  last_direction: "" | "incoming" | "outgoing"
  last_inbound_at: string | null
  /** In lists: the newest entry, comments too. */
  latest: Latest | null
  merged_into: string | null
  message_count: number
  /** Short, human, never reused. */
  number: number
  open: boolean
  owner: UserRef | null
  owner_id: string | null
  /** In lists: how many people outside write or are written to. */
  participants: number
  /** In lists that were asked with people: more of the contact. */
  person: Person | null
  pipeline_id: string | null
  priority: "" | "low" | "medium" | "high" | "urgent"
  properties: Record<string, unknown>
  snippet: string
  /** Rests until snoozed_until or the customer's next word. */
  snoozed: boolean
  snoozed_by: string | null
  /** null while snoozed: only until the customer writes. */
  snoozed_until: string | null
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
  bot: boolean
  can: Abilities
  channel: string
  channel_account_id: string | null
  chatflow_id: string | null
  contact_id: string | null
  created_at: string
  hidden: "" | "spam" | "trash"
  hidden_at: string | null
  id: string
  inbox_id: string | null
  last_inbound_at: string | null
  last_message_at: string | null
  mailed_to: string | null
  message_count: number
  open: boolean
  origin: Origin | null
  owner_id: string | null
  /** Filled in by the API: whom a plain answer goes to. */
  reply_defaults: ReplyDefaults
  seen_by_team: string | null
  seen_by_visitor: string | null
  subject: string
  team_id: string | null
  ticket_id: string | null
  visitor_id: string | null
  /** Of a conversation with a visitor, filled in by the API: the accounts that it can go on over, that of a plain answer first. */
  ways: Way[]
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

export interface Told {
  actor: string
  channel_account_id: string | null
  created_at: string
  done: number
  error: string
  /** Conversations that stayed, each with its reason. */
  failed: number
  /** The first 200 conversations that stayed, or tickets that undoing kept, each with its reason. */
  failures: Failure[]
  finished_at: string | null
  from_inbox_id: string | null
  id: string
  /** Tickets that the move made. */
  made: number
  plan: Plan
  report: Report
  state: "running" | "done" | "cancelled" | "failed" | "undoing" | "undone"
  to_inbox_id: string | null
  /** How many conversations there were to move; of an undoing: to bring back. */
  total: number
  undo_until: string | null
  undoable: boolean
  undone_at: string | null
}

export interface TransferInputBody {
  note?: string
  owner_id?: string | null
  team_id?: string | null
}

export interface Tried {
  assignment: Assignment
  /** What is known of it, by the names of the fields. */
  facts: Record<string, unknown>
  language: string
  rules: TriedRule[]
}

export interface TriedRule {
  found: ConditionFound[]
  holds: boolean
  name: string
  off: boolean
}

export interface Trigger {
  on: "load" | "seconds" | "scroll" | "exit"
  phone: "same" | "button"
  then: "button" | "prompt" | "open"
  /** Seconds, or percent of the page. */
  value: number
}

export interface Trust {
  /** who is not known yet is made a user */
  create: boolean
  /** of addresses that may come in; empty: any */
  domains: string[]
  /** owners come in by it too: an owner set it up as it is now */
  owners?: boolean
  /** of users that are made */
  role: string
  /** the provider asks for a second factor itself */
  second_factor: boolean
  /** take an address that the provider does not mark as verified, as some company directories never do */
  unverified: boolean
}

export interface TryInputBody {
  /** Whose hours, limits and defaults count. */
  channel_account_id?: string | null
  /** Without a channel account; the help desk when both are left out. */
  inbox_id?: string | null
  policy: AssignPolicy
  /** What somebody might write. */
  sample?: Sample
  /** Number or id of a ticket to try it on. */
  ticket?: string
}

export interface Undo {
  /** What was put on the deny list. */
  blocked: string
  /** For POST /api/merges/{id}/undo, in this order. */
  merge_ids: string[]
  /** For POST /api/splits/{id}/undo. */
  split_id: string | null
}

export interface UpdateFlowBody {
  account_id?: string
  active?: boolean
  name?: string
  version?: number
}

export interface UpdateInputBody {
  actions?: Actions
  html?: string
  kind?: "snippet" | "template"
  locale?: string
  name?: string
  shortcut?: string
  subject?: string
  team_id?: string
  visibility?: "private" | "team" | "everyone"
}

export interface UpdateInputBody1 {
  active?: boolean
  archived?: boolean
  definition?: unknown
  name?: string
  /** The version that was changed. */
  version?: number
}

export interface UpdateSkillInputBody {
  /** Slug. */
  category?: string
  name?: string
}

export interface Use {
  /** Of the channel account or the chatflow. */
  id: string
  kind: "channel" | "chatflow"
  name: string
  rule: string
  skills: string[]
}

export interface UseLinkInputBody {
  /** For the first owner. */
  email?: string
  /** For the first owner. */
  name?: string
  password: string
  token: string
}

export interface Used {
  rules: Use[]
  /** How many have it; the first 200 are listed. */
  total: number
  users: Held[]
}

export interface User {
  active: boolean
  available: boolean
  /** since when */
  available_at: string | null
  /** why availability is as it is */
  available_by: "" | "manual" | "manager" | "hours" | "out_of_office" | "idle"
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

export interface UserSkills {
  items: SkillHeld[]
}

export interface ValidateFlowBody {
  definition: unknown
  kind: "live_chat" | "bot"
}

export interface Verification {
  address: string
  at: string
  auth: AuthEvidence | null
  code: string
  link: string
  message_id: string | null
  provider: string
  raw_id: string | null
  subject: string
}

export interface Version {
  chatflow_id: string | null
  definition: Definition
  note: string
  number: number
  published_at: string | null
  published_by: string | null
}

export interface View {
  at: string
  data: unknown
  kind: "page" | "event"
  name: string
  referrer: string
  title: string
  url: string
}

export interface Views {
  /** Some counts are dear and from a moment ago (as_of): after so long newer ones are there. 0: all are of now. */
  again_ms: number
  /** The saved ones come last, in their order. */
  views: Count[]
}

export interface Visitor {
  ban_reason: string
  banned_at: string | null
  banned_by_user: UserRef | null
  claimed_email: string
  claimed_name: string
  claimed_phone: string
  /** What was shown and answered, the latest first. */
  consents: ConsentEntry[]
  /** Who it is; proven says whether that is certain. */
  contact: Contact | null
  contact_id: string | null
  country: string
  ended_at: string | null
  expires_at: string | null
  external_id: string
  first_seen_at: string | null
  first_url: string
  id: string
  ip: string
  language: string
  last_seen_at: string | null
  /** Whose address it claims to have, when that is somebody else's. */
  matches: ContactRef | null
  /** Its page is open now. */
  online: boolean
  page_at: string | null
  page_title: string
  page_url: string
  proven: boolean
  referrer: string
  session_only: boolean
  /** What is being typed, where the channel shows it. */
  text: string
  /** Its conversations in sight, the latest first; at most 20. */
  threads: ThreadRow[]
  timezone: string
  tracked: boolean
  typing: boolean
  user_agent: string
  utk: string
  views: number
  visits: number
}

export interface Waiting {
  /** An unanswered chat whose owner has gone, by the clock or with their browser, is given to somebody else by the channel's rule after so many minutes (AV-11); 0: never. */
  hand_on_minutes: number
}

export interface Watcher {
  id: string
  name: string
  state: "viewing" | "typing"
}

export interface Way {
  active: boolean
  address: string
  can: Abilities
  channel: string
  id: string
  name: string
  state: string
  /** Whom it reaches there. */
  to: Party[]
}

export interface WayEntry {
  name: string
  slug: string
}

export interface Ways {
  passkeys: boolean
  passwords: boolean
  providers: WayEntry[]
}

export interface WeekBody {
  /** Of holidays; empty: the team's. */
  calendar: string
  /** The zone in it counts for nothing: it is the person's own. null: any time. */
  hours: Schedule | null
}

export interface Why {
  /** What was asked for, or the name of the one before it. */
  detail: string
  fits: boolean
  flow: string | null
  name: string
  reason: "wins" | "later_in_order" | "inactive" | "never_published" | "channel_off" | "outside_business_hours" | "page_not_included" | "page_excluded" | "visitor_known" | "visitor_unknown" | "language" | "country" | "visitor_returning" | "visitor_first_time" | "device"
  wins: boolean
}

export interface Window {
  human: number
  standard: number
  template: boolean
}

export interface WindowRow {
  default: string
  env: string
  help: string
  later: boolean
  set: boolean
  value: string
}

export interface WorkWhy {
  assignment: Assignment | null
}

export const operations = {
  addContactAddress: ["POST", "/api/contacts/{id}/addresses"],
  addMyAbsence: ["POST", "/api/me/absences"],
  addPasskey: ["POST", "/api/me/passkeys/answer"],
  addUserAbsence: ["POST", "/api/users/{id}/absences"],
  applySettingsText: ["POST", "/api/settings/text/apply"],
  applySnippet: ["POST", "/api/snippets/{id}/apply"],
  archiveChatflow: ["DELETE", "/api/chatflows/{id}"],
  archiveForm: ["DELETE", "/api/forms/{id}"],
  askPasskey: ["POST", "/api/session/passkey"],
  assignThread: ["POST", "/api/threads/{id}/assign"],
  assignTicket: ["POST", "/api/tickets/{id}/assign"],
  banVisitor: ["POST", "/api/visitors/{id}/ban"],
  beginPasskey: ["POST", "/api/me/passkeys"],
  cancelBulk: ["POST", "/api/bulk/{id}/cancel"],
  cancelMessage: ["POST", "/api/messages/{id}/cancel"],
  cancelMove: ["POST", "/api/moves/{id}/cancel"],
  changePassword: ["POST", "/api/me/password"],
  checkChannelAccount: ["POST", "/api/channel-accounts/check"],
  checkInstallation: ["POST", "/api/channel-accounts/{id}/installation"],
  checkRecipients: ["POST", "/api/recipients/check"],
  closeThread: ["POST", "/api/threads/{id}/close"],
  confirmFactor: ["POST", "/api/me/factors/code/confirm"],
  contactDuplicates: ["GET", "/api/contacts/{id}/duplicates"],
  contactHolds: ["GET", "/api/contacts/{id}/holds"],
  contactTimeline: ["GET", "/api/contacts/{id}/timeline"],
  copyForm: ["POST", "/api/forms/{id}/copy"],
  correctSender: ["POST", "/api/messages/{id}/sender"],
  countNotifications: ["GET", "/api/notifications/count"],
  countTickets: ["GET", "/api/tickets/count"],
  createChannelAccount: ["POST", "/api/channel-accounts"],
  createChatflow: ["POST", "/api/chatflows"],
  createContact: ["POST", "/api/contacts"],
  createCustomView: ["POST", "/api/custom-views"],
  createForm: ["POST", "/api/forms"],
  createInbox: ["POST", "/api/inboxes"],
  createPipeline: ["POST", "/api/pipelines"],
  createProperty: ["POST", "/api/properties"],
  createRole: ["POST", "/api/roles"],
  createSkillCategory: ["POST", "/api/skill-categories"],
  createSkills: ["POST", "/api/skills"],
  createSnippet: ["POST", "/api/snippets"],
  createTeam: ["POST", "/api/teams"],
  createThreadTicket: ["POST", "/api/threads/{id}/ticket"],
  createTicket: ["POST", "/api/tickets"],
  createToken: ["POST", "/api/tokens"],
  createUser: ["POST", "/api/users"],
  createUserLink: ["POST", "/api/users/{id}/link"],
  deactivateUser: ["POST", "/api/users/{id}/deactivate"],
  deleteBusinessHours: ["DELETE", "/api/business-hours/{slug}"],
  deleteChannelAccount: ["DELETE", "/api/channel-accounts/{id}"],
  deleteContact: ["DELETE", "/api/contacts/{id}"],
  deleteCustomView: ["DELETE", "/api/custom-views/{id}"],
  deleteDraft: ["DELETE", "/api/drafts"],
  deleteHolidayCalendar: ["DELETE", "/api/holiday-calendars/{slug}"],
  deleteInbox: ["DELETE", "/api/inboxes/{id}"],
  deleteRole: ["DELETE", "/api/roles/{slug}"],
  deleteSenderRule: ["DELETE", "/api/spam/rules/{id}"],
  deleteSkill: ["DELETE", "/api/skills/{slug}"],
  deleteSkillCategory: ["DELETE", "/api/skill-categories/{slug}"],
  deleteSnippet: ["DELETE", "/api/snippets/{id}"],
  deleteTeam: ["DELETE", "/api/teams/{id}"],
  diffSettingsText: ["POST", "/api/settings/text/diff"],
  dismissDuplicate: ["POST", "/api/contacts/{id}/dismiss"],
  duplicateChatflow: ["POST", "/api/chatflows/{id}/duplicate"],
  endSession: ["DELETE", "/api/sessions/{id}"],
  endThread: ["POST", "/api/threads/{id}/end"],
  endUserSessions: ["DELETE", "/api/users/{id}/sessions"],
  enrolFactor: ["POST", "/api/me/factors/code"],
  eraseContact: ["POST", "/api/contacts/{id}/erase"],
  events: ["GET", "/api/events"],
  exportAudit: ["GET", "/api/audit/export"],
  exportAvailability: ["GET", "/api/availability/totals.csv"],
  exportContact: ["GET", "/api/contacts/{id}/export"],
  exportSubmissions: ["GET", "/api/forms/{id}/submissions.csv"],
  followTicket: ["POST", "/api/tickets/{id}/follow"],
  getAffects: ["GET", "/api/settings/affects"],
  getAssociations: ["GET", "/api/settings/associations"],
  getAttachment: ["GET", "/api/attachments/{id}"],
  getAvailability: ["GET", "/api/channel-accounts/{id}/availability"],
  getBulk: ["GET", "/api/bulk/{id}"],
  getCapacity: ["GET", "/api/capacity"],
  getChannelAccount: ["GET", "/api/channel-accounts/{id}"],
  getChatflow: ["GET", "/api/chatflows/{id}"],
  getChatflowVersion: ["GET", "/api/chatflows/{id}/versions/{number}"],
  getCompany: ["GET", "/api/settings/company"],
  getCompanyRecord: ["GET", "/api/companies/{id}"],
  getContact: ["GET", "/api/contacts/{id}"],
  getCustomView: ["GET", "/api/custom-views/{id}"],
  getFactors: ["GET", "/api/me/factors"],
  getForm: ["GET", "/api/forms/{id}"],
  getFormEmbed: ["GET", "/api/forms/{id}/embed"],
  getForwarding: ["GET", "/api/channel-accounts/{id}/verification"],
  getFrame: ["GET", "/api/messages/{id}/html"],
  getIdle: ["GET", "/api/settings/idle"],
  getLedger: ["GET", "/api/tickets/{id}/ledger"],
  getMe: ["GET", "/api/me"],
  getMessage: ["GET", "/api/messages/{id}"],
  getMove: ["GET", "/api/moves/{id}"],
  getMyAvailability: ["GET", "/api/me/availability"],
  getMyNotifications: ["GET", "/api/me/notifications"],
  getNotificationDefaults: ["GET", "/api/settings/notifications"],
  getPreferences: ["GET", "/api/me/preferences"],
  getSession: ["GET", "/api/session"],
  getSettingsText: ["GET", "/api/settings/text"],
  getSignIn: ["GET", "/api/sign-in"],
  getSignInSettings: ["GET", "/api/sign-in/settings"],
  getSource: ["GET", "/api/messages/{id}/source"],
  getSpamSettings: ["GET", "/api/spam/settings"],
  getSubmission: ["GET", "/api/submissions/{id}"],
  getSubmissionFile: ["GET", "/api/submissions/{id}/files/{n}"],
  getSurveySettings: ["GET", "/api/settings/survey"],
  getSystem: ["GET", "/api/system"],
  getThread: ["GET", "/api/threads/{id}"],
  getThreadTimeline: ["GET", "/api/threads/{id}/timeline"],
  getTicket: ["GET", "/api/tickets/{id}"],
  getTicketSubmission: ["GET", "/api/tickets/{id}/submission"],
  getTimeline: ["GET", "/api/tickets/{id}/timeline"],
  getTrackingCode: ["GET", "/api/tracking-code"],
  getUserAvailability: ["GET", "/api/users/{id}/availability"],
  getUserFactors: ["GET", "/api/users/{id}/factors"],
  getVisitor: ["GET", "/api/visitors/{id}"],
  getWaitingSettings: ["GET", "/api/settings/waiting"],
  importHolidays: ["POST", "/api/holiday-calendars/{slug}/import"],
  joinThread: ["POST", "/api/threads/{id}/join"],
  joinTicket: ["POST", "/api/tickets/{id}/join"],
  linkTicket: ["POST", "/api/tickets/{id}/links"],
  linkVisitor: ["POST", "/api/visitors/{id}/link"],
  listAudit: ["GET", "/api/audit"],
  listAvailability: ["GET", "/api/availability"],
  listAvailabilityLog: ["GET", "/api/availability/log"],
  listBannedVisitors: ["GET", "/api/visitors/banned"],
  listBulkFailures: ["GET", "/api/bulk/{id}/failures"],
  listBulks: ["GET", "/api/bulk"],
  listBusinessHours: ["GET", "/api/business-hours"],
  listChannelAccounts: ["GET", "/api/channel-accounts"],
  listChannels: ["GET", "/api/channels"],
  listChatflowTemplates: ["GET", "/api/chatflows/templates"],
  listChatflowVersions: ["GET", "/api/chatflows/{id}/versions"],
  listChatflows: ["GET", "/api/chatflows"],
  listContactFiles: ["GET", "/api/contacts/{id}/files"],
  listContactSubmissions: ["GET", "/api/contacts/{id}/submissions"],
  listContactTickets: ["GET", "/api/contacts/{id}/tickets"],
  listContacts: ["GET", "/api/contacts"],
  listCustomViews: ["GET", "/api/custom-views"],
  listDrafts: ["GET", "/api/drafts"],
  listDuplicates: ["GET", "/api/contacts/duplicates"],
  listForms: ["GET", "/api/forms"],
  listHolidayCalendars: ["GET", "/api/holiday-calendars"],
  listInbound: ["GET", "/api/inbound"],
  listInboxes: ["GET", "/api/inboxes"],
  listMoves: ["GET", "/api/channel-accounts/{id}/moves"],
  listNearLimit: ["GET", "/api/associations"],
  listNotifications: ["GET", "/api/notifications"],
  listPipelines: ["GET", "/api/pipelines"],
  listProperties: ["GET", "/api/properties"],
  listProviders: ["GET", "/api/sign-in/providers"],
  listQueue: ["GET", "/api/queue"],
  listRoles: ["GET", "/api/roles"],
  listRoutingFields: ["GET", "/api/routing/fields"],
  listScheduled: ["GET", "/api/messages/scheduled"],
  listSenderRules: ["GET", "/api/spam/rules"],
  listSessions: ["GET", "/api/sessions"],
  listSkillUses: ["GET", "/api/skills/{slug}/uses"],
  listSkills: ["GET", "/api/skills"],
  listSnippetTokens: ["GET", "/api/snippets/tokens"],
  listSnippets: ["GET", "/api/snippets"],
  listSubmissions: ["GET", "/api/forms/{id}/submissions"],
  listSurveyAnswers: ["GET", "/api/surveys"],
  listTeams: ["GET", "/api/teams"],
  listThreads: ["GET", "/api/threads"],
  listTickets: ["GET", "/api/tickets"],
  listTokens: ["GET", "/api/tokens"],
  listUserSessions: ["GET", "/api/users/{id}/sessions"],
  listUserSkills: ["GET", "/api/users/{id}/skills"],
  listUsers: ["GET", "/api/users"],
  listViewFields: ["GET", "/api/custom-views/fields"],
  listViews: ["GET", "/api/views"],
  listVisitorViews: ["GET", "/api/visitors/{id}/views"],
  listVisitorsOnline: ["GET", "/api/visitors/online"],
  listWindows: ["GET", "/api/system/windows"],
  mailTrackingCode: ["POST", "/api/tracking-code/mail"],
  matchChatflow: ["POST", "/api/chatflows/match"],
  mergeContact: ["POST", "/api/contacts/{id}/merge"],
  mergeTickets: ["POST", "/api/tickets/{id}/merge"],
  moveChatflow: ["POST", "/api/chatflows/{id}/move"],
  moveThread: ["POST", "/api/threads/{id}/move"],
  moveTicket: ["POST", "/api/tickets/{id}/move"],
  notSpamTicket: ["POST", "/api/tickets/{id}/not_spam"],
  noteMeSeen: ["POST", "/api/me/seen"],
  orderChatflows: ["POST", "/api/chatflows/order"],
  patchAssociations: ["PATCH", "/api/settings/associations"],
  patchChannelAccount: ["PATCH", "/api/channel-accounts/{id}"],
  patchChatflow: ["PATCH", "/api/chatflows/{id}"],
  patchCompany: ["PATCH", "/api/settings/company"],
  patchCompanyRecord: ["PATCH", "/api/companies/{id}"],
  patchContact: ["PATCH", "/api/contacts/{id}"],
  patchContactAddress: ["PATCH", "/api/contacts/{id}/addresses/{address_id}"],
  patchCustomView: ["PATCH", "/api/custom-views/{id}"],
  patchInbox: ["PATCH", "/api/inboxes/{id}"],
  patchMe: ["PATCH", "/api/me"],
  patchMessage: ["PATCH", "/api/messages/{id}"],
  patchPipeline: ["PATCH", "/api/pipelines/{id}"],
  patchProperty: ["PATCH", "/api/properties/{id}"],
  patchRole: ["PATCH", "/api/roles/{slug}"],
  patchSnippet: ["PATCH", "/api/snippets/{id}"],
  patchSpamSettings: ["PATCH", "/api/spam/settings"],
  patchTeam: ["PATCH", "/api/teams/{id}"],
  patchTicket: ["PATCH", "/api/tickets/{id}"],
  patchUser: ["PATCH", "/api/users/{id}"],
  peekLink: ["GET", "/api/setup"],
  planMove: ["POST", "/api/channel-accounts/{id}/moves/plan"],
  postMessage: ["POST", "/api/threads/{id}/messages"],
  presence: ["POST", "/api/presence"],
  previewChannel: ["POST", "/api/channels/{channel}/preview"],
  previewChannelAccount: ["POST", "/api/channel-accounts/{id}/preview"],
  previewChatflow: ["GET", "/api/chatflows/{id}/preview-link"],
  previewForm: ["POST", "/api/forms/preview"],
  previewSnippet: ["POST", "/api/snippets/preview"],
  previewSpam: ["GET", "/api/spam/preview"],
  proxyImage: ["GET", "/api/proxy/image"],
  publishChatflow: ["POST", "/api/chatflows/{id}/publish"],
  putBusinessHours: ["PUT", "/api/business-hours/{slug}"],
  putDraft: ["PUT", "/api/drafts"],
  putHolidayCalendar: ["PUT", "/api/holiday-calendars/{slug}"],
  putProvider: ["PUT", "/api/sign-in/providers/{slug}"],
  putSenderRules: ["POST", "/api/spam/rules"],
  putSignInSettings: ["PUT", "/api/sign-in/settings"],
  putSurveySettings: ["PUT", "/api/settings/survey"],
  readNotifications: ["POST", "/api/notifications/read"],
  releaseSubmission: ["POST", "/api/submissions/{id}/release"],
  removeContactAddress: ["DELETE", "/api/contacts/{id}/addresses/{address_id}"],
  removeFactor: ["POST", "/api/me/factors/code/remove"],
  removeMyAbsence: ["DELETE", "/api/me/absences/{id}"],
  removePasskey: ["DELETE", "/api/me/passkeys/{id}"],
  removeProvider: ["DELETE", "/api/sign-in/providers/{slug}"],
  removeUserAbsence: ["DELETE", "/api/users/{id}/absences/{absence}"],
  renameSkillCategory: ["PATCH", "/api/skill-categories/{slug}"],
  renderSnippet: ["POST", "/api/snippets/{id}/render"],
  renewRecovery: ["POST", "/api/me/factors/recovery"],
  reopenThread: ["POST", "/api/threads/{id}/reopen"],
  replayInbound: ["POST", "/api/inbound/{id}/replay"],
  replayRouting: ["POST", "/api/routing/replay"],
  resendMessage: ["POST", "/api/messages/{id}/resend"],
  resetFactors: ["DELETE", "/api/users/{id}/factors"],
  resetMyNotifications: ["DELETE", "/api/me/notifications"],
  restoreContact: ["POST", "/api/contacts/{id}/restore"],
  restoreFormTicketFields: ["POST", "/api/forms/{id}/ticket-fields"],
  restoreThread: ["POST", "/api/threads/{id}/restore"],
  restoreTicket: ["POST", "/api/tickets/{id}/restore"],
  retirePipeline: ["POST", "/api/pipelines/{id}/retire"],
  revokeToken: ["DELETE", "/api/tokens/{id}"],
  rollbackChatflow: ["POST", "/api/chatflows/{id}/rollback"],
  rotateTicket: ["POST", "/api/tickets/{id}/rotate"],
  saveChatflowDraft: ["PUT", "/api/chatflows/{id}/draft"],
  search: ["GET", "/api/search"],
  searchFacets: ["GET", "/api/search/facets"],
  searchSuggest: ["GET", "/api/search/suggest"],
  seeThread: ["POST", "/api/threads/{id}/seen"],
  setCapacity: ["PATCH", "/api/capacity"],
  setClock: ["POST", "/api/test/clock"],
  setFollowers: ["POST", "/api/tickets/{id}/followers"],
  setIdle: ["PUT", "/api/settings/idle"],
  setMyAbsence: ["PUT", "/api/me/absences/{id}"],
  setMyAvailability: ["PUT", "/api/me/availability"],
  setMyHours: ["PUT", "/api/me/hours"],
  setMyNotifications: ["PATCH", "/api/me/notifications"],
  setNotificationDefaults: ["PATCH", "/api/settings/notifications"],
  setUserAbsence: ["PUT", "/api/users/{id}/absences/{absence}"],
  setUserAvailability: ["PUT", "/api/users/{id}/availability"],
  setUserCapacity: ["PUT", "/api/users/{id}/capacity"],
  setUserHours: ["PUT", "/api/users/{id}/hours"],
  setUserSkills: ["PUT", "/api/users/{id}/skills"],
  setWaitingSettings: ["PATCH", "/api/settings/waiting"],
  signIn: ["POST", "/api/session"],
  signInCode: ["POST", "/api/session/code"],
  signInEnrol: ["POST", "/api/session/enrol"],
  signInEnrolConfirm: ["POST", "/api/session/enrol/confirm"],
  signInPasskey: ["POST", "/api/session/passkey/answer"],
  signOut: ["DELETE", "/api/session"],
  simulateChatflow: ["POST", "/api/chatflows/simulate"],
  snoozeTicket: ["POST", "/api/tickets/{id}/snooze"],
  spamThread: ["POST", "/api/threads/{id}/spam"],
  spamTicket: ["POST", "/api/tickets/{id}/spam"],
  splitTicket: ["POST", "/api/tickets/{id}/split"],
  startBulk: ["POST", "/api/bulk"],
  startMove: ["POST", "/api/channel-accounts/{id}/moves"],
  sumAvailability: ["GET", "/api/availability/totals"],
  surveySummary: ["GET", "/api/surveys/summary"],
  testMyNotifications: ["POST", "/api/me/notifications/test"],
  trace: ["GET", "/api/trace/{id}"],
  transferTicket: ["POST", "/api/tickets/{id}/transfer"],
  trashThread: ["POST", "/api/threads/{id}/trash"],
  trashTicket: ["POST", "/api/tickets/{id}/trash"],
  tryProvider: ["POST", "/api/sign-in/providers/{slug}/try"],
  tryRole: ["POST", "/api/roles/{slug}/try"],
  tryRouting: ["POST", "/api/routing/try"],
  unbanVisitor: ["POST", "/api/visitors/{id}/unban"],
  undoBulk: ["POST", "/api/bulk/{id}/undo"],
  undoContactMerge: ["POST", "/api/contact-merges/{id}/undo"],
  undoMerge: ["POST", "/api/merges/{id}/undo"],
  undoMove: ["POST", "/api/moves/{id}/undo"],
  undoSplit: ["POST", "/api/splits/{id}/undo"],
  unfollowTicket: ["POST", "/api/tickets/{id}/unfollow"],
  updateForm: ["PATCH", "/api/forms/{id}"],
  updateSkill: ["PATCH", "/api/skills/{slug}"],
  uploadAttachment: ["POST", "/api/attachments"],
  useLink: ["POST", "/api/setup"],
  validateChatflow: ["POST", "/api/chatflows/validate"],
  wakeTicket: ["POST", "/api/tickets/{id}/wake"],
  whyThread: ["GET", "/api/threads/{id}/why"],
  whyTicket: ["GET", "/api/tickets/{id}/why"],
} as const
