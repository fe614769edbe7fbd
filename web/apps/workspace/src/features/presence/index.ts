export { announceTyping, follow, hearPresence, seedPresence, setSelf, seen, useAnnounce, useOthers, useSeen } from './presence.ts'
export { Others } from './Others.tsx'
