// What the list of news shows, purely.

import type { IconName } from '@kanal/ui'

export interface News {
  id: string
  kind: string
  ticket_id: string | null
  thread_id: string | null
  number: number
  subject: string
  actor_name: string
  excerpt: string
  data: { name?: string; reason?: string; count?: number; lines?: string[] }
  at: string
  read_at: string | null
}
export interface NewsPage { items: News[]; next: string; unread: number }

/** What a notification.created event says. */
export interface Fresh { id: string; kind: string; ticket_id: string | null; in_app: boolean; desktop: boolean }

export interface NewsGroup { key: string; first: News; items: News[]; unread: boolean }

const set = (id: string | null | undefined): id is string => !!id && id !== '0'

/** News of one ticket stands together, where its newest is. */
export function grouped(items: News[]): NewsGroup[] {
  const groups = new Map<string, NewsGroup>()
  for (const n of items) {
    const key = set(n.ticket_id) ? `t${n.ticket_id}` : set(n.thread_id) ? `h${n.thread_id}` : n.id
    const g = groups.get(key) ?? { key, first: n, items: [], unread: false }
    g.items.push(n)
    g.unread ||= !n.read_at
    groups.set(key, g)
  }
  return [...groups.values()]
}

/** Where a piece of news leads. */
export function leadsTo(n: News): string {
  if (n.kind === 'held_digest') return '/tickets/spam'
  if (n.kind === 'set_aside') return '/settings/inbound'
  if (n.kind === 'switched') return '/settings/my-availability'
  if (n.kind === 'channel_broken') return '/settings/help-desk/channels'
  if (n.number) return `/ticket/${n.number}`
  if (set(n.thread_id)) return `/conversation/${n.thread_id}`
  return '/settings/my-notifications'
}

export const newsIcon = (kind: string): IconName => ({
  assigned: 'user', chat_waiting: 'comment', unassigned_new: 'unassigned', customer_replied: 'reply', followed_message: 'eye', mentioned: 'mention', ticket_reopened: 'undo', woken: 'clock', send_failed: 'warn',
  channel_broken: 'plug', set_aside: 'archive', held_digest: 'spam', switched: 'clock',
} as Record<string, IconName>)[kind] ?? 'bell'

/** The news whose detail is worth a line: what was said, or what is wrong. */
export function detailOf(n: News): string {
  if (n.kind === 'send_failed' || n.kind === 'channel_broken') return n.data.reason ?? ''
  if (n.kind === 'held_digest') return (n.data.lines ?? []).slice(0, 3).join(' · ')
  return ['customer_replied', 'followed_message', 'mentioned'].includes(n.kind) ? n.excerpt : ''
}

/** Told at once within the window when somebody works in it: only what asks for them by name or went wrong. */
export const worthAToast = (kind: string): boolean => ['mentioned', 'chat_waiting', 'send_failed', 'woken', 'channel_broken', 'test'].includes(kind)
