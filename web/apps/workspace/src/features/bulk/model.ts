import type { Selection } from '@/features/tickets/index.ts'
import type { Key } from '@/locales/index.ts'

export type ActionType = 'assign' | 'rotate' | 'update' | 'close' | 'reopen' | 'snooze' | 'wake' | 'follow' | 'unfollow' | 'move' | 'merge' | 'spam' | 'not_spam' | 'trash' | 'restore' | 'purge'

export interface Action {
  type: ActionType
  owner_id?: string
  team_id?: string
  no_owner?: boolean
  no_team?: boolean
  status_id?: string
  priority?: string
  category?: string
  add_tags?: string[]
  remove_tags?: string[]
  properties?: Record<string, unknown>
  until?: string | null
  inbox_id?: string
  into?: string
  block?: '' | 'none' | 'sender' | 'domain'
  allow?: boolean
}

export type State = 'collecting' | 'running' | 'done' | 'cancelled' | 'failed'

export interface Run {
  id: string
  action: Action
  state: State
  total: number
  done: number
  same: number
  failed: number
  undo_of: string | null
  undone_by: string | null
  undoable: boolean
  error: string
  created_at: string
  finished_at: string | null
}

export interface Failure { position: number; ticket_id: string; number: number; subject: string; reason: string; sentence: string }

export const isOver = (r: Run): boolean => r.state === 'done' || r.state === 'cancelled' || r.state === 'failed'

/** How far it is, 0 to 1; while tickets are still being collected nobody knows. */
export const share = (r: Run): number | null => (r.state === 'collecting' || r.total === 0 ? null : (r.done + r.same + r.failed) / r.total)

/** What is going on, as a heading: "Closing", or "Undoing: closing". */
export const doingKey = (r: Run): Key => `bulk.doing.${r.action.type}` as Key

/** What the server is told is selected. */
export const selectionOf = (s: Selection): Record<string, unknown> =>
  s.all ? { view: s.view + s.at, ...(s.filter ? { filter: JSON.parse(s.filter) as unknown } : {}), ...(s.capped ? {} : { expect: s.count }) } : { ids: [...s.ids] }

/** Actions on very many, and those that cannot be undone, are asked about first. */
export const asksFirst = (a: Action, s: Selection): boolean => a.type === 'purge' || s.all || s.count > 50 || (a.type === 'spam' && !!a.block && a.block !== 'none')
