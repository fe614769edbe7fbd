import { expect, it } from 'vitest'
import { after, browserOf, linkable, readable, sureness } from './model.ts'

it('names a browser and its system, and makes nothing up', () => {
  expect(browserOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0')).toBe('Edge, Windows')
  expect(browserOf('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1')).toBe('Safari, iOS')
  expect(browserOf('curl/8')).toBe('')
})

it('shows addresses without scheme and query, and follows none but web addresses', () => {
  expect(readable('https://shop.example/bikes?utm_source=x')).toBe('shop.example/bikes')
  expect(readable('https://shop.example/')).toBe('shop.example')
  expect(readable('nonsense')).toBe('nonsense')
  expect([linkable('https://a.example'), linkable('javascript:alert(1)')]).toEqual([true, false])
})

// TR-09
it('tells proven from linked from claimed', () => {
  const of = (proven: boolean, contact_id: string | null, claimed_email: string) => sureness({ proven, contact_id, claimed_email })
  expect([of(true, '1', ''), of(false, '1', 'a@b.c'), of(false, null, 'a@b.c'), of(false, null, '')]).toEqual(['proven', 'linked', 'claimed', 'unknown'])
})

// CH-30
it('follows what a visitor does', () => {
  const page = { url: 'https://a.example/', title: 'A' }
  const none = { online: false, typing: false, text: '', page: { url: '', title: '' } }
  const sign = { visitor_id: '1', thread_id: '2', ticket_id: null }
  const typing = after(none, { ...sign, state: 'typing', text: 'hel', page })
  expect(typing).toEqual({ online: true, typing: true, text: 'hel', page })
  expect(after(typing, { ...sign, state: 'idle' })).toEqual({ online: true, typing: false, text: '', page })
  expect(after(typing, { ...sign, state: 'offline' })).toEqual({ online: false, typing: false, text: '', page })
})
