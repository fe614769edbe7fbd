import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Msg } from '../../shared/types.ts'
import { contrast, inkOn, palette, parseColor, readableOn } from './color.ts'
import { availabilityLine, dayOf } from './format.ts'
import { type ChatItem, faultOf, linked, markAt, onlyEmoji, openQuestion, rowsOf } from './model.ts'
import { captureNow, later, nobody, type State } from './state.ts'
import { directionOf, nearest, wordsOf } from './texts.ts'

const at = (min: number, day = 20) => new Date(2026, 10, day, 10, min).toISOString()
const msg = (id: string, from: Msg['from'], min: number, over: Partial<Msg> = {}): ChatItem => {
  const value: Msg = { id, thread_id: '1', kind: 'message', from, author: from === 'visitor' ? null : { name: 'Ida', avatar: '' }, text: id, html: '', files: [], quick: [], input: null, at: at(min), client_id: '', status: 'sent', ...over }
  return { kind: 'entry', key: id, value }
}
const pending: ChatItem = { kind: 'pending', key: 'p', draft: { text: 'x', quick: null, files: [], page: null }, since: Date.parse(at(9)) }
const read = (l: string) => JSON.parse(readFileSync(new URL(`./locales/${l}.json`, import.meta.url), 'utf8')) as Record<string, string>
const en = read('en')
const t = wordsOf(en, 'en', 'ltr').t

describe('what is shown', () => {
  it('stands together when the same person says it within minutes; days and notices part it', () => {
    const rows = rowsOf([msg('1', 'agent', 0), msg('2', 'agent', 2), msg('3', 'agent', 20), msg('4', 'visitor', 21), msg('5', 'system', 22, { kind: 'system' }), msg('6', 'agent', 23, { at: at(0, 21) })])
    expect(rows.map((r) => (r.kind === 'group' ? r.items.length : r.kind))).toEqual(['day', 2, 1, 1, 'notice', 'day', 1])
  })
  it('marks where the new begins', () => { expect(rowsOf([msg('1', 'agent', 0), msg('2', 'agent', 1)], '2').map((r) => r.kind)).toEqual(['day', 'group', 'new', 'group']) })
  it('CH-32: quick replies are open until the visitor has said something after them', () => {
    const asked = msg('2', 'bot', 1, { quick: [{ label: 'Yes', value: 'y', url: '', step: 's' }] })
    expect(openQuestion([msg('1', 'visitor', 0), asked])?.id).toBe('2')
    expect(openQuestion([asked, msg('3', 'system', 2, { kind: 'system' })])?.id).toBe('2')
    expect(openQuestion([asked, msg('3', 'visitor', 2)])).toBe(null)
    expect(openQuestion([asked, pending])).toBe(null)
  })
  it('CH-30: the newest of the visitor’s messages carries the mark', () => { expect(markAt([msg('1', 'visitor', 0, { status: 'read' }), msg('2', 'visitor', 1), msg('3', 'agent', 2)])).toEqual({ key: '2', status: 'sent' }) })
  it('links addresses, without the sentence around them', () => {
    expect(linked('See https://a.example/x_(y), or www.b.example. Mail me@c.example!').filter((p) => p.href).map((p) => p.href)).toEqual(['https://a.example/x_(y)', 'https://www.b.example', 'mailto:me@c.example'])
    expect(linked('javascript:alert(1)').some((p) => p.href)).toBe(false)
  })
  it('one to three emoji are large, words are not', () => { expect([onlyEmoji('👍'), onlyEmoji('🎉🎉 ❤️'), onlyEmoji('ok 👍'), onlyEmoji('12')]).toEqual([true, true, false, false]) })
  it('ids are numbers written out', () => { expect([later('9', '10') < 0, later('10', '9') > 0, later('7', '7')]).toEqual([true, true, 0]) })
})

describe('answers', () => {
  const fault = (answer: Parameters<typeof faultOf>[0]['answer'], v: string, required = true) => faultOf({ answer, required, choices: [{ label: 'Red', value: 'r' }] }, v)
  it('CF: each kind is checked before it leaves', () => {
    expect([fault('email', 'a@b.dk'), fault('email', 'a@b'), fault('email', 'a b@c.dk'), fault('email', '')]).toEqual([null, 'answer.email', 'answer.email', 'answer.required'])
    expect([fault('phone', '+45 12 34 56 78'), fault('phone', '12'), fault('phone', 'call me')]).toEqual([null, 'answer.phone', 'answer.phone'])
    expect([fault('number', '1.234,5'), fault('number', 'many')]).toEqual([null, 'answer.number'])
    expect([fault('date', '2026-11-22'), fault('date', '22/11')]).toEqual([null, 'answer.date'])
    expect([fault('url', 'www.a.dk'), fault('url', 'a')]).toEqual([null, 'answer.url'])
    expect([fault('choice', 'r'), fault('choice', 'Red'), fault('choice', 'Blue'), fault('text', '', false)]).toEqual([null, null, 'answer.choice', null])
  })
})

describe('CH-28: when the address is asked for', () => {
  const s = (email: 'never' | 'immediately' | 'after_first' | 'away', over: Partial<State> = {}): State => ({ ...nobody, ...over, hello: { flow: { capture: { email, name: false, required: false } } } as State['hello'] })
  it('never, at once, after the first message, or while nobody is there; not of who is known or has declined', () => {
    expect([captureNow(s('never'), true), captureNow(s('immediately'), false), captureNow(s('after_first'), false), captureNow(s('after_first'), true)]).toEqual([false, true, false, true])
    const here = { state: 'available' } as State['availability'], gone = { state: 'offline' } as State['availability']
    expect([captureNow(s('away', { availability: here }), true), captureNow(s('away', { availability: gone }), false)]).toEqual([false, true])
    expect([captureNow(s('immediately', { known: true }), false), captureNow(s('immediately', { captureSkipped: true }), false)]).toEqual([false, false])
  })
})

describe('colours', () => {
  it.each(['#1f6feb', '#ffd84d', '#ffffff', '#000000', '#777777', '#ff0000', '#00ff00'])('%s: what stands on it, and it on the page, can be read', (c) => {
    const rgb = parseColor(c)!
    expect(contrast(inkOn(rgb), rgb)).toBeGreaterThanOrEqual(4.5)
    for (const ground of ['#f0f2f4', '#262a2f']) expect(contrast(readableOn(rgb, parseColor(ground)!), parseColor(ground)!)).toBeGreaterThanOrEqual(4.5)
  })
  it('what is no colour becomes one', () => { expect(palette('nonsense')['--accent']).toBe('#1f6feb') })
})

describe('words', () => {
  it.each(['da', 'de', 'sv', 'fi', 'ar'])('XC-07: %s has every text, with the same parameters', (l) => {
    const file = read(l)
    const base = (k: string) => k.replace(/_(zero|one|two|few|many|other)$/, '_other')
    expect(Object.keys(en).filter((k) => !file[k]?.trim())).toEqual([])
    expect(Object.keys(file).filter((k) => !(base(k) in en) && !(k in en))).toEqual([])
    const params = (x: string) => [...x.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort().join()
    expect(Object.keys(en).filter((k) => params(en[k]!) !== params(file[k]!))).toEqual([])
    const forms = new Set([0, 1, 2, 5, 11, 21, 101].map((n) => new Intl.PluralRules(l).select(n)))
    expect(Object.keys(en).filter((k) => k.endsWith('_other')).flatMap((k) => [...forms].filter((f) => !(`${k.slice(0, -6)}_${f}` in file)))).toEqual([])
  })
  it('every text has its user', () => {
    const code = ['app', 'ask', 'bubble', 'cards', 'composer', 'emoji', 'format', 'header', 'home', 'model', 'talk', 'theme', 'chat'].map((f) => { for (const e of ['ts', 'tsx']) try { return readFileSync(new URL(`./${f}.${e}`, import.meta.url), 'utf8') } catch { /* the other */ } return '' }).join('\n')
    const stems = [...code.matchAll(/`([a-z_.]+\.)\$\{/g)].map((m) => m[1]!)
    expect(Object.keys(en).filter((k) => { const b = k.replace(/_(one|other)$/, ''); return !code.includes(`'${b}'`) && !stems.some((x) => k.startsWith(x)) })).toEqual([])
  })
  it('CO-11: the administrator’s words win, ours stand in for empty ones', () => {
    const w = wordsOf(en, 'en', 'ltr', { send: 'Off it goes', write: ' ' })
    expect([w.t('send'), w.t('write'), w.t('home.unread', { n: 1 }), w.t('home.unread', { n: 3 })]).toEqual(['Off it goes', en.write, '1 new message', '3 new messages'])
  })
  it('the nearest language, and its direction', () => { expect([nearest(['de-AT']), nearest(['nb-NO']), nearest(['xx', 'fi']), nearest(['he']), directionOf('he-IL'), directionOf('sv')]).toEqual(['de', 'da', 'fi', 'en', 'rtl', 'ltr']) })
})

describe('times', () => {
  const now = new Date(2026, 10, 22, 12)
  const a = (over: object) => ({ state: 'available', text: '', reply_time: '', returns_at: null, position: null, show: true, ...over }) as State['availability']
  it('CH-20…23: the line says what holds, the administrator’s words first', () => {
    expect(availabilityLine(a({ reply_time: 'hours' }), 'en', t, now)).toBe(en['reply.hours'])
    expect(availabilityLine(a({ state: 'away', text: 'At lunch' }), 'en', t, now)).toBe('At lunch')
    expect(availabilityLine(a({ state: 'offline', returns_at: new Date(2026, 10, 23, 9).toISOString() }), 'en-GB', t, now)).toBe('Back tomorrow at 09:00')
    expect(availabilityLine(a({ state: 'capacity', position: 3 }), 'en', t, now)).toBe('You are number 3 in the queue')
    expect(availabilityLine(a({ state: 'capacity', position: 3, text: 'Hold on.', wait_minutes: 12 }), 'en', t, now)).toBe('Hold on. You are number 3 in the queue · Expected wait: 12 minutes')
    expect(availabilityLine(a({ state: 'capacity', position: 3, wait_minutes: 180 }), 'en', t, now)).toMatch(/Expected wait: 3 hours$/)
  })
  it('days as one says them', () => { expect([dayOf(new Date(2026, 10, 22, 1).toISOString(), 'en', t, now), dayOf(new Date(2026, 10, 21, 23).toISOString(), 'en', t, now), dayOf(new Date(2026, 10, 18).toISOString(), 'en', t, now)]).toEqual(['Today', 'Yesterday', 'Wednesday']) })
})
