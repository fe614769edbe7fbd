// A channel that moves to another inbox, as the server's own document describes it.

import type * as G from './generated.ts'

export type Move = G.Move & { channel_account_id: string; from_inbox_id: string; to_inbox_id: string }
export type MoveFailure = G.Failure & { thread_id: string }
export type MoveNote = G.Note
/** What one asks for; to must be given. */
export type MovePlan = Omit<G.Plan, 'to' | 'conversations' | 'since' | 'statuses' | 'ticket'> & Partial<Pick<G.Plan, 'conversations' | 'since' | 'statuses'>> & { to: string }
export type MovePreview = G.RelocationPreview
export type NearLimit = Omit<G.NearLimit, 'items'> & { items: (G.Near & { contact_id: string })[] }
