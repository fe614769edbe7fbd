// How the settings screens and the simulator show the chat as it would be: `/widget/frame#preview` in an iframe of the same origin takes its whole
// state by postMessage and never speaks to the server. The frame posts 'preview-ready' first; the screen answers with 'preview', again at each change.

import type { Hello, Msg, Th } from './types.ts'

export interface PreviewState {
  hello: Hello
  /** What it shows: the list of conversations, one conversation, or the first words before there is one. */
  view: 'home' | 'chat'
  threads: Th[]
  messages: Msg[]
  typing: { name: string; avatar: string } | null
  scheme: 'light' | 'dark' | 'auto'
  phone: boolean
  /** Whether the visitor has agreed to what hello.flow.consent says; left out: as it says. */
  consent?: 'needed' | 'given' | 'declined'
}

export type ToPreview = { type: 'preview'; state: PreviewState }

/** What the person does in the preview: the simulator answers it, a settings screen ignores it. */
export type PreviewAct =
  | { kind: 'send'; text: string; quick: { step: string; value: string; label: string } | null; files: { name: string; size: number; type: string }[] }
  | { kind: 'close' } | { kind: 'new' }

export type FromPreview = { type: 'preview-ready' } | { type: 'preview-act'; act: PreviewAct }
