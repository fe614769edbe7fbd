// Conversations, their list and the screen of one, load when they are opened: most work is in tickets.
import { lazy } from 'react'

export const ConversationList = lazy(() => import('./ConversationList.tsx').then((m) => ({ default: m.ConversationList })))
export const ConversationScreen = lazy(() => import('./ConversationScreen.tsx').then((m) => ({ default: m.ConversationScreen })))
