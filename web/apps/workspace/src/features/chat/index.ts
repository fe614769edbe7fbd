export { ChatBar } from './ChatBar.tsx'
export { VisitorCard } from './VisitorCard.tsx'
