export { ConversationList } from './ConversationList.tsx'
export { ConversationScreen } from './ConversationScreen.tsx'
export { ModeSwitch, useMode } from './modes.tsx'
export { conversationQuery, refreshConversations } from './queries.ts'
