// What one writes with: scheduled sends, a look at recipients, snippets and templates.

import type { Id, Message, Party, Time } from './types.ts'

/** What is done to the ticket when a message leaves. */
export interface SendPlan { status?: string; priority?: string; category?: string; owner_id?: Id | null; team_id?: Id | null; snooze?: boolean; snooze_until?: Time | null }

export interface ScheduledMessage extends Message { ticket: { id: Id; number: number; subject: string; open: boolean } | null }

export interface Caution { kind: 'new_outsider' | 'look_alike' | 'mistyped_domain' | 'attachment_to_cc' | 'colleague' | 'own_address'; address: string; detail: string }

export interface SnippetActions { status?: string; priority?: string; category?: string; owner?: string; team?: string; properties?: Record<string, unknown>; snooze?: string }
export interface Snippet {
  id: Id
  slug: string
  kind: 'snippet' | 'template'
  name: string
  shortcut: string
  subject: string
  html: string
  text: string
  visibility: 'private' | 'team' | 'everyone'
  team_id: Id | null
  owner_id: Id | null
  locale: string
  actions: SnippetActions
  tokens: string[] | null
  uses: number
  last_used_at: Time | null
  may_edit: boolean
}
export interface Rendered { subject: string; html: string; text: string; missing: string[] | null; actions: SnippetActions }

export interface Draft {
  id?: Id
  ticket_id?: Id | null
  thread_id?: Id | null
  type: 'reply' | 'comment' | 'new' | 'forward'
  forward_of?: Id | null
  in_reply_to?: Id | null
  to?: Party[] | null
  cc?: Party[] | null
  bcc?: Party[] | null
  subject?: string
  html?: string
  text?: string
  attachments?: Id[] | null
  updated_at?: Time | null
  seen_seq?: number
}
