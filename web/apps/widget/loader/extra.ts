// What the loader seldom needs, loaded when it does: the tracking code's commands and cookies, title and sound, the embedded form, the question about
// cookies, diagnostics. A file of its own, from Kanal's host.
import type { EventName, Page, ToFrame } from '../shared/protocol.ts'
import type { Hello } from '../shared/types.ts'
import { dress, icon } from './draw.ts'
import { forget, keepToken as put, setCookie } from './keep.ts'
import { attempt, cookie, HIDE, OPEN } from './store.ts'
import { arm, type Trigger } from './trigger.ts'
import { watch } from './watch.ts'

export { setCookie }

/** Until somebody has agreed, where they are asked, what the chat remembers ends with the session. */
export function keepToken(token: string, expires: number, person: string, brief: boolean): void {
  put(token, expires, person, brief || asks() && cookie(ANSWER) !== 'yes')
}

const asks = () => !!((w.hsConversationsSettings ?? w.KanalSettings) as Loose | undefined)?.enableWidgetCookieBanner

/** What the loader reads of a hello beyond what the frame does. */
export type Seen = Omit<Hello, 'account' | 'flow' | 'visitor'> & {
  visitor: (Hello['visitor'] & { session_only?: boolean }) | null
  account: Hello['account'] & { offset_x?: number; offset_y?: number; launcher?: string; launcher_text?: string; on_color?: string; title_flash?: boolean; phone?: string }
  flow: (NonNullable<Hello['flow']> & { trigger?: Trigger }) | null
  tracking?: boolean
  identity?: { state: string } | null
  /** open, close, the chat's name, unread, dismiss: in the page's language */
  labels?: string[]
}

/** What the loader lets this file do. */
export interface Core {
  ask: (reason: string, more?: Record<string, unknown>) => Promise<void>
  settings: <T>(key: string, otherwise: T) => T
  wrap: HTMLElement
  shadow: ShadowRoot
  button: HTMLElement
  open: (newThread?: boolean, focus?: boolean) => void
  load: (o?: { widgetOpen?: boolean }) => void
  remove: () => void
  paint: () => void
  page: () => Page
  send: (m: ToFrame) => void
  state: () => { loaded: boolean; pending: boolean; isOpen: boolean; noConnect: boolean; noFrame: boolean; hello: Seen | null; person: string; token: string; host: string; at: string }
  embed: (parent: Element) => void
  lose: () => void
  emit: (name: EventName, payload: unknown) => void
}

export type Extra = typeof import('./extra.ts')
type Loose = Record<string, unknown>

const w = window as unknown as Loose & { _hsq?: unknown[] } & typeof globalThis
const halfYear = 180 * 86400

let core: Core | null = null
let path = ''
let claims: Loose | null = null
let first = true
let associated = ''
const listeners: ((consent: Loose) => void)[] = []

/** After each answer of the server: what it says of triggers, cookies and the page's other wishes. */
export function begin(c: Core, h: Seen, fresh: boolean, shown: boolean): void {
  if (!core) {
    core = c
    dress(c.shadow, BUBBLE)
    watch(c.state().at, () => {
      if (!c.state().loaded) return
      c.send({ type: 'page', page: c.page() })
      void c.ask('navigate')
    }, () => { if (c.state().loaded) void c.ask('refresh') })
    banner(c)
    visit()
  }
  if (h.identity?.state === 'proven' && h.visitor && h.visitor.id !== associated) {
    associated = h.visitor.id
    c.emit('contactAssociated', { message: 'visitor has been associated with a contact' })
  }
  const selector = c.settings('inlineEmbedSelector', '')
  const parent = fresh && selector && inline(selector)
  if (parent) c.embed(parent)
  else if (shown && h.flow?.trigger) trigger(c, h, h.flow.trigger)
  obey(c)
}

/** Runs the commands that have come, in their order. */
export function obey(c: Core): void {
  core ??= c
  const queue = w._hsq ?? []
  while (queue.length) run(queue.shift())
}

// ---- what shows by itself, above the button

let disarm: (() => void) | undefined
let armed = ''
function trigger(c: Core, h: Seen, t: Trigger): void {
  // On a page that navigates, what has been shown for a chatflow is not shown again; a prompt and a late button belong to each page.
  if (t.then === 'open' && armed === h.flow!.id) return
  armed = h.flow!.id
  disarm?.()
  disarm = arm(t, () => {
    const s = c.state()
    if (!s.loaded || s.isOpen) return
    c.button.hidden = false
    c.paint()
    if (matchMedia('(max-width:480px),(max-height:420px)').matches && t.phone === 'button') return
    if (t.then === 'open' && cookie(OPEN) !== 'false') c.open()
    if (t.then === 'prompt' && !cookie(HIDE)) show(c, h.flow!.welcome || h.flow!.opening?.[0]?.text || '', h.texts.dir)
  })
}

const BUBBLE = `@media print{:host{display:none!important}div{display:none}}
p{position:fixed;margin:0 0 68px;max-width:min(300px,calc(100vw - 40px));border-radius:12px;background:#fff;color:#222;box-shadow:0 2px 16px #0003;display:flex;align-items:start;flex-wrap:wrap}
p *{position:static;font-weight:400;line-height:1.4}
p button{min-width:44px;height:auto;min-height:44px;padding:12px 14px;border-radius:12px;background:none;color:inherit;box-shadow:none;text-align:start;white-space:pre-line;overflow-wrap:anywhere;outline-color:currentColor}
p>button:first-child{flex:1}
p svg{width:14px;display:block}
p span{padding:12px 14px 0}
.o p{display:none}
@media (prefers-color-scheme:dark){p{background:#24272c;color:#eee}}
@media print{div{display:none}}
@media (forced-colors:active){p,button{border:1px solid}}`

let bubble: HTMLElement | null = null
/** The welcome, or an answer that came while the chat was closed: a click opens it, a cross takes it away for a day. */
export function show(c: Core, text: string, dir: string): void {
  bubble?.remove()
  if (!text) return
  const box = document.createElement('p'), words = document.createElement('button'), away = document.createElement('button')
  bubble = box
  words.type = away.type = 'button'
  words.textContent = text
  words.dir = dir || 'auto'
  words.addEventListener('click', () => { box.remove(); c.open(false, true) })
  away.setAttribute('aria-label', c.state().hello?.labels?.[4] ?? 'Dismiss')
  away.append(icon('close'))
  const leave = () => { box.remove(); setCookie(HIDE, 'true', 86400); c.button.focus() }
  away.addEventListener('click', leave)
  box.addEventListener('keydown', (e) => { if (e.key === 'Escape') leave() })
  box.setAttribute('role', 'status')
  box.append(words, away)
  c.wrap.prepend(box)
}

// ---- the methods that need more than opening and closing

export async function refresh(c: Core, o?: { openToNewThread?: boolean }): Promise<void> {
  if (!c.state().loaded) { c.load(); return }
  await c.ask('refresh')
  if (o?.openToNewThread) c.open(true)
}

export function reset(c: Core): void {
  const s = c.state()
  if (!s.loaded) return
  bubble?.remove()
  c.remove()
  c.load({ widgetOpen: s.isOpen })
}

/** Forgets who this is, here and in the frame, which signs the visitor out. */
export function clear(c: Core, o?: { resetWidget?: boolean }): void {
  forget(c.state().person)
  c.lose()
  c.send({ type: 'reset' })
  if (o?.resetWidget) setTimeout(() => reset(c), 500) // the frame signs out first
}

// ---- the tracking code (hubspot-api 12.3)

const allowed = () => !!core?.state().hello?.tracking && cookie('__hs_do_not_track') !== 'yes' && cookie('__hs_opt_out') !== 'yes'

/** The address of the next view: setPath changes its path and what follows. */
function where(): string {
  return path ? new URL(path, location.href).href : location.href
}

function view(): void {
  const more: Loose = { url: where() }
  if (claims) more.claims = claims
  claims = null
  visit()
  void core!.ask('navigate', more)
}

function run(command: unknown): void {
  if (typeof command === 'function') { (command as () => void)(); return }
  if (!Array.isArray(command)) return
  const [name, arg] = command as [string, unknown]
  if (name === 'setPath') path = String(arg ?? '')
  else if (name === 'identify' && arg && typeof arg === 'object') claims = { ...claims, ...(arg as Loose) }
  else if (name === 'trackPageView') {
    // The loader's own hello has told of this page already.
    if (first && !path && !claims) { first = false; return }
    first = false
    if (allowed()) view()
  } else if (name === 'trackCustomBehavioralEvent' || name === 'trackEvent') event((arg ?? {}) as Loose)
  else if (name === 'doNotTrack') { setCookie('__hs_do_not_track', (arg as Loose)?.track ? '' : 'yes', (arg as Loose)?.track ? 0 : halfYear); if (!(arg as Loose)?.track) unvisit() } else if (name === 'revokeCookieConsent') revoke()
  else if (name === 'addPrivacyConsentListener' && typeof arg === 'function') { listeners.push(arg as never); tellConsent() } else if (name === 'refreshPageHandlers') void core!.ask('refresh')
}

function event(e: Loose): void {
  if (!allowed()) return
  const more: Loose = { url: where(), events: [{ name: String(e.name ?? e.id ?? ''), data: (e.properties ?? (e.value === undefined ? {} : { value: e.value })) as Loose }] }
  if (claims) more.claims = claims
  claims = null
  void core!.ask('event', more)
}

function tellConsent(): void {
  const ok = allowed()
  for (const fn of listeners) try { fn({ allowed: ok, categories: { necessary: true, analytics: ok, advertisement: false, functionality: ok } }) } catch (err) { setTimeout(() => { throw err }) }
}

function revoke(): void {
  for (const name of ['__hs_initial_opt_in', '__hs_cookie_cat_pref', '__hs_opt_out']) setCookie(name, '', 0)
  unvisit()
  tellConsent()
}

function unvisit(): void {
  for (const name of ['hubspotutk', '__hstc', '__hssc', '__hssrc']) setCookie(name, '', 0)
}

/** A number for the domain, as the cookies carry one. */
function domainHash(): string {
  let n = 0
  for (const c of location.hostname) n = (Math.imul(n, 31) + c.charCodeAt(0)) | 0
  return String(n >>> 0)
}

/** The cookies of the tracking code (TR-04), as integrations read them. None is set before the server allows it. */
function visit(): void {
  if (!allowed()) return
  const now = Date.now(), hash = domainHash()
  let utk = cookie('hubspotutk')
  if (!/^[0-9a-f]{32}$/.test(utk)) utk = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')
  setCookie('hubspotutk', utk, halfYear)
  const session = cookie('__hssc').split('.'), fresh = session.length !== 3 || !cookie('__hssrc')
  const was = cookie('__hstc').split('.')
  const known = was.length === 6 && was[1] === utk
  if (fresh || !known) setCookie('__hstc', [hash, utk, known ? was[2] : now, known ? was[4] : now, now, known ? Number(was[5]) + 1 : 1].join('.'), halfYear)
  setCookie('__hssc', [hash, fresh ? 1 : Number(session[1]) + 1, fresh ? now : session[2]].join('.'), 1800)
  setCookie('__hssrc', '1', -1)
}

// ---- to be noticed: the title of the page, a sound

let title = ''
let blink = 0
/** While the page is in the background its title says that something came. */
export function flash(n: number, word: string): void {
  const stop = () => {
    clearInterval(blink)
    blink = 0
    if (title) document.title = title
    title = ''
  }
  stop()
  if (!n || !document.hidden) return
  title = document.title
  blink = setInterval(() => { document.title = document.title === title ? `(${n}) ${word}` : title }, 1500) as unknown as number
  document.addEventListener('visibilitychange', stop, { once: true })
}

/** Two soft tones, only where the visitor has done something on the page: a page that sounds unasked is rude, and browsers forbid it. */
export function beep(): void {
  const active = (navigator as unknown as { userActivation?: { hasBeenActive: boolean } }).userActivation
  if (active && !active.hasBeenActive) return
  try {
    const audio = new AudioContext(), gain = audio.createGain()
    gain.connect(audio.destination)
    gain.gain.setValueAtTime(0.06, audio.currentTime)
    gain.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.4)
    for (const [i, hz] of [660, 880].entries()) {
      const tone = audio.createOscillator()
      tone.frequency.value = hz
      tone.connect(gain)
      tone.start(audio.currentTime + i * 0.12)
      tone.stop(audio.currentTime + 0.2 + i * 0.2)
      tone.onended = i ? () => void audio.close() : null
    }
  } catch { /* no sound here */ }
}

// ---- embedded in the page

/** The documented containers, inside what the page names. Their measures are the page's; ours are the weakest there can be. */
function inline(selector: string): Element | null {
  let into: Element | null = null
  into = attempt(() => document.querySelector(selector)) ?? null
  if (!into) return null
  const parent = document.createElement('div')
  parent.id = 'hubspot-conversations-inline-parent'
  dress(document, ':where(#hubspot-conversations-inline-parent){height:100%}:where(#hubspot-conversations-inline-iframe){width:100%;height:100%;min-height:480px;border:0;display:block}')
  into.append(parent)
  return parent
}

// ---- the question about cookies (enableWidgetCookieBanner)

const questions: Record<string, [string, string, string]> = {
  en: ['This chat keeps a cookie, so that you find your conversation again.', 'Allow', 'No, thanks'],
  da: ['Chatten gemmer en cookie, så du kan finde din samtale igen.', 'Tillad', 'Nej tak'],
  de: ['Dieser Chat speichert ein Cookie, damit Sie Ihr Gespräch wiederfinden.', 'Erlauben', 'Nein, danke'],
  sv: ['Chatten sparar en kaka så att du hittar tillbaka till ditt samtal.', 'Tillåt', 'Nej tack'],
  fi: ['Chat tallentaa evästeen, jotta löydät keskustelusi uudelleen.', 'Salli', 'Ei kiitos'],
}
const ANSWER = 'hs-messages-cookies'

function banner(c: Core): void {
  const mode = c.settings<unknown>('enableWidgetCookieBanner', false)
  if (!mode || cookie(ANSWER)) return
  const ask = () => {
    const [text, yes, no] = questions[(c.state().hello?.texts.locale ?? 'en').slice(0, 2)] ?? questions.en!
    const box = document.createElement('p'), words = document.createElement('span')
    box.setAttribute('role', 'group')
    box.setAttribute('aria-label', text)
    words.textContent = text
    box.append(words)
    for (const [name, ok] of [[yes, true], [no, false]] as const) {
      const b = document.createElement('button')
      b.type = 'button'
      b.textContent = name
      b.addEventListener('click', () => {
        box.remove()
        setCookie(ANSWER, ok ? 'yes' : 'no', ok ? halfYear : -1)
        const s = c.state()
        if (ok && s.token) keepToken(s.token, Date.now() + 34e9, s.person, false)
      })
      box.append(b)
    }
    c.wrap.prepend(box)
  }
  if (mode === 'ON_EXIT_INTENT') document.addEventListener('mouseout', function leave(e) { if (!e.relatedTarget && e.clientY <= 0) { document.removeEventListener('mouseout', leave); ask() } })
  else ask()
}

// ---- diagnostics

export function debug(c: Core): void {
  const { hello, token, person, at: _, ...rest } = c.state()
  console.log('Kanal', { ...rest, known: !!token, identified: !!person, flow: hello?.flow && { id: hello.flow.id, kind: hello.flow.kind, trigger: hello.flow.trigger }, launcher: hello?.launcher, availability: hello?.availability?.state, open: hello?.open, tracking: hello?.tracking, visitor: hello?.visitor?.id })
}
