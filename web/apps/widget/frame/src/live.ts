// What the server tells while the chat is open: one stream for all tabs, followed by this one or told by the one that reads it.

import type { Availability, Msg, Th } from '../../shared/types.ts'
import type { Chat } from './chat.ts'
import { later } from './state.ts'
import { type Connection, type StreamEvent, VisitorStream } from './stream.ts'
import { Tabs } from './tabs.ts'

const unseenFor = 3 * 60_000 // hidden this long: ask less often
const typingFor = 8_000
const grace = 2_500

export class Live {
  private tabs: Tabs | null = null
  private stream: VisitorStream | null = null
  private last = -1
  private name = ''
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined
  private typingTimer: ReturnType<typeof setTimeout> | undefined
  private troubleTimer: ReturnType<typeof setTimeout> | undefined
  private configTimer: ReturnType<typeof setTimeout> | undefined
  private readonly off: (() => void)[] = []

  constructor(private readonly chat: Chat) {}

  get leading(): boolean { return this.tabs?.leading ?? true }

  start(visitor: string): void {
    if (this.name === visitor || this.chat.preview) return
    this.stop()
    this.name = visitor
    this.tabs = new Tabs(`kanal.${visitor}`, {
      lead: () => this.read(),
      told: (m) => {
        if (m.kind === 'event') this.event(m.ev)
        else if (m.kind === 'ready') { this.last = Math.max(this.last, m.last); this.ready() }
        else if (m.kind === 'state') this.state(m.state)
        else if (m.kind === 'hello' && this.tabs?.leading && this.chat.state.connection === 'live') this.tabs.say({ kind: 'ready', last: this.stream?.last ?? -1, fresh: true })
      },
    })
    const listen = (target: EventTarget, name: string, fn: () => void) => { target.addEventListener(name, fn); this.off.push(() => target.removeEventListener(name, fn)) }
    listen(window, 'online', () => { this.stream?.renew(); void this.chat.flush() })
    listen(window, 'offline', () => this.state('waiting'))
    listen(document, 'visibilitychange', () => {
      clearTimeout(this.hiddenTimer)
      if (document.visibilityState === 'hidden') { this.hiddenTimer = setTimeout(() => this.stream?.setSlow(true), unseenFor); return }
      this.stream?.setSlow(false)
      this.stream?.nudge()
      this.chat.touched()
    })
  }

  stop(): void {
    this.name = ''
    this.stream?.stop()
    this.stream = null
    this.tabs?.stop()
    this.tabs = null
    this.last = -1
    for (const timer of [this.hiddenTimer, this.troubleTimer, this.configTimer, this.typingTimer]) clearTimeout(timer)
    this.troubleTimer = undefined
    for (const fn of this.off.splice(0)) fn()
    this.chat.set({ connection: 'off' })
  }

  /** Something could not be sent: perhaps the stream does not know yet that it is dead. */
  check(): void { if (!navigator.onLine) this.state('waiting') }

  private read(): void {
    this.stream = new VisitorStream(() => this.chat.api.headers(), {
      event: (ev) => { this.tabs?.say({ kind: 'event', ev }); this.event(ev) },
      ready: (fresh) => {
        this.tabs?.say({ kind: 'ready', last: this.stream?.last ?? -1, fresh })
        this.ready(fresh)
      },
      state: (s) => { this.tabs?.say({ kind: 'state', state: s }); this.state(s) },
      signedOut: () => void this.chat.lost(),
      banned: () => this.chat.banned(),
    })
    this.stream.last = this.last
    this.stream.about = () => ({ account: this.chat.state.hello?.account.id ?? '', lang: this.chat.state.hello?.texts.locale ?? '' })
    this.stream.start()
  }

  private ready(fresh = true): void {
    this.state('live')
    if (fresh) {
      void this.chat.state.convo?.sync()
      void this.chat.loadThreads()
    }
    void this.chat.flush()
  }

  /** A short gap is not worth a word. */
  private state(s: Connection): void {
    const { chat } = this
    if (s === 'live') {
      clearTimeout(this.troubleTimer)
      this.troubleTimer = undefined
      if (chat.state.connection !== 'live') chat.set({ connection: 'live' })
      return
    }
    if (!navigator.onLine) {
      if (chat.state.connection !== 'offline') chat.set({ connection: 'offline', typing: null })
      return
    }
    if (chat.state.connection === 'offline') chat.set({ connection: 'reconnecting' })
    this.troubleTimer ??= setTimeout(() => { chat.set({ connection: navigator.onLine ? 'reconnecting' : 'offline', typing: null }) }, grace)
  }

  private event(ev: StreamEvent): void {
    const { chat } = this
    if (ev.id > this.last) this.last = ev.id
    const data = ev.data as Record<string, unknown> | null
    if (!data && ev.event !== 'config') return
    const thread = idOf(data?.thread)
    switch (ev.event) {
      case 'message': {
        if (typeof data!.thread === 'object' && data!.thread) chat.threadIs({ ...(data!.thread as Th), unread: chat.state.threads.find((t) => t.id === thread)?.unread ?? 0 })
        const m = data!.message as Msg
        return chat.told(thread || m.thread_id, m)
      }
      case 'message_updated': {
        const m = data!.message as Msg
        return chat.convo(thread || m.thread_id).patch({ key: m.id, at: m.at, value: m })
      }
      case 'thread': {
        const th = (data!.thread ?? data) as Th
        return chat.threadIs(th)
      }
      case 'seen': return this.seen(thread, String(data!.message ?? ''))
      case 'typing': return this.typing(thread, data!.on !== false, data!.author as { name: string; avatar: string } | null)
      case 'availability': {
        const a = (data!.availability ?? data) as Availability & { account_id?: string }
        if (!a.account_id || a.account_id === chat.state.hello?.account.id) chat.set({ availability: { ...chat.state.availability, ...a } })
        return
      }
      case 'config': // everybody is told at once, and asks at a moment of their own
        clearTimeout(this.configTimer)
        this.configTimer = setTimeout(() => void chat.sayHello('refresh'), Math.random() * ((data?.within_ms as number | undefined) ?? 0))
        return
    }
  }

  private seen(thread: string, message: string): void {
    const convo = this.chat.convo(thread)
    for (const i of convo.getSnapshot().items) {
      if (i.kind === 'entry' && i.value.from === 'visitor' && i.value.status !== 'read' && later(i.key, message) <= 0) convo.patch({ key: i.key, at: i.value.at, value: { ...i.value, status: 'read' } })
    }
  }

  private typing(thread: string, on: boolean, author: { name: string; avatar: string } | null): void {
    const { chat } = this
    clearTimeout(this.typingTimer)
    if (!on) { if (chat.state.typing?.thread === thread) chat.set({ typing: null }); return }
    chat.set({ typing: { thread, name: author?.name ?? '', avatar: author?.avatar ?? '' } })
    this.typingTimer = setTimeout(() => chat.set({ typing: null }), typingFor)
  }
}

function idOf(v: unknown): string {
  return typeof v === 'string' || typeof v === 'number' ? String(v) : v && typeof v === 'object' ? String((v as { id?: unknown }).id ?? '') : ''
}
