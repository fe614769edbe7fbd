export { Timeline, useConvo, latestInbound } from './Timeline.tsx'
export { convoOf, knownConvo, forgetConvos, syncAll, type Reply, type TicketConvo } from './model.ts'
