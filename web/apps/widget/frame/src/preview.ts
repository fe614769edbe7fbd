// A preview: the settings screens and the simulator say what to show, and nothing goes to the server.

import { Convo } from '@kanal/convo'
import type { FromPreview, PreviewState, ToPreview } from '../../shared/preview.ts'
import type { Msg } from '../../shared/types.ts'
import type { Chat } from './chat.ts'
import { uuid } from './api.ts'
import type { Draft } from './model.ts'
import { loadWords } from './texts.ts'

export function startPreview(chat: Chat): void {
  const say = (m: FromPreview) => parent.postMessage(m, location.origin)
  chat.act = (act) => say({ type: 'preview-act', act })
  let turn = 0
  addEventListener('message', (e: MessageEvent<ToPreview>) => {
    if (e.source !== parent || e.origin !== location.origin || e.data?.type !== 'preview') return
    const mine = ++turn
    void show(chat, e.data.state, () => mine === turn)
  })
  say({ type: 'preview-ready' })
}

async function show(chat: Chat, p: PreviewState, current: () => boolean): Promise<void> {
  const root = document.documentElement
  if (p.scheme === 'auto') delete root.dataset.scheme
  else root.dataset.scheme = p.scheme
  const convo = new Convo<Msg, Draft>({
    load: () => Promise.resolve({ entries: p.messages.map((m) => ({ key: m.id, at: m.at, value: m })), next: '' }),
    send: () => Promise.reject(new Error('preview')), refused: () => true, newKey: uuid, now: () => Date.now(),
  })
  const [words] = await Promise.all([loadWords(p.hello.texts), convo.init()])
  if (!current()) return
  const c = p.hello.flow?.consent
  const thread = p.messages.length ? p.messages[0]!.thread_id || p.threads[0]?.id || 'preview' : ''
  chat.set({
    phase: 'ready', hello: p.hello, words, convo, thread, view: p.view, threads: p.threads, threadsStatus: 'ready', availability: p.hello.availability, phone: p.phone, open: true,
    typing: p.typing ? { thread, ...p.typing } : null, known: !!p.hello.visitor?.known || !!p.hello.visitor?.email_known, connection: 'live',
    consent: p.consent ?? (!c ? 'none' : c.kind === 'implicit' ? 'implicit' : c.state === 'given' ? 'given' : 'needed'),
  })
}
