// What waits for somebody: where it stands, and what the rule says when it is asked again.

import { get, post, type Assignment, type Ticket } from '@kanal/api'
import { ticketQuery } from '@/features/tickets/index.ts'
import { loadMore, maybe, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'

export interface QueueRow {
  object: 'ticket' | 'thread'
  ticket_id: string | null
  thread_id: string | null
  number: number
  subject: string
  contact: string
  priority: string
  channel_account_id: string
  channel_account: string
  channel: string
  inbox_id: string
  since: string
  place: number
  of: number
  reason: string
  next_at: string | null
  tries: number
}

interface Queue { items: QueueRow[]; next: string; total: number }

export const queueKey = ['queue'] as const
export const loadQueue = (cursor: string) => get<Queue>('/api/queue', { cursor, limit: 50 })

export const reasonName = (reason: string): string => maybe(`reason.${reason}`, reason)

/** RT-19: gives a ticket out by the rule of its channel. */
export async function rotate(ticket: Pick<Ticket, 'id'>): Promise<void> {
  try {
    await loadMore()
    const { assignment: a, same } = await post<{ assignment: Assignment; same: boolean }>(`/api/tickets/${ticket.id}/rotate`, {})
    const name = a.candidates?.find((c) => c.chosen)?.name ?? ''
    toast(a.owner_id ? t(same ? 'waiting.rotated_same' : 'waiting.rotated', { name }) : t('waiting.rotated_nobody', { reason: reasonName(a.reason) }))
    await queries.invalidateQueries({ queryKey: ticketQuery(ticket.id).queryKey })
  } catch (err) { toastError(err) }
}
