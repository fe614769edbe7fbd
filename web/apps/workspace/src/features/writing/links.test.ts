import { describe, expect, it } from 'vitest'
import { asLinks } from './links.ts'

const can = { large_files: 'link' as const, link_above_bytes: 10 }
const of = (sizes: number[], html = '', c: Parameters<typeof asLinks>[2] = can) => [...asLinks(sizes.map((size, i) => ({ id: `${i}`, size })), html, c)].sort().join()

describe('files that go as links (EM-39)', () => {
  it('are the largest, until the rest fits', () => {
    expect(of([])).toBe('')
    expect(of([4, 6])).toBe('')
    expect(of([1, 30])).toBe('1')
    expect(of([4, 5, 6, 7])).toBe('2,3')
    expect(of([6, 6])).toBe('1')
  })
  it('are not the pictures in the text, unless one is too large alone', () => {
    expect(of([8, 5], '<img src="/api/attachments/0?inline=1">')).toBe('1')
    expect(of([11, 5], '<img src="/api/attachments/0?inline=1">')).toBe('0')
  })
  it('are none where the account refuses or has no limit', () => {
    expect(of([30], '', { large_files: 'refuse', link_above_bytes: 10 })).toBe('')
    expect(of([30], '', {})).toBe('')
  })
})
