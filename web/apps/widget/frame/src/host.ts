// The page around us: the loader that made this frame, an app whose web view shows us as a whole page, or a settings screen.

import { MARK, type EventName, type ToFrame, type ToPage } from '../../shared/protocol.ts'

export interface Host {
  say(m: ToPage): void
  event(name: EventName, payload: unknown): void
  stop(): void
}

interface Bridges { webkit?: { messageHandlers?: { kanal?: { postMessage(m: unknown): void } } }; KanalBridge?: { postMessage(m: string): void }; ReactNativeWebView?: { postMessage(m: string): void } }

function listener(accept: (e: MessageEvent, m: Marked) => boolean, take: (m: ToFrame) => void) {
  const on = (e: MessageEvent) => {
    let m: unknown = e.data
    if (typeof m === 'string') try { m = JSON.parse(m) } catch { return }
    if (!m || typeof m !== 'object' || (m as Marked)[MARK] !== 1 || typeof (m as Marked).type !== 'string' || !accept(e, m as Marked)) return
    take(m as unknown as ToFrame)
  }
  addEventListener('message', on)
  return () => removeEventListener('message', on)
}

type Marked = { [MARK]?: number; type?: string }

/** Inside the loader's iframe. The page's origin is learnt from its first message and held to. */
export function framed(take: (m: ToFrame) => void): Host {
  let origin = ''
  const off = listener((e, m) => {
    if (e.source !== parent || (origin && e.origin !== origin)) return false
    if (!origin && m.type === 'init') origin = e.origin
    return origin !== ''
  }, take)
  // Before the page has spoken, only that we are ready is said aloud.
  const say = (m: ToPage) => { if (origin || m.type === 'ready') parent.postMessage({ ...m, [MARK]: 1 }, origin && origin !== 'null' ? origin : '*') }
  return { say, event: (name, payload) => say({ type: 'event', name, payload }), stop: off }
}

/** A page of its own, perhaps in an app's web view. */
export function alone(take: (m: ToFrame) => void): Host {
  const off = listener((e) => e.source === null || e.source === window, take)
  const say = (m: ToPage) => {
    const w = window as Window & Bridges
    const json = JSON.stringify({ ...m, [MARK]: 1 })
    try { w.webkit?.messageHandlers?.kanal?.postMessage({ ...m, [MARK]: 1 }) } catch { /* no such app */ }
    try { w.KanalBridge?.postMessage(json) } catch { /* no such app */ }
    try { w.ReactNativeWebView?.postMessage(json) } catch { /* no such app */ }
  }
  return { say, event: (name, payload) => say({ type: 'event', name, payload }), stop: off }
}
