import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Hello, Msg } from '../../shared/types.ts'
import { Chat } from './chat.ts'
import type { Host } from './host.ts'
import { lasting, passing } from './storage.ts'
import { VisitorStream, type StreamEvent } from './stream.ts'

type Call = { method: string; path: string; body: Record<string, unknown> | null; auth: string }
const settle = async () => { for (let i = 0; i < 30; i++) await new Promise((r) => setTimeout(r)) }

/** The server in a few lines: what it was asked, and messages filed once by their id. */
function server() {
  const calls: Call[] = []
  const filed = new Map<string, Msg>()
  const s = { calls, filed, down: false, status: 0, lose: false, consent: null as Hello['flow'] extends infer F ? F extends { consent: infer C } ? C : never : never, visitor: null as Hello['visitor'] }
  const json = (v: unknown, status = 200) => new Response(JSON.stringify(v), { status, headers: { 'Content-Type': 'application/json' } })
  const th = { id: '70', open: true, bot: false, with: null, last_at: '2026-11-22T10:00:00Z', preview: '', unread: 0, rated: false, can_rate: true, created_at: '2026-11-22T10:00:00Z' }
  const hello = (): Hello => ({
    visitor: s.visitor, account: { id: 'a1', color: '', font: 'system', position: 'right', typing_preview: true }, availability: { state: 'available', text: '', reply_time: '', returns_at: null, position: null, show: true },
    flow: { id: 'f1', number: 2, kind: 'live_chat', language: 'en', capture: { email: 'never', name: false, required: false }, welcome: 'Hi', opening: [], consent: s.consent, delay_ms: 0 },
    heading: { name: 'Us', avatar: '', people: [] }, texts: { locale: 'en', dir: 'ltr', overrides: {} }, open: { threads: 0, unread: 0, latest: '' }, launcher: true, files: { enabled: true, max_bytes: 0 }, emoji: true, typing: true, read: true, transcript: 'offer',
  })
  const handle = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const body = init.body ? (JSON.parse(String(init.body)) as Record<string, unknown>) : null
    if (path.startsWith('/widget/stream')) return new Promise((_, no) => init.signal?.addEventListener('abort', () => no(new Error('aborted'))))
    calls.push({ method: init.method ?? 'GET', path, body, auth: (init.headers as Record<string, string>).Authorization ?? '' })
    if (s.down) throw new TypeError('Failed to fetch')
    if (s.status) return json({ detail: 'no' }, s.status)
    if (path === '/widget/hello') return json(hello())
    if (path === '/widget/visitor') return json({ visitor: { id: 'v1', token: 'tok', expires_at: null, known: false, email_known: false } })
    if (path.startsWith('/widget/threads/') && path.includes('/messages')) return json({ items: [...filed.values()].reverse(), next: '', thread: th })
    if (path.startsWith('/widget/threads')) return json({ items: [], next: '' })
    if (path === '/widget/messages') {
      const id = String(body!.id)
      const m = filed.get(id) ?? ({ id: String(100 + filed.size), thread_id: '70', kind: 'message', from: 'visitor', author: null, text: String(body!.text), html: '', files: [], quick: [], input: null, at: new Date(1e12 + filed.size).toISOString(), client_id: id, status: 'sent' } as Msg)
      filed.set(id, m)
      if (s.lose) { s.lose = false; throw new TypeError('Failed to fetch') }
      return json({ thread: th, message: m }, 201)
    }
    return json({})
  }
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => handle(path, init))
  return Object.assign(s, { hello, paths: () => calls.map((c) => c.path) })
}

const explicit = { kind: 'explicit' as const, text: 'May we?', version: 'v1', state: '' as const }
const chats: Chat[] = []
function chat(said: unknown[] = []): Chat {
  const c = new Chat('frame')
  c.host = { say: (m) => { said.push(m) }, event: (name) => { said.push(name) }, stop() {} } satisfies Host
  chats.push(c)
  return c
}
async function begun(s: ReturnType<typeof server>, c = chat()): Promise<Chat> {
  c.take({ type: 'init', hello: s.hello(), ask: { locale: 'en' }, token: '', page: { url: 'https://shop.example/a', title: 'A', referrer: '' }, locale: 'en', inline: false, phone: false, options: { attachments: true, focus: true, newThreadLink: true } })
  await settle()
  return c
}
const shown = (c: Chat) => (c.state.convo?.getSnapshot().items ?? []).map((i) => (i.kind === 'entry' ? i.value.text : `${i.kind}:${i.draft.text}`))

beforeEach(() => {
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }))
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('location', { origin: 'https://kanal.example' })
  vi.stubGlobal('BroadcastChannel', undefined)
  vi.stubGlobal('navigator', { onLine: true })
  for (const kept of [lasting, passing]) for (const k of kept.keys('')) kept.del(k)
})
afterEach(() => { for (const c of chats.splice(0)) c.live.stop(); vi.unstubAllGlobals() })

describe('Chat', () => {
  it('CH-02: a visitor comes into being with the first message, not before', async () => {
    const s = server()
    const said: unknown[] = []
    const c = await begun(s, chat(said))
    expect(s.paths()).toEqual([])
    c.send('hello')
    await settle()
    expect(s.paths().slice(0, 2)).toEqual(['/widget/visitor', '/widget/messages'])
    expect(s.calls[1]).toMatchObject({ auth: 'Bearer tok', body: { flow: { id: 'f1', number: 2 }, text: 'hello', page: { url: 'https://shop.example/a' } } })
    expect([c.state.thread, shown(c)]).toEqual(['70', ['hello']])
    expect(said).toContain('conversationStarted')
    expect(said).toContainEqual({ type: 'token', token: 'tok', expires: 0, session: false })
  })

  it('CO-09: under explicit consent nothing leaves before the visitor has agreed; then who, then what was shown, then the message', async () => {
    const s = server()
    s.consent = explicit
    const c = await begun(s)
    c.typing.typed('secret')
    c.send('secret')
    c.uploads.add([new File(['x'], 'secret.txt')])
    await settle()
    await c.flush()
    expect(s.calls).toEqual([])
    c.agreement.answer(true)
    await settle()
    await c.flush()
    await settle()
    const order = s.paths().filter((p) => /visitor|consent|messages$/.test(p) && !p.includes('threads'))
    expect(order.slice(0, 3)).toEqual(['/widget/visitor', '/widget/consent', '/widget/messages'])
    expect(s.calls.find((x) => x.path === '/widget/consent')!.body).toEqual({ account: 'a1', flow: { id: 'f1', number: 2 }, action: 'given', version: 'v1', text: 'May we?', locale: 'en' })
    expect(s.calls.filter((x) => x.path === '/widget/consent')).toHaveLength(1)
  })

  it('CO-09: declining ends it: nothing is sent, nobody is made, and it is not asked again after a reload', async () => {
    const s = server()
    s.consent = explicit
    const c = await begun(s)
    c.agreement.answer(false)
    c.send('anything')
    await settle()
    expect([s.calls, c.state.consent]).toEqual([[], 'declined'])
    const again = await begun(s)
    expect(again.state.consent).toBe('declined')
    again.agreement.reconsider()
    expect(again.state.consent).toBe('needed')
  })

  it('CO-04: the implicit notice is told as shown, once, just before the first message', async () => {
    const s = server()
    s.consent = { ...explicit, kind: 'implicit' }
    const c = await begun(s)
    c.send('one')
    c.send('two')
    await settle()
    expect(s.calls.filter((x) => x.path === '/widget/consent').map((x) => x.body!.action)).toEqual(['shown'])
    expect(s.paths().indexOf('/widget/consent')).toBeLessThan(s.paths().indexOf('/widget/messages'))
  })

  it('CH-30: without a connection messages wait, over a reload too, and leave once and in order', async () => {
    const s = server()
    const c = await begun(s)
    s.down = true
    c.send('one')
    c.send('two')
    await settle()
    expect(shown(c)).toEqual(['failed:one', 'failed:two'])
    c.live.stop()
    s.down = false
    s.lose = true // the first is filed, but its answer is lost on the way
    const again = await begun(s)
    await again.flush()
    await again.flush()
    await settle()
    expect([...s.filed.values()].map((m) => m.text)).toEqual(['one', 'two'])
    expect(shown(again)).toEqual(['one', 'two'])
  })

  it('CH-30: the stream’s own telling of a message is not a second message', async () => {
    const s = server()
    const c = await begun(s)
    c.send('hello')
    await settle()
    c.told('70', [...s.filed.values()][0]!)
    expect(shown(c)).toEqual(['hello'])
  })

  it('CH-34: a message that arrives unseen counts, sounds and is told to the page; opening it clears that', async () => {
    const s = server()
    const said: unknown[] = []
    const c = await begun(s, chat(said))
    c.send('hello')
    await settle()
    c.told('70', { ...[...s.filed.values()][0]!, id: '200', from: 'agent', author: { name: 'Ida', avatar: '' }, text: 'Hi!', client_id: '' })
    expect(said).toContainEqual({ type: 'unread', count: 1, preview: { author: 'Ida', avatar: '', text: 'Hi!' } })
    expect(said).toContainEqual({ type: 'sound' })
    c.take({ type: 'open' })
    c.saw()
    expect(said.filter((m) => (m as { type?: string }).type === 'unread').at(-1)).toEqual({ type: 'unread', count: 0 })
    expect(s.paths()).toContain('/widget/threads/70/seen')
  })

  it('TR-08: reset leaves nothing of the one before', async () => {
    const s = server()
    const c = await begun(s)
    c.send('hello')
    await settle()
    c.take({ type: 'reset' })
    await settle()
    expect(s.paths()).toContain('/widget/logout')
    expect([c.api.token, c.state.thread, c.state.threads, lasting.keys('kanal.').length]).toEqual(['', '', [], 0])
  })

  it('a refused message says so and is not tried by itself', async () => {
    const s = server()
    const c = await begun(s)
    s.status = 422
    c.send('hello')
    await settle()
    const n = s.calls.length
    await c.flush()
    expect(s.calls.length).toBe(n)
    expect(c.state.convo!.getSnapshot().items[0]).toMatchObject({ kind: 'failed', uncertain: false })
  })
})

describe('VisitorStream', () => {
  const body = (...parts: string[]) => new Response(new ReadableStream({ start(c) { for (const p of parts) c.enqueue(new TextEncoder().encode(p)); c.close() } }))
  function stream(answers: ((url: string) => Response | Promise<Response>)[]) {
    const asked: string[] = [], events: StreamEvent[] = [], log: string[] = []
    let n = 0
    const st = new VisitorStream(() => ({ Authorization: 'Bearer t' }), { event: (e) => events.push(e), ready: (fresh) => log.push(`ready:${fresh}`), state: (x) => log.push(x), signedOut: () => log.push('signed_out'), banned: () => log.push('banned') },
      ((url: string) => { asked.push(url); const a = answers[n++]; return a ? Promise.resolve(a(url)) : new Promise(() => {}) }) as typeof fetch, () => 0)
    return { st, asked, events, log }
  }
  const wait = (fn: () => boolean) => vi.waitFor(() => { if (!fn()) throw new Error('not yet') }, { timeout: 4000, interval: 5 })

  it('asks for exactly what came after, and tells each once', async () => {
    const x = stream([
      () => body('event: ready\ndata: {"last":5}\n\n', 'id: 6\nevent: message\ndata: {"a":1}\n\nid: 7\nevent: mess', 'age\ndata: {"a":2}\n\n'),
      () => body('event: ready\ndata: {"last":7}\n\nid: 7\nevent: message\ndata: {"a":2}\n\nid: 8\nevent: message\ndata: {"a":3}\n\n'),
    ])
    x.st.start()
    await wait(() => x.asked.length === 3)
    x.st.stop()
    expect(x.asked).toEqual(['/widget/stream', '/widget/stream?after=7', '/widget/stream?after=8'])
    expect(x.events.map((e) => e.id)).toEqual([6, 7, 8])
    expect(x.log.filter((l) => l.startsWith('ready'))).toEqual(['ready:true', 'ready:false'])
  })

  it('CH-34: a stream that is cut in the middle of a letter is read on, and one that ends there is asked again', async () => {
    const bytes = new TextEncoder().encode('event: ready\ndata: {"last":1}\n\nid: 2\nevent: message\ndata: {"text":"Smørrebrød 🚲"}\n\n')
    const cut = (...at: number[]) => new Response(new ReadableStream({ start(c) { let from = 0; for (const to of [...at, bytes.length]) { c.enqueue(bytes.slice(from, to)); from = to } c.close() } }))
    const bike = bytes.indexOf(0xf0)
    const x = stream([() => new Response(new Blob([bytes.slice(0, bike + 2)]).stream()), () => cut(bytes.indexOf(0xc3) + 1, bike + 1, bike + 3)])
    x.st.start()
    await wait(() => x.asked.length === 3)
    x.st.stop()
    expect(x.asked.slice(1)).toEqual(['/widget/stream?after=1', '/widget/stream?after=2'])
    expect(x.events.map((e) => e.data)).toEqual([{ text: 'Smørrebrød 🚲' }])
  })

  it('CH-34: where no bytes come through it falls back to long polling', async () => {
    const x = stream([() => new Response(null), () => new Response(JSON.stringify({ events: [{ id: 3, event: 'message', data: {} }], last: 3 })), () => new Promise<Response>(() => {})])
    x.st.start()
    await wait(() => x.asked.length === 3)
    x.st.stop()
    expect(x.asked.slice(1)).toEqual(['/widget/stream?poll=1', '/widget/stream?after=3&poll=1'])
  })

  it('a dead token and a ban end it; anything else is tried again, later and later', async () => {
    const gone = stream([() => new Response('', { status: 401 })])
    gone.st.start()
    await wait(() => gone.log.includes('signed_out'))
    const ban = stream([() => body('event: banned\ndata: {}\n\n')])
    ban.st.start()
    await wait(() => ban.log.includes('banned'))
    const x = stream([() => new Response('', { status: 503 }), () => body('event: ready\ndata: {"last":1}\n\n')])
    x.st.start()
    await wait(() => x.log.includes('live'))
    x.st.stop()
    expect([1, 2, 3, 20].map((n) => x.st.delay(n))).toEqual([200, 400, 750, 10_000])
  })
})
