export { Timeline, useConvo, latestInbound } from './Timeline.tsx'
export { convoOf, knownConvo, forgetConvos, moveOutbox, syncAll, type Reply, type TicketConvo } from './model.ts'
