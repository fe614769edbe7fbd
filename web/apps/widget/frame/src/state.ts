// What the screens show. One object, replaced at each change.

import type { Convo } from '@kanal/convo'
import type { FrameOptions, Page } from '../../shared/protocol.ts'
import type { Availability, Hello, Msg, Th } from '../../shared/types.ts'
import type { Draft } from './model.ts'
import type { Words } from './texts.ts'

export type Mode = 'frame' | 'page' | 'preview'
export type ConsentState = 'none' | 'implicit' | 'needed' | 'given' | 'declined'

export interface Upload {
  id: string
  name: string
  type: string
  size: number
  part: number
  state: 'up' | 'done' | 'failed'
  error: 'size' | 'offline' | 'refused' | ''
  why: string
  receipt: string
  picture: string
}

export interface State {
  phase: 'boot' | 'ready' | 'failed' | 'banned'
  mode: Mode
  hello: Hello | null
  words: Words | null
  open: boolean
  inline: boolean
  phone: boolean
  options: FrameOptions
  page: Page
  view: 'home' | 'chat'
  /** The conversation that is shown; '' is one that does not exist yet. */
  thread: string
  threads: Th[]
  threadsStatus: 'idle' | 'loading' | 'ready' | 'failed'
  threadsNext: string
  convo: Convo<Msg, Draft> | null
  connection: 'off' | 'live' | 'reconnecting' | 'offline'
  typing: { thread: string; name: string; avatar: string } | null
  availability: Availability | null
  consent: ConsentState
  /** The visitor's address is known, or was just given. */
  known: boolean
  gave: string
  captureSkipped: boolean
  uploads: Upload[]
  muted: boolean
  /** The first message that was new when the conversation was opened. */
  newFrom: string
  /** Said aloud by a screen reader. */
  said: { n: number; text: string }
  /** Asks for the focus of what one types into. */
  focus: number
}

export const nobody: State = {
  phase: 'boot', mode: 'frame', hello: null, words: null, open: false, inline: false, phone: false,
  options: { attachments: true, focus: true, newThreadLink: true },
  page: { url: '', title: '', referrer: '' },
  view: 'chat', thread: '', threads: [], threadsStatus: 'idle', threadsNext: '', convo: null, connection: 'off', typing: null, availability: null,
  consent: 'none', known: false, gave: '', captureSkipped: false, uploads: [], muted: false, newFrom: '', said: { n: 0, text: '' }, focus: 0,
}

/** Ids are numbers written out; later ones are greater. */
export const later = (a: string, b: string) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

export const threadOf = (s: State): Th | null => s.threads.find((t) => t.id === s.thread) ?? null

/** What the visitor may still not be asked to do without: agree, or say who they are. */
export function captureNow(s: State, wrote: boolean): boolean {
  const c = s.hello?.flow?.capture
  if (!c || s.known || s.captureSkipped) return false
  if (c.email === 'immediately') return true
  if (c.email === 'after_first') return wrote
  return c.email === 'away' && s.availability?.state !== 'available'
}
