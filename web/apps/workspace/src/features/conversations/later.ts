// One conversation's screen loads when one is opened: most work is in tickets.
import { lazy } from 'react'

export const ConversationScreen = lazy(() => import('./ConversationScreen.tsx').then((m) => ({ default: m.ConversationScreen })))
