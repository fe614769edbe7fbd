export { ChatBar } from './ChatBar.tsx'
export { BannedVisitors } from './Banned.tsx'
export { LiveTime } from './LiveTime.tsx'
export { VisitorCard } from './VisitorCard.tsx'
