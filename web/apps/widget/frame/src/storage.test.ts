// CH-34: what the browser lets us remember, and what it does not.
import { describe, expect, it } from 'vitest'
import { keeper } from './storage.ts'

/** A store of so many characters; writes beyond it throw, as browsers do. */
function storeOf(room: number, filled: Record<string, string> = {}): Storage {
  const map = new Map(Object.entries(filled))
  const size = () => [...map].reduce((n, [k, v]) => n + k.length + v.length, 0)
  return new Proxy({
    getItem: (k: string) => map.get(k) ?? null,
    setItem: (k: string, v: string) => { const was = map.get(k); map.set(k, v); if (size() > room) { if (was === undefined) map.delete(k); else map.set(k, was); throw new DOMException('full', 'QuotaExceededError') } },
    removeItem: (k: string) => { map.delete(k) },
  } as unknown as Storage, { ownKeys: () => [...map.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) })
}

describe('what this browser remembers', () => {
  it('a full store is read still: the visitor stays who they are', () => {
    const k = keeper(() => storeOf(10, { token: 'abc', x: '1' }))
    expect(k.kept).toBe(false)
    expect(k.get('token')).toBe('abc')
    expect(k.keys('to')).toEqual(['token'])
  })
  it('what a full store does not take counts for as long as the page lives, not what stood there before', () => {
    const k = keeper(() => storeOf(40, { draft: 'old' }))
    k.set('draft', 'new'.repeat(20))
    expect(k.get('draft')).toBe('new'.repeat(20))
    k.set('draft', 'short')
    expect(k.get('draft')).toBe('short')
    k.set('other', 'x'.repeat(90))
    expect(k.keys('').sort()).toEqual(['draft', 'other'])
    k.del('other')
    expect(k.get('other')).toBe('')
    expect(k.keys('')).toEqual(['draft'])
  })
  it('where storage is blocked everything lasts as long as the page', () => {
    const k = keeper(() => { throw new DOMException('no', 'SecurityError') })
    k.set('a', '1')
    expect(k.get('a')).toBe('1')
    k.del('a')
    expect(k.get('a')).toBe('')
    expect(k.kept).toBe(false)
  })
})
