export { ConversationList, ConversationScreen } from './later.ts'
export { ModeSwitch, useMode } from './modes.tsx'
export { conversationQuery, refreshConversations } from './queries.ts'
