// CH-27, CH-35, TR-04, TR-08: what the loader keeps in a browser, and when it does something by itself. The browser is a stand-in: a jar of cookies that knows public suffixes, storage, events.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

class Jar {
  all = new Map<string, { value: string; domain: string; age: number }>()
  host = 'www.shop.example'
  suffixes = new Set(['example', 'co.uk', 'uk'])
  get cookie() { return [...this.all].map(([k, c]) => `${k}=${c.value}`).join('; ') }
  set cookie(line: string) {
    const [pair, ...attrs] = line.split(';')
    const [name, value] = [pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1)]
    const attr = (n: string) => attrs.find((a) => a.trim().startsWith(n + '='))?.split('=')[1]
    const domain = attr('domain') ?? ''
    if (domain && (this.suffixes.has(domain) || (this.host !== domain && !this.host.endsWith('.' + domain)))) return
    const age = Number(attr('max-age') ?? -1)
    if (age === 0) this.all.delete(name)
    else this.all.set(name, { value, domain, age })
  }
}
const storage = () => {
  const m = new Map<string, string>()
  return { getItem: (k: string) => m.get(k) ?? null, setItem: (k: string, v: string) => void m.set(k, v), removeItem: (k: string) => void m.delete(k), m }
}

let jar: Jar
let local: ReturnType<typeof storage>
let session: ReturnType<typeof storage>

beforeEach(() => {
  vi.resetModules()
  jar = new Jar()
  local = storage()
  session = storage()
  const page = { scrollTop: 0, scrollHeight: 2000 }
  const doc = Object.assign(new EventTarget(), { documentElement: page })
  Object.defineProperty(doc, 'cookie', { configurable: true, get: () => jar.cookie, set: (v: string) => { jar.cookie = v } })
  const win = Object.assign(new EventTarget(), { localStorage: local, sessionStorage: session })
  vi.stubGlobal('document', doc)
  vi.stubGlobal('window', win)
  vi.stubGlobal('location', { hostname: jar.host, protocol: 'https:' })
  vi.stubGlobal('innerHeight', 1000)
  vi.useFakeTimers()
})
afterEach(() => { vi.unstubAllGlobals(); vi.useRealTimers() })

const load = async () => ({ ...await import('./keep.ts'), ...await import('./store.ts') })
const year = 365 * 86400e3

describe('what is kept', () => {
  it('stands on the registrable domain, in storage too, for as long as the server says', async () => {
    const k = await load()
    k.keepToken('tok', Date.now() + year, '', false)
    expect(jar.all.get('messagesUtk')).toEqual({ value: 'tok', domain: 'shop.example', age: 365 * 86400 })
    expect(local.m.get('kanal-token')).toBe('tok')
    expect(k.takeToken('')).toBe('tok')
    jar.all.clear()
    expect(k.takeToken('')).toBe('tok')
  })
  it('finds the domain below a longer public suffix, and does without one', async () => {
    jar.host = 'www.shop.co.uk'
    location.hostname = jar.host
    const k = await load()
    k.setCookie('a', '1', 60)
    expect(jar.all.get('a')!.domain).toBe('shop.co.uk')
    expect(jar.all.has('kanal-d')).toBe(false)
  })
  it('uses a cookie that the customer’s server has set and leaves it alone', async () => {
    const k = await load()
    jar.all.set('messagesUtk', { value: 'theirs', domain: 'set by the server', age: 34000000 })
    expect(k.takeToken('')).toBe('theirs')
    k.keepToken('theirs', Date.now() + 1000, '', false)
    expect(jar.all.get('messagesUtk')!.domain).toBe('set by the server')
  })
  it('ends with the session for who refused, and takes away what lasted', async () => {
    const k = await load()
    k.keepToken('tok', Date.now() + year, '', false)
    k.keepToken('tok', Date.now() + year, '', true)
    expect([jar.all.size, local.m.size, session.m.get('kanal-token')]).toEqual([0, 0, 'tok'])
  })
  it('keeps a signed-in person apart: whoever comes next starts clean', async () => {
    const k = await load()
    k.keepToken('hers', Date.now() + year, 'mira@customer.example', false)
    expect([jar.all.size, local.m.size]).toEqual([0, 0])
    expect(k.takeToken('mira@customer.example')).toBe('hers')
    expect([k.takeToken('ben@customer.example'), k.takeToken('')]).toEqual(['', ''])
    k.forget('mira@customer.example')
    expect(k.takeToken('mira@customer.example')).toBe('')
  })
  it('does without any of it where the browser forbids it', async () => {
    const k = await load()
    for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new Error('SecurityError') } })
    Object.defineProperty(document, 'cookie', { get() { throw new Error('SecurityError') } })
    k.keepToken('tok', Date.now() + year, '', false)
    expect(k.takeToken('')).toBe('')
  })
})

describe('what happens by itself', () => {
  const armed = async (on: 'load' | 'seconds' | 'scroll' | 'exit', value: number) => {
    const { arm } = await import('./trigger.ts')
    const fire = vi.fn()
    return { fire, stop: arm({ on, value, then: 'prompt' }, fire) }
  }
  it('at once, or after seconds unless called off', async () => {
    expect((await armed('load', 0)).fire).toHaveBeenCalledOnce()
    const a = await armed('seconds', 5), b = await armed('seconds', 5)
    vi.advanceTimersByTime(4999)
    expect(a.fire).not.toHaveBeenCalled()
    b.stop()
    vi.advanceTimersByTime(1)
    expect(a.fire).toHaveBeenCalledOnce()
    expect(b.fire).not.toHaveBeenCalled()
  })
  it('after scrolling so far, once', async () => {
    const { fire } = await armed('scroll', 50)
    const to = (y: number) => { (document.documentElement as unknown as { scrollTop: number }).scrollTop = y; window.dispatchEvent(new Event('scroll')) }
    to(499)
    expect(fire).not.toHaveBeenCalled()
    to(500); to(900)
    expect(fire).toHaveBeenCalledOnce()
  })
  it('when the pointer leaves over the upper edge, not into something else', async () => {
    const { fire } = await armed('exit', 0)
    const out = (clientY: number, relatedTarget: unknown) => document.dispatchEvent(Object.assign(new Event('mouseout'), { clientY, relatedTarget }))
    out(0, {}); out(400, null)
    expect(fire).not.toHaveBeenCalled()
    out(-1, null)
    expect(fire).toHaveBeenCalledOnce()
  })
})
