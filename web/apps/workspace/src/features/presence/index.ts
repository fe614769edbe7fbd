export { announceTyping, hearPresence, seedPresence, useAnnounce, useOthers } from './presence.ts'
export { Others } from './Others.tsx'
