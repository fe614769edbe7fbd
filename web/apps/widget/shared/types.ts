// What /widget/… answers, in TypeScript. The Go structs in internal/api/widget are the source.

export interface Visitor { id: string; token: string; expires_at: string | null; known: boolean; email_known: boolean }

export type AvailabilityState = 'available' | 'away' | 'offline' | 'capacity'
export interface Availability {
  state: AvailabilityState
  text: string
  reply_time: string
  returns_at: string | null
  position: number | null
  wait_minutes?: number
  show: boolean
}

export interface Person { name: string; avatar: string; available?: boolean }
export interface Heading { name: string; avatar: string; people: Person[] }

export interface Consent { kind: 'explicit' | 'implicit'; text: string; declined?: string; version: string; state: '' | 'given' | 'declined' | 'withdrawn' | 'shown' }

export interface Capture { email: 'never' | 'immediately' | 'after_first' | 'away'; name: boolean; required: boolean }

export interface Flow {
  id: string
  number: number
  kind: 'live_chat' | 'bot'
  language: string
  capture: Capture
  welcome: string
  opening: Msg[]
  consent: Consent | null
  delay_ms: number
  survey?: boolean
  error?: string
}

export interface Account {
  id: string
  color: string
  font: 'system' | 'serif' | 'rounded' | 'mono'
  position: 'left' | 'right'
  sound?: boolean
  typing_preview?: boolean
  closed?: 'reopen' | 'new'
}

export interface Texts { locale: string; dir: 'ltr' | 'rtl'; overrides: Record<string, string> }

export interface Hello {
  visitor: Visitor | null
  account: Account
  flow: Flow | null
  availability: Availability
  heading: Heading
  texts: Texts
  open: { threads: number; unread: number; latest: string }
  launcher: boolean
  files: { enabled: boolean; max_bytes: number }
  emoji: boolean
  typing: boolean
  read: boolean
  transcript: 'offer' | 'always' | 'never'
}

export interface Th {
  id: string
  open: boolean
  bot: boolean
  with: { name: string; avatar: string } | null
  last_at: string
  preview: string
  unread: number
  rated: boolean
  /** there is a ticket, which keeps the rating */
  can_rate: boolean
  created_at: string
}

export interface ChatFile { id: string; name: string; type: string; size: number; url: string; image: boolean; width: number; height: number }
export interface QuickReply { label: string; value: string; url: string; step: string }
export type AnswerType = 'text' | 'email' | 'phone' | 'number' | 'date' | 'url' | 'choice' | 'yes_no' | 'file'
export interface Ask { step: string; answer: AnswerType; required: boolean; choices: { label: string; value: string }[]; placeholder: string }

export interface Msg {
  id: string
  thread_id: string
  kind: 'message' | 'welcome' | 'system'
  from: 'visitor' | 'agent' | 'bot' | 'system'
  author: { name: string; avatar: string } | null
  text: string
  html: string
  files: ChatFile[]
  quick: QuickReply[]
  input: Ask | null
  at: string
  client_id: string
  status: 'sent' | 'delivered' | 'read' | 'failed'
  /** Of kind system: what has happened, for the frame to say in its words where text is empty. */
  system?: { code: 'joined' | 'transferred' | 'left' | 'ended' | 'reopened'; name: string }
}

export interface MessagesPage { items: Msg[]; next: string; thread: Th }
export interface ThreadsPage { items: Th[]; next: string }
export interface Sent { thread: Th; message: Msg }
export interface Uploaded { receipt: string; name: string; type: string; size: number }
