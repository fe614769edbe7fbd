import './actions.ts'

export { moreActions } from './actions.ts'
export { StateBanner } from './StateBanner.tsx'
export { TriageHost } from './TriageHost.tsx'

/** Gives a conversation without a ticket to somebody. */
export const assignConversation = async (id: string, owner: string | null, team: string | null): Promise<void> => (await import('./run.ts')).assignThread(id, owner, team)
