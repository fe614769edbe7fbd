// What a chatflow is: the shapes of /api/chatflows. Texts are by language; steps lead to each other by id.

import type { AssignPolicy, Conditions, Id, Time } from '@kanal/api'

export type Texts = Record<string, string>
export type Kind = 'live_chat' | 'bot'

export const stepTypes = ['message', 'question', 'branch', 'set', 'ticket', 'assign', 'handover', 'email', 'webhook', 'wait', 'jump', 'end'] as const
export type StepType = (typeof stepTypes)[number]

export interface Bubble { text?: Texts; image?: string; link?: { url: string; label?: string } | null }
export interface Option { label: Texts; value: string; url?: string; next?: string }
export interface When { on: string; name?: string; op: string; value?: string }
export interface Case { when: When[]; next?: string }

/** One step. Which fields it has follows from its type; the server keeps those and says what is wrong with them. */
export interface Step {
  id: string
  type: StepType
  x: number
  y: number
  title?: string
  next?: string
  on_fail?: string
  bubbles?: Bubble[]
  quick?: Option[]
  text?: Texts
  answer?: string
  choices?: Option[]
  /** a question: object and property; a webhook: name and path in the answer */
  save?: Record<string, string>
  required?: boolean
  retries?: number
  retry?: Texts
  cases?: Case[]
  object?: string
  property?: string
  value?: string
  subject?: Texts | string
  description?: string
  pipeline?: string
  status?: string
  priority?: string
  properties?: Record<string, unknown>
  to?: AssignPolicy | string | null
  message?: Texts
  nobody?: Texts
  address?: string
  body?: Texts | string
  url?: string
  method?: string
  headers?: Record<string, string>
  seconds?: number
  close?: boolean
}

export interface RulePart { part: 'url' | 'path' | 'query' | 'host'; name?: string; op: string; value?: string }
export interface Rule { all: RulePart[] }
export interface Targeting {
  include?: Rule[]
  exclude?: Rule[]
  visitor?: { known?: string; languages?: string[]; countries?: string[]; returning?: string; devices?: string[]; referrers?: Rule[]; min_visits?: number; max_visits?: number; contact?: Conditions | null }
}

export interface Definition {
  language?: string
  texts?: Record<string, Texts>
  targeting?: Targeting
  trigger?: { on?: string; value?: number; then?: string; phone?: string }
  capture?: { email?: string; name?: boolean; required?: boolean }
  hours?: string
  /** slug of the hours that hours means; empty: the channel's */
  business_hours?: string
  session?: { timeout_minutes?: number; delay_ms?: number; restart?: boolean }
  error?: Texts
  survey?: boolean
  handover?: { assign?: AssignPolicy | null; nobody?: Texts }
  start?: string
  steps?: Step[]
}

export interface Chatflow {
  id: Id
  slug: string
  account_id: Id
  name: string
  kind: Kind
  active: boolean
  position: number
  /** number of the version visitors get; 0: never published */
  published: number
  published_at?: Time | null
  /** the draft differs from what visitors get */
  changed?: boolean
  version: number
  created_at: Time
  updated_at: Time
  archived_at?: Time | null
  draft?: Definition
}

export interface Version { number: number; note: string; published_by: Id | null; published_by_name?: string; published_at: Time; definition?: Definition }
export interface Fault { step?: string; field?: string; message: string; code?: string; severity?: 'error' | 'warning' }
export interface Template { id: string; kind: Kind; name: string; description: string; definition: Definition }
export interface Why { flow: Id; name: string; fits: boolean; wins?: boolean; reason: string; detail?: string }
export interface MatchAnswer { winner: Id | null; why: Why[] }
