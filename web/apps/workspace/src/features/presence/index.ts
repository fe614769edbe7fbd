export { announceTyping, hearPresence, seedPresence, setSelf, useAnnounce, useOthers, useSeen } from './presence.ts'
export { Others } from './Others.tsx'
