import { describe, expect, test } from 'vitest'
import { asking, chips, pieces, remembered, toggled, without } from './model.ts'

describe('the words of a search', () => {
  test('operators are chips, with their quotes off; times and addresses are not', () => {
    expect(chips('printer status:"Waiting on us" -from:bo 12:30 http://x is:').map((c) => [c.op, c.value, c.not])).toEqual([['status', 'Waiting on us', false], ['from', 'bo', true]])
  })
  test('a chip is taken out alone', () => {
    const q = 'printer status:"Waiting on us" is:open'
    expect(without(q, chips(q)[0]!)).toBe('printer is:open')
  })
  test('a filter is put in, taken out, and what stands once is replaced', () => {
    expect(toggled('printer', 'owner', 'Mette Holm')).toBe('printer owner:"Mette Holm"')
    expect(toggled('printer owner:"mette holm"', 'owner', 'Mette Holm')).toBe('printer')
    expect(toggled('x type:ticket', 'type', 'message', true)).toBe('x type:message')
    expect(asking('x -type:ticket', 'type', 'ticket')).toBeUndefined()
  })
  test('the last search comes first, once', () => {
    expect(remembered(['a', 'b'], ' B ')).toEqual(['B', 'a'])
    expect(remembered(['a'], '')).toEqual(['a'])
    expect(remembered(Array.from({ length: 30 }, (_, i) => `q${i}`), 'z')).toHaveLength(10)
  })
  test('what a mail says is never markup', () => {
    expect(pieces('a &lt;b&gt; <mark>x &amp; y</mark> &#34;')).toEqual([{ text: 'a <b> ', hit: false }, { text: 'x & y', hit: true }, { text: ' "', hit: false }])
  })
})
