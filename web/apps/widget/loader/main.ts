// The loader: one script tag on the customer's page. It puts one closed element there, with a button, and asks Kanal what this page shows. The chat itself is
// a frame from Kanal's own host, made when somebody means to open it. What is not needed at once is in extra.ts and comes by import(), which a policy by nonce allows.
// Nothing here trusts the page: no for-in, no methods that pages replace on arrays, objects without inheritance where they are written as JSON.
import type { EventName, Page, ToFrame, ToPage } from '../shared/protocol.ts'
import { dress, icon, SHEET } from './draw.ts'
import type { Core, Extra, Seen } from './extra.ts'
import { attempt, cookie, OPEN, takeToken } from './store.ts'

declare const __EXTRA__: string
type Fn = (...args: unknown[]) => unknown
type Loose = Record<string, unknown>

const w = window as unknown as Loose & Window & typeof globalThis
const d = document
const root = d.documentElement
/** What is answered where no chatflow shows and no conversation goes on. */
const nothing = { account: {}, open: { threads: 0, unread: 0 } } as unknown as Seen

function start(host: string): void {
  let hello: Seen | null = null, asked = 0, tries = 0, pending = false, loaded = false, wanted = false, noConnect = false, noFrame = false
  let frame: HTMLIFrameElement | null = null, ready = false, isOpen = false, inline = false, unread = 0, timer: ReturnType<typeof setTimeout> | undefined
  let person = '', token = '', extra: Promise<Extra> | undefined, waiting: ToFrame[] = [], lastAsk: Loose = {}
  const heard: [string, Fn][] = []

  const settings = <T>(key: string, otherwise: T): T => {
    const s = (w.hsConversationsSettings ?? w.KanalSettings) as Loose | undefined
    return (s?.[key] ?? otherwise) as T
  }
  const wishes = () => ({ attachments: !settings('disableAttachment', 0), focus: !settings('disableInitialInputFocus', 0), newThreadLink: !settings('hideNewThreadLink', 0) })
  const keep = (t: string, expires: unknown, brief?: boolean) => {
    const who = person
    token = t
    later((m) => m.keepToken(t, +new Date(expires as string), who, !!brief))
  }
  const small = () => matchMedia('(max-width:480px),(max-height:420px)').matches
  const page = (): Page => ({ url: location.href, title: d.title, referrer: d.referrer })
  const later = (fn: (m: Extra) => unknown) => { (extra ??= import(/* @vite-ignore */ host + __EXTRA__)).then(fn).catch(console.error) }

  const el = d.createElement('kanal-widget'), shadow = el.attachShadow({ mode: 'open' }), wrap = d.createElement('div'), button = d.createElement('button'), badge = d.createElement('b')
  button.hidden = badge.hidden = true
  wrap.append(button, badge)
  shadow.append(wrap)
  dress(shadow, SHEET)

  const tell = (type: string, data: unknown) => w.postMessage({ type, data }, '*')
  const emit = (eventType: EventName, payload: unknown) => {
    for (let i = 0; i < heard.length; i++) if (heard[i]![0] === eventType) guard(() => heard[i]![1](payload))
    tell('external-api-event', { eventType, payload })
  }
  const send = (m: ToFrame) => { if (ready) frame!.contentWindow!.postMessage({ kanal: 1, ...m }, host); else waiting[waiting.length] = m }
  const sendIf = (m: ToFrame) => { if (frame) send(m) }

  const paint = () => {
    const open = isOpen && !inline, words = hello?.labels ?? [], look = hello?.account.launcher
    badge.textContent = unread > 9 ? '9+' : '' + unread
    badge.hidden = !unread || open || button.hidden
    button.setAttribute('aria-expanded', '' + open)
    button.setAttribute('aria-label', words[+open] + (badge.hidden ? '' : `, ${unread} ${words[3]}`))
    button.replaceChildren(open ? icon('close') : look === 'text' && hello!.account.launcher_text || icon(look!))
    wrap.className = open ? 'o' : ''
  }

  const put = () => { if (!el.isConnected) root.append(el) }
  const mount = (parent?: Element) => {
    if (frame || noFrame) return
    frame = d.createElement('iframe')
    frame.title = hello?.labels?.[2] || 'Chat'
    frame.src = host + '/widget/frame'
    frame.hidden = !parent && !isOpen
    if (parent) frame.id = 'hubspot-conversations-inline-iframe'
    put()
    ;(parent ?? wrap).prepend(frame)
  }

  const setOpen = (open: boolean) => {
    if (inline || isOpen === open) return
    isOpen = open
    mount()
    if (frame) frame.hidden = !open
    later((m) => m.setCookie(OPEN, '' + open, 1800))
    paint()
    tell('open-change', open)
    if (!open) emit('widgetClosed', { message: 'closed' })
  }
  const close = () => { sendIf({ type: 'close' }); setOpen(false) }
  /** By a person's own doing it takes the focus; by the page's it does not. */
  const open = (newThread?: boolean, focus?: boolean) => {
    if (!hello) { wanted = true; load() }
    else if (noFrame) w.open(host + '/widget/app', '_blank', 'noopener')
    else {
      setOpen(true)
      send({ type: 'open', newThread: !!newThread })
      if (focus) frame!.focus()
    }
  }
  button.onclick = () => isOpen ? close() : open(false, true)
  button.onfocus = button.onpointerenter = () => mount()
  wrap.onkeydown = (e) => { if (e.key === 'Escape') close() }

  /** Asks what this page shows. What comes back late, for a page that was left, is dropped. */
  const ask = async (reason: string, more?: Loose) => {
    const n = reason === 'event' ? asked : ++asked, email = settings('identificationEmail', ''), proof = settings('identificationToken', ''), gpc = !!(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl
    person = proof && email
    token = takeToken(person)
    lastAsk = {
      ...page(), __proto__: null, token, reason, gpc, locale: root.lang || navigator.language, timezone: attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone), utk: cookie('hubspotutk'),
      identity: person ? { __proto__: null, email, token: proof } : null, dnt: navigator.doNotTrack === '1', track: !gpc && !/yes/.test(cookie('__hs_opt_out') + cookie('__hs_do_not_track')),
      device: small() ? 'mobile' : 'desktop', returning: !!token, ...more,
    }
    if (noConnect) { mount(); send({ type: 'connect-blocked', ask: lastAsk }); return }
    let wait = Math.min(300, 2 ** ++tries) * 1000
    try {
      const res = await fetch(host + '/widget/hello', { __proto__: null, method: 'POST', credentials: 'omit', body: JSON.stringify(lastAsk) } as RequestInit)
      const body = res.ok && await res.json()
      if (n !== asked) return
      if (res.status < 500 && res.status !== 429) { tries = wait = 0; pending = false }
      if (body && reason !== 'event') take(body)
    } catch { /* asked again */ }
    // A policy that forbids the connection is told by an event, at about the same time.
    if (wait) timer = setTimeout(() => ask(reason, more), noConnect ? 0 : wait)
  }

  const take = (got: Partial<Seen>) => {
    const h = { ...nothing, ...got }, first = !loaded, a = h.account, talking = h.open.threads > 0, x = (a.offset_x ?? 20) + 'px'
    hello = h
    loaded = true
    const v = h.visitor
    if (v?.token) keep(v.token, v.expires_at, v.session_only)
    const shown = talking || h.launcher && !!h.flow && !(a.phone === 'hide' && small()), trigger = h.flow?.trigger
    const left = a.position === 'left'
    wrap.style.cssText = `--c:${a.color};--t:${a.on_color ?? '#fff'};--y:${a.offset_y ?? 20}px;--r:${left ? 'auto' : x};--l:${left ? x : 'auto'}`
    sendIf({ type: 'hello', hello: h, options: wishes() })
    button.hidden = inline || !shown || trigger?.then === 'button' && trigger.on !== 'load' && !talking && button.hidden
    if (shown) put()
    setUnread(h.open.unread)
    if (talking) idle(() => mount()) // answers must come while it is closed
    if (first) {
      if (wanted || location.hash === '#hs-chat-open' || shown && cookie(OPEN) === 'true' && !small()) open()
      wanted = false
      emit('widgetLoaded', { message: 'loaded' })
    }
    idle(() => later((m) => m.begin(core, h, first, shown)))
  }
  const setUnread = (n: number) => {
    if (n !== unread && hello?.account.title_flash) later((m) => m.flash(n, hello!.labels?.[3] ?? ''))
    unread = n
    paint()
  }

  addEventListener('message', (e) => {
    const m = e.data as ToPage & { kanal?: 1 }
    if (!frame || e.source !== frame.contentWindow || e.origin !== host || m?.kanal !== 1) return
    if (m.type === 'ready') {
      ready = true
      send({
        type: 'init', hello: noConnect ? null : hello, ask: lastAsk, token, page: page(), locale: hello?.texts?.locale ?? root.lang, inline, phone: small(),
        options: wishes(),
      })
      for (let i = 0; i < waiting.length; i++) send(waiting[i]!)
      waiting = []
    }
    if (m.type === 'hello') take(m.hello as Partial<Seen>)
    if (m.type === 'open-change') { setOpen(m.open); if (!m.open) button.focus() }
    if (m.type === 'unread') { setUnread(m.count); if (m.preview && !isOpen) later((x) => x.show(core, (m.preview!.author + '\n' + m.preview!.text).trim(), '')) }
    if (m.type === 'token') keep(m.token, m.expires, m.session)
    if (m.type === 'sound' && hello?.account.sound !== false) later((x) => x.beep())
    if (m.type === 'event' && !/^widget/.test(m.name)) emit(m.name, m.payload) // those two are the loader's own
  })

  // A page's policy may forbid us to ask, or to show a frame: then the frame asks, or the chat opens beside the page.
  d.addEventListener('securitypolicyviolation', (e) => {
    if (e.blockedURI.indexOf(host) || e.disposition === 'report') return
    if (e.effectiveDirective === 'connect-src') noConnect = true
    if (e.effectiveDirective === 'frame-src') { noFrame = true; setOpen(false); frame?.remove(); frame = null }
  })

  const load = (o?: { widgetOpen?: boolean }) => {
    wanted ||= !!o?.widgetOpen
    if (loaded || pending) return
    pending = true
    ask('load')
  }
  const remove = () => {
    asked++
    clearTimeout(timer)
    el.remove()
    if (inline) frame!.parentElement!.remove()
    frame?.remove()
    frame = hello = null
    ready = loaded = pending = isOpen = inline = false
    button.hidden = true
    waiting = []
  }
  const api = {
    widget: { load, close, remove, open: () => open(), refresh: (o?: Loose) => later((m) => m.refresh(core, o)), status: () => ({ loaded, pending }) },
    resetAndReloadWidget: () => later((m) => m.reset(core)),
    clear: (o?: Loose) => later((m) => m.clear(core, o)),
    on: (name: string, fn: Fn) => { heard[heard.length] = [name, fn] },
    off: (name: string, fn: Fn) => { for (let i = heard.length; i--;) if (heard[i]![1] === fn && heard[i]![0] === name) heard[i]![0] = '' },
    debug: () => later((m) => m.debug(core)),
  }
  const core: Core = {
    ask, settings, wrap, shadow, button, open, load, remove, paint, page, send: sendIf, state: () => ({ loaded, pending, isOpen, noConnect, noFrame, hello, person, token, host, at: lastAsk.url as string }),
    embed: (parent) => { inline = isOpen = button.hidden = true; frame?.remove(); frame = null; ready = false; paint(); mount(parent) },
    lose: () => { token = '' },
    emit,
  }
  w.Kanal = api
  w.HubSpotConversations ??= api

  // Commands of the tracking code wait until there is somebody to take them.
  const commands = (w._hsq ??= []) as unknown[]
  commands.push = (command) => { commands[commands.length] = command; if (loaded) later((m) => m.obey(core)); return 0 }

  // The methods are there at once; the page's own wishes are read when it has been read, and it comes first.
  const begin = () => idle(() => {
    if (settings('loadImmediately', true)) load()
    const fns = (w.hsConversationsOnReady ?? []) as Fn[]
    w.hsConversationsOnReady = { push: guard }
    for (let i = 0; i < fns.length; i++) guard(fns[i]!)
  })
  if (d.readyState === 'loading') d.addEventListener('DOMContentLoaded', begin)
  else begin()
}

/** The page's own functions may fail: that is told on the console, and stops nothing. */
function guard(fn: Fn): void {
  try { fn() } catch (err) { console.error(err) }
}

const idle = (fn: () => void) => { (w.requestIdleCallback ?? setTimeout)(fn, { timeout: 2000 } as never) }

const tag = (d.currentScript ?? d.querySelector('script[src*="/kanal.js"],#hs-script-loader')) as HTMLScriptElement | null
if (tag?.src && !w.__kanal) {
  w.__kanal = 1
  start(new URL(tag.src).origin)
}
