import { createContext, use } from 'react'
import type { ChatSettings } from './model.ts'

export interface ChatForm {
  s: ChatSettings
  /** Sets the value at a dotted path. */
  set(path: string, value: unknown): void
  /** The language whose texts are being written. */
  lang: string
  setLang(l: string): void
  langs: string[]
  company: string
  wrong(path: string): string | undefined
  disabled: boolean
}

export const ChatContext = createContext<ChatForm | null>(null)
export function useChat(): ChatForm {
  const c = use(ChatContext)
  if (!c) throw new Error('outside a chat form')
  return c
}
