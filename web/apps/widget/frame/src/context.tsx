import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Chat } from './chat.ts'
import type { State } from './state.ts'
import type { T } from './texts.ts'

export const ChatContext = createContext<{ chat: Chat; s: State; t: T; locale: string }>(null as never)
export const useChat = () => useContext(ChatContext)

export function useSnapshot(chat: Chat): State {
  const [state, set] = useState(chat.state)
  useEffect(() => { set(chat.state); return chat.subscribe(() => set(chat.state)) }, [chat])
  return state
}

/** True after a while: what comes quickly needs no skeleton. */
export function useLate(waiting: boolean, ms = 300): boolean {
  const [late, set] = useState(false)
  useEffect(() => {
    if (!waiting) { set(false); return }
    const timer = setTimeout(() => set(true), ms)
    return () => clearTimeout(timer)
  }, [waiting, ms])
  return late && waiting
}

/** Now, to the minute, so that "2 min" does not grow old. */
export function useNow(): number {
  const [now, set] = useState(Date.now())
  useEffect(() => { const timer = setInterval(() => set(Date.now()), 30_000); return () => clearInterval(timer) }, [])
  return now
}
