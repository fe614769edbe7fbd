// Who is on the other side of a chat, as the server's own document describes it.

import type * as G from './generated.ts'

export type Visitor = G.Visitor
export type VisitorView = G.View
