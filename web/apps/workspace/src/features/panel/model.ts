import type { Assignment, Conversation } from '@kanal/api'

/** What is to be told of who has a conversation: the kept decision, and that a person has changed it since. */
export function sinceThen(kept: Assignment | null, c: Pick<Conversation, 'owner_id' | 'team_id'>): Assignment[] {
  const of = (id: string | null | undefined) => (id && id !== '0' ? id : '')
  const list = kept ? [kept] : []
  if (of(kept?.owner_id) === of(c.owner_id) && of(kept?.team_id) === of(c.team_id)) return list
  if (!kept && !of(c.owner_id) && !of(c.team_id)) return list
  return [{ at: null, by: 'user', owner_id: c.owner_id ?? null, team_id: c.team_id ?? null, rule: 'manual', reason: of(c.owner_id) || of(c.team_id) ? 'chosen_by_person' : 'cleared_by_person', candidates: [] }, ...list]
}
