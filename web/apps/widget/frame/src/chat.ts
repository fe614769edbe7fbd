// Chat is the visitor's side of the conversation without its screens: who one is, which conversations there are, what goes out and what comes in.

import { Convo } from '@kanal/convo'
import type { EventName, Page, ToFrame, ToPage } from '../../shared/protocol.ts'
import type { PreviewAct } from '../../shared/preview.ts'
import type { Hello, Msg, MessagesPage, Sent, Th, ThreadsPage, Visitor } from '../../shared/types.ts'
import { Agreement } from './agreement.ts'
import { Api, Problem, refused, uuid } from './api.ts'
import type { Host } from './host.ts'
import { Keep } from './keep.ts'
import { Live } from './live.ts'
import type { Draft } from './model.ts'
import { type Mode, nobody, type State, threadOf } from './state.ts'
import { lasting } from './storage.ts'
import { directionOf, loadWords } from './texts.ts'
import { Typing } from './typing.ts'
import { Uploads } from './uploads.ts'

/** at.thread is '' until the server has made it. */
type Conversation = Convo<Msg, Draft> & { at: { thread: string } }
const entryOf = (m: Msg) => ({ key: m.id, at: m.at, value: m })
const noHost: Host = { say() {}, event() {}, stop() {} }
const nowhere: Hello = {
  visitor: null, account: { id: '', color: '', font: 'system', position: 'right' }, flow: null, availability: { state: 'available', text: '', reply_time: '', returns_at: null, position: null, show: false }, heading: { name: '', avatar: '', people: [] },
  texts: { locale: 'en', dir: 'ltr', overrides: {} }, open: { threads: 0, unread: 0, latest: '' }, launcher: false, files: { enabled: false, max_bytes: 0 }, emoji: false, typing: false, read: false, transcript: 'never',
}
const retries = [2_000, 5_000, 10_000, 20_000, 30_000]

export class Chat {
  state: State
  readonly api = new Api()
  readonly uploads = new Uploads(this)
  readonly live = new Live(this)
  readonly typing = new Typing(this)
  readonly agreement = new Agreement(this)
  host: Host = noHost
  keep = new Keep('')
  /** In a preview everything that would go to the server goes here. */
  act: (a: PreviewAct) => void = () => {}
  private ask: Record<string, unknown> = {}
  private readonly convos = new Map<string, Conversation>()
  private readonly listeners = new Set<() => void>()
  private visiting: Promise<void> | null = null
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private tried = 0
  private languageAsked = ''
  private lastUnread = -1
  private seen = new Map<string, string>()
  private blocked = false
  /** A suggested answer was chosen: the focus follows the conversation. */
  following = false

  constructor(mode: Mode) {
    this.state = { ...nobody, mode, open: mode !== 'frame' }
    this.api.whenSignedOut = () => void this.lost()
    this.api.whenBanned = () => this.banned()
  }

  readonly subscribe = (fn: () => void): (() => void) => { this.listeners.add(fn); return () => { this.listeners.delete(fn) } }
  readonly get = (): State => this.state
  set(part: Partial<State>): void {
    this.state = { ...this.state, ...part }
    for (const fn of this.listeners) fn()
  }
  touched(): void { this.set({}) }

  get preview(): boolean { return this.state.mode === 'preview' }
  private say(m: ToPage): void { this.host.say(m) }
  event(name: EventName, payload: unknown): void { this.host.event(name, payload) }
  /** For screen readers; gone soon, so that it is not met a second time when reading through the page. */
  announce(text: string): void {
    const n = this.state.said.n + 1
    this.set({ said: { n, text } })
    setTimeout(() => { if (this.state.said.n === n) this.set({ said: { n, text: '' } }) }, 2_000)
  }

  // From the page.

  readonly take = (m: ToFrame): void => {
    switch (m.type) {
      case 'init':
        this.ask = m.ask ?? {}
        if (m.token) this.api.token = m.token
        this.set({ page: m.page, inline: m.inline, phone: m.phone, options: { ...this.state.options, ...m.options }, open: this.state.open || m.inline })
        void (m.hello ? this.greet(m.hello as Hello) : this.sayHello())
        return
      case 'hello':
        this.set({ options: { ...this.state.options, ...m.options } })
        return void this.greet(m.hello as Hello)
      case 'open': return this.opened(m.newThread ?? false)
      case 'close': return this.set({ open: this.state.inline })
      case 'page': return this.set({ page: m.page })
      case 'identity': return void this.identify(m.email, m.token)
      case 'reset': return void this.reset()
      case 'connect-blocked': this.ask = m.ask; this.blocked = true; return void this.sayHello()
    }
  }

  /** A page of our own asks by itself. */
  async start(ask: Record<string, unknown>, token: string, page: Page): Promise<void> {
    this.ask = ask
    this.api.token = token
    this.set({ page })
    await this.sayHello()
    const identity = ask.identity as { email: string; token: string } | undefined
    if (identity?.token && this.state.hello && !this.state.hello.visitor?.known) await this.identify(identity.email, identity.token)
  }

  /** Asks what there is to show, in the loader's place or because the rules have changed. */
  readonly sayHello = async (reason = 'load'): Promise<void> => {
    if (this.preview) return
    if (this.state.phase === 'failed') this.set({ phase: 'boot' })
    try {
      const hello = await this.api.ask<Hello>('POST', '/widget/hello', { ...this.ask, url: this.state.page.url, title: this.state.page.title, referrer: this.state.page.referrer, reason, token: this.api.token })
      if (this.blocked || this.state.mode === 'frame') this.say({ type: 'hello', hello })
      await this.greet(hello)
    } catch {
      if (!this.state.hello) this.set({ phase: 'failed' })
    }
  }

  private async greet(hello: Hello): Promise<void> {
    if (!hello?.heading) { // nothing is to be shown on this page; a conversation that is open stays
      if (this.state.hello || this.state.mode !== 'page') return
      hello = { ...nowhere, texts: { locale: String(this.ask.locale ?? 'en'), dir: directionOf(String(this.ask.locale ?? 'en')), overrides: {} } }
    }
    const first = this.state.hello === null
    if (first || this.state.hello?.account.id !== hello.account.id) this.keep = new Keep(hello.account.id)
    if (hello.visitor?.token && hello.visitor.token !== this.api.token) this.tokenIs(hello.visitor)
    const changed = hello.visitor && this.state.hello?.visitor && hello.visitor.id !== this.state.hello.visitor.id
    if (changed) this.forgetThreads()
    this.set({ hello, availability: hello.availability, known: this.state.known || !!hello.visitor?.known || !!hello.visitor?.email_known, consent: this.agreement.of(hello), muted: this.keep.muted, captureSkipped: this.keep.skipped })
    const language = `${hello.texts.locale}/${JSON.stringify(hello.texts.overrides ?? {})}`
    if (language !== this.languageAsked) {
      this.languageAsked = language
      const words = await loadWords(hello.texts)
      if (this.languageAsked === language) this.set({ words })
    }
    if (first) this.place()
    if (this.state.phase !== 'banned') this.set({ phase: 'ready' })
    if (first) this.event('widgetLoaded', { message: '' })
    if (this.api.token && !this.preview) {
      this.live.start(hello.visitor?.id ?? this.api.token.slice(-12))
      if (this.state.threadsStatus !== 'loading') void this.loadThreads()
    }
    if (first) for (const t of this.keep.unsent()) this.convo(t)
    if (first) void this.flush()
  }

  // Where one is.

  private place(): void {
    const unsent = this.keep.unsent()
    const was = this.keep.place
    const place = was?.thread && !this.api.token ? null : was
    const open = this.state.hello?.open
    if (unsent.includes('')) this.show('chat', '')
    else if (place && (place.view === 'home' || place.thread || !open?.threads)) this.show(place.view, place.thread)
    else if (open?.latest) this.show('chat', open.latest)
    else this.show(open?.threads ? 'home' : 'chat', '')
  }

  readonly show = (view: 'home' | 'chat', thread = ''): void => {
    if (!this.state.hello) return
    this.typing.stop()
    const chosen = view === 'chat' && thread !== '' && thread !== this.state.thread
    const convo = view === 'chat' ? this.convo(thread) : this.state.convo
    this.set({ view, thread: view === 'chat' ? thread : this.state.thread, convo, typing: null, newFrom: view === 'chat' ? this.firstNew(thread) : '' })
    if (!this.preview) this.keep.place = { view, thread }
    if (view === 'home') void this.loadThreads()
    if (chosen) this.event('userSelectedThread', { conversation: { conversationId: Number(thread) } })
  }

  private firstNew(thread: string): string {
    const t = this.state.threads.find((x) => x.id === thread)
    if (!t?.unread) return ''
    const items = this.convos.get(thread)?.getSnapshot().items.filter((i) => i.kind === 'entry' && i.value.from !== 'visitor') ?? []
    return items.length > t.unread ? items[items.length - t.unread]?.key ?? '' : ''
  }

  private opened(newThread: boolean): void {
    if (newThread) this.show('chat', '')
    else {
      const unread = this.state.threads.find((t) => t.unread > 0)
      if (unread && this.state.thread !== unread.id) this.show('chat', unread.id)
    }
    this.set({ open: true, focus: this.state.focus + 1 })
  }

  readonly close = (): void => {
    if (this.preview) return this.act({ kind: 'close' })
    if (this.state.inline || this.state.mode === 'page') return
    this.set({ open: false })
    this.say({ type: 'open-change', open: false })
    this.event('widgetClosed', { message: '' })
  }

  /** The visitor can see what is shown. */
  get watched(): boolean { return this.state.open && this.state.view === 'chat' && document.visibilityState === 'visible' }

  // Conversations.

  convo(thread: string): Conversation {
    const known = this.convos.get(thread)
    if (known) return known
    const at = { thread }
    const c: Conversation = Object.assign(new Convo<Msg, Draft>({
      load: async (cursor) => {
        const id = at.thread
        if (!id || this.preview) return { entries: [], next: '' }
        const page = await this.api.ask<MessagesPage>('GET', `/widget/threads/${id}/messages${cursor && `?cursor=${encodeURIComponent(cursor)}`}`)
        if (!cursor && page.thread) this.threadIs(page.thread)
        return { entries: page.items.map(entryOf), next: page.next }
      },
      send: async (draft, key) => entryOf(await this.post(c, draft, key)),
      refused, ordered: true, newKey: uuid, now: () => Date.now(),
      outbox: this.keep.outbox(() => at.thread),
    }), { at })
    this.convos.set(thread, c)
    c.subscribe(() => { if (this.state.convo === c) this.touched() })
    void c.init().then(() => { if (this.state.convo === c && !this.state.newFrom) this.set({ newFrom: this.firstNew(thread) }) })
    return c
  }

  private async post(c: Conversation, draft: Draft, key: string): Promise<Msg> {
    await this.agreement.allowed()
    const sent = await this.api.ask<Sent>('POST', '/widget/messages', {
      ...(c.at.thread ? { thread: c.at.thread } : this.about()), id: key, locale: this.state.hello!.texts.locale, text: draft.text, ...(draft.quick ? { quick: draft.quick } : {}), files: draft.files.map((f) => f.receipt), page: draft.page ?? this.state.page,
    }).catch(async (err: unknown) => {
      if (!(err instanceof Problem) || err.reason !== 'consent.required') throw err
      await this.agreement.askAgain()
      throw new Problem({ status: 409, message: '', code: 'consent' }) // kept until it is given
    })
    this.tried = 0
    const id = sent.thread.id
    if (c.at.thread !== id) {
      this.convos.delete(c.at.thread)
      c.at.thread = id
      this.convos.set(id, c)
      this.threadIs(sent.thread)
      this.event('conversationStarted', { conversation: { conversationId: Number(id) } })
      if (this.state.convo === c) {
        this.set({ thread: id })
        this.keep.place = { view: this.state.view, thread: id }
      }
      setTimeout(() => void c.sync()) // the welcome, and what a bot has said first, are stored now
    } else this.threadIs(sent.thread)
    return { ...sent.message, client_id: sent.message.client_id || key }
  }

  /** Which chat a request is about. */
  about() { const { account, flow } = this.state.hello!; return { account: account.id, ...(flow ? { flow: { id: flow.id, number: flow.number } } : {}) } }

  ensureVisitor(): Promise<void> {
    if (this.api.token) return Promise.resolve()
    this.visiting ??= (async () => {
      const { visitor } = await this.api.ask<{ visitor: Visitor }>('POST', '/widget/visitor', { ...this.ask, url: this.state.page.url, title: this.state.page.title, referrer: this.state.page.referrer, reason: 'load', session_only: this.ask.track === false })
      this.tokenIs(visitor)
      this.set({ hello: { ...this.state.hello!, visitor } })
      this.live.start(visitor.id)
    })().finally(() => { this.visiting = null })
    return this.visiting
  }

  private tokenIs(v: Visitor): void {
    this.api.token = v.token
    if (this.state.mode === 'page') lasting.set('kanal.app', v.token)
    else this.say({ type: 'token', token: v.token, expires: v.expires_at ? Date.parse(v.expires_at) : 0, session: this.ask.track === false })
  }

  /** Sends what was typed or chosen. */
  readonly send = (text: string, quick: Draft['quick'] = null): void => {
    const files = this.uploads.ready()
    if (!text.trim() && !files.length && !quick) return
    this.typing.stop(true)
    if (quick) this.event('quickReplyButtonClick', { value: [quick.value || quick.label] })
    if (this.preview) { this.uploads.clear(); return this.act({ kind: 'send', text, quick, files: files.map(({ name, size, type }) => ({ name, size, type })) }) }
    if (quick) { this.following = true; document.querySelector<HTMLElement>('.scroll')?.focus({ preventScroll: true }) }
    this.uploads.clear()
    this.keep.setDraft(this.state.thread, '')
    const c = this.convo(this.state.thread)
    if (this.state.convo !== c) this.set({ convo: c })
    void c.send({ text: text.trim(), quick, files, page: this.state.page.url ? this.state.page : null }).then(() => this.retryLater())
    this.set({ newFrom: '' })
  }

  /** Everything unsent, in every conversation that has some. */
  readonly flush = async (): Promise<void> => {
    if (this.preview || this.state.consent === 'needed' || this.state.consent === 'declined') return
    clearTimeout(this.retryTimer)
    this.retryTimer = undefined
    for (const c of [...this.convos.values()]) if (this.waiting(c)) await c.retryAll()
    this.retryLater()
  }

  private waiting(c: Conversation): boolean { return c.getSnapshot().items.some((i) => i.kind === 'failed' && i.uncertain) }

  private retryLater(): void {
    if (this.retryTimer !== undefined || ![...this.convos.values()].some((c) => this.waiting(c))) return
    this.retryTimer = setTimeout(() => { this.retryTimer = undefined; void this.flush() }, retries[Math.min(this.tried++, retries.length - 1)])
    this.live.check()
  }

  readonly loadThreads = async (more = false): Promise<void> => {
    if (this.preview || !this.api.token) { if (!this.preview) this.set({ threadsStatus: 'ready' }); return }
    if (this.state.threadsStatus === 'loading') return
    this.set({ threadsStatus: 'loading' })
    try {
      const page = await this.api.ask<ThreadsPage>('GET', `/widget/threads${more && this.state.threadsNext ? `?cursor=${encodeURIComponent(this.state.threadsNext)}` : ''}`)
      const fresh = new Map(page.items.map((t) => [t.id, t]))
      this.set({ threads: sorted([...this.state.threads.filter((t) => !fresh.has(t.id)), ...page.items]), threadsStatus: 'ready', threadsNext: page.next })
      this.countUnread()
    } catch { this.set({ threadsStatus: 'failed' }) }
  }

  threadIs(th: Th): void {
    const before = this.state.threads.find((t) => t.id === th.id)
    this.set({ threads: sorted([...this.state.threads.filter((t) => t.id !== th.id), th]) })
    if (before?.open && !th.open) this.event('conversationClosed', { conversation: { conversationId: Number(th.id) } })
    this.countUnread()
  }

  /** The stream brought a message. */
  told(th: string, m: Msg): void {
    const t = this.state.threads.find((x) => x.id === th)
    const mine = m.from === 'visitor'
    const here = this.watched && this.state.thread === th
    this.convos.get(th)?.take(entryOf(m), m.client_id)
    if (!mine && this.state.typing?.thread === th) this.set({ typing: null })
    if (t) this.set({ threads: sorted(this.state.threads.map((x) => (x.id === th ? { ...x, last_at: m.at, preview: m.text || m.files[0]?.name || x.preview, unread: mine || m.kind === 'system' ? x.unread : x.unread + 1 } : x))) })
    else void this.loadThreads()
    if (mine || !this.state.words) return
    const who = m.author?.name ?? ''
    const text = m.text || (m.files.length ? this.state.words.t('files.sent', { names: m.files.map((f) => f.name).join(', ') }) : '')
    if (this.state.open && this.state.thread === th && text) this.announce(who && m.kind !== 'system' ? this.state.words.t('said', { name: who, text }) : text)
    if (m.kind === 'system') return
    if (!here) {
      if (this.state.hello?.account.sound !== false && !this.state.muted && this.live.leading) this.say({ type: 'sound' })
      if (this.state.thread === th && !this.state.newFrom) this.set({ newFrom: m.id })
    }
    this.countUnread({ author: who, avatar: m.author?.avatar ?? '', text: text.slice(0, 200) })
  }

  private countUnread(preview?: { author: string; avatar: string; text: string }): void {
    const unread = this.state.threads.filter((t) => t.unread > 0)
    const count = unread.reduce((n, t) => n + t.unread, 0)
    if (count === this.lastUnread) return
    this.lastUnread = count
    this.say({ type: 'unread', count, ...(preview && count > 0 ? { preview } : {}) })
    this.event('unreadConversationCountChanged', { unreadCount: unread.length })
  }

  /** The visitor has seen everything up to the newest message of the open conversation. */
  readonly saw = (): void => {
    const { thread, convo } = this.state
    if (!thread || !convo || !this.watched || this.preview) return
    const items = convo.getSnapshot().items
    let newest = ''
    for (const i of items) if (i.kind === 'entry' && i.value.from !== 'visitor') newest = i.key
    if (!newest || this.seen.get(thread) === newest) return
    this.seen.set(thread, newest)
    void this.api.ask('POST', `/widget/threads/${thread}/seen`, { message: newest }).catch(() => { this.seen.delete(thread) })
    const t = threadOf(this.state)
    if (t?.unread) this.threadIs({ ...t, unread: 0 })
  }

  // What is asked of the server about a conversation.

  readonly end = async (): Promise<void> => {
    const { thread } = this.state
    if (!thread || this.preview) return
    await this.api.ask('POST', `/widget/threads/${thread}/end`, {})
    const t = threadOf(this.state)
    if (t) this.threadIs({ ...t, open: false })
    void this.state.convo?.sync()
  }

  readonly transcript = async (email: string): Promise<void> => {
    if (!this.preview) await this.api.ask('POST', `/widget/threads/${this.state.thread}/transcript`, { email })
  }

  readonly rate = async (score: number, comment: string): Promise<void> => {
    if (this.preview) return
    await this.api.ask('POST', `/widget/threads/${this.state.thread}/rate`, { score, comment })
  }

  readonly rated = (): void => { const t = threadOf(this.state); if (t) this.threadIs({ ...t, rated: true }) }

  readonly profile = async (p: { name: string; email: string }): Promise<void> => {
    if (!this.preview) { await this.agreement.allowed(); await this.api.ask('POST', '/widget/profile', { ...this.about(), name: p.name, email: p.email, phone: '' }) }
    this.set({ known: true, gave: p.email, focus: this.state.focus + 1 })
    this.event('contactAssociated', { message: 'visitor has been associated with a contact' })
  }

  readonly skipCapture = (): void => { this.keep.skipped = true; this.set({ captureSkipped: true, focus: this.state.focus + 1 }) }

  readonly mute = (): void => { const on = !this.state.muted; this.keep.muted = on; this.set({ muted: on }) }

  readonly started = (): void => { if (this.preview) return this.act({ kind: 'new' }); this.show('chat', ''); this.set({ focus: this.state.focus + 1 }) }

  // Who one is.

  private async identify(email: string, token: string): Promise<void> {
    try {
      await this.ensureVisitor()
      const answer = await this.api.ask<{ visitor?: Visitor } | undefined>('POST', '/widget/identify', { email, token, account: this.state.hello?.account.id ?? '' })
      if (answer?.visitor?.token) this.tokenIs(answer.visitor)
      this.event('contactAssociated', { message: 'visitor has been associated with a contact' })
      await this.sayHello('refresh')
    } catch { /* not proven: the chat goes on as before */ }
  }

  private forgetThreads(): void {
    this.convos.clear()
    this.seen.clear()
    this.set({ threads: [], threadsStatus: 'idle', thread: '', convo: null, newFrom: '', typing: null, view: 'chat' })
  }

  /** Logout or clear: nothing of the one before is left (TR-08). */
  private async reset(remote = true): Promise<void> {
    const token = this.api.token
    this.live.stop()
    this.uploads.clear()
    this.keep.forget()
    if (this.state.mode === 'page') lasting.del('kanal.app')
    if (token && remote) await this.api.ask('POST', '/widget/logout', {}).catch(() => {})
    this.api.token = ''
    const { token: _, identity: __, ...ask } = this.ask
    this.ask = ask
    this.agreement.forget()
    this.forgetThreads()
    this.countUnread()
    this.languageAsked = ''
    this.set({ ...nobody, mode: this.state.mode, open: this.state.open, inline: this.state.inline, phone: this.state.phone, options: this.state.options, page: this.state.page, words: this.state.words })
    await this.sayHello('refresh')
  }

  /** The token opens nothing any more: begin as somebody new, keep what was not sent. */
  async lost(): Promise<void> {
    if (!this.api.token || this.preview) return
    this.api.token = ''
    this.live.stop()
    if (this.state.mode === 'page') lasting.del('kanal.app')
    this.say({ type: 'token', token: '', expires: 0, session: false })
    this.forgetThreads()
    await this.sayHello('refresh')
    this.place()
  }

  banned(): void {
    this.live.stop()
    this.set({ phase: 'banned' })
  }
}

function sorted(all: Th[]): Th[] { return [...all].sort((a, b) => (a.last_at < b.last_at ? 1 : a.last_at > b.last_at ? -1 : 0)) }
