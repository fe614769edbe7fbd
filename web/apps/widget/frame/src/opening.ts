// The first words of a conversation that does not exist yet: the welcome, or a bot's opening. They come one after the other, as somebody would say them.

import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Msg } from '../../shared/types.ts'
import type { Chat } from './chat.ts'
import type { ChatItem } from './model.ts'
import type { State } from './state.ts'

const spoken = new Set<string>()

export function firstWords(s: State): Msg[] {
  const flow = s.hello?.flow
  if (!flow || s.consent === 'declined') return []
  const heading = s.hello!.heading
  const bot = flow.kind === 'bot'
  const author = bot || !heading.people?.length ? { name: heading.name, avatar: heading.avatar } : { name: heading.people[0]!.name, avatar: heading.people[0]!.avatar }
  const blank = { thread_id: '', text: '', html: '', files: [], quick: [], input: null, at: '', client_id: '', status: 'sent' as const, kind: 'welcome' as const, author }
  const opening = (flow.opening ?? []).map((m, i) => ({ ...blank, ...m, author: m.author ?? author, at: '', id: m.id || `o${i}` }))
  if (opening.length) return opening
  return flow.welcome ? [{ ...blank, id: 'welcome', from: bot ? 'bot' : 'agent', text: flow.welcome }] : []
}

export function useOpening(chat: Chat, s: State): { items: ChatItem[]; typing: { name: string; avatar: string } | null } {
  const fresh = !s.thread
  const words = useMemo(() => (fresh ? firstWords(s) : []), [fresh, s.hello, s.consent])
  const key = words.map((m) => m.id + m.text).join('|')
  const calm = spoken.has(key) || chat.preview || matchMedia('(prefers-reduced-motion: reduce)').matches
  const [n, set] = useState(calm ? words.length : 0)
  const wait = Math.min(Math.max(s.hello?.flow?.delay_ms ?? 400, 0), 1500)
  useEffect(() => {
    if (calm) { set(words.length); return }
    set(0)
  }, [key])
  useEffect(() => {
    if (!s.open || n >= words.length) { if (words.length && n >= words.length) spoken.add(key); return }
    const timer = setTimeout(() => { set(n + 1); chat.announce(words[n]!.text) }, wait)
    return () => clearTimeout(timer)
  }, [n, key, s.open])
  // Once something was said there is nothing to wait for.
  const all = (s.convo?.getSnapshot().items.length ?? 0) > 0
  const upto = all ? words.length : Math.min(n, words.length)
  return {
    items: words.slice(0, upto).map((value) => ({ kind: 'entry' as const, key: value.id, value })),
    typing: upto < words.length && s.open ? words[upto]!.author : null,
  }
}
