import { describe, expect, it } from 'vitest'
import { flat, inLanguage, readable, shown, whole } from './model.ts'

describe('the settings of a chat channel', () => {
  it('what is not stored holds as the server has it, and unknown keys stay', () => {
    const s = whole({ appearance: { color: '#123456' }, identity: { public_key: 'k' } })
    expect([s.appearance.color, s.appearance.position, s.privacy.consent, s.files.max_mb]).toEqual(['#123456', 'right', 'none', 20])
    expect(s.identity).toEqual({ one_browser: false, public_key: 'k' })
  })
  it('a list is replaced and not laid over', () => {
    expect(whole({ availability: { hours: { timezone: 'UTC', ranges: [], holidays: [] } } }).availability.hours.ranges).toEqual([])
  })
  it('nested texts are named by dotted keys', () => expect(flat({ home: { title: 'Hi', sub: { x: 'y' } }, send: 'Go' })).toEqual({ 'home.title': 'Hi', 'home.sub.x': 'y', send: 'Go' }))
  it('CH-11: a colour that cannot be read is told', () => {
    expect(readable('#1f6feb')).toMatchObject({ ink: '#ffffff' })
    expect(readable('#ffee00').ink).toBe('#000000')
    expect(readable('#ffee00').page).toBeLessThan(1.5)
  })
  it('CO-11: texts fall back from language to company to English', () => {
    expect(inLanguage({ en: 'E', da: 'D' }, 'da-DK')).toBe('D')
    expect(inLanguage({ en: 'E', da: 'D' }, 'fi', 'da')).toBe('D')
    expect(inLanguage({ en: 'E', sv: ' ' }, 'sv')).toBe('E')
    expect(inLanguage({ fi: 'F' }, 'sv')).toBe('F')
  })
  it('CH-20 to CH-23: each state shows what its setting says', () => {
    const s = whole({ availability: { away: { do: 'hide' }, offline: { do: 'message', text: { en: 'Closed' } }, capacity: { do: 'wait', text: { en: 'Full' } }, available: { reply_time: 'hours' } } })
    expect(shown(s, 'available', 'en', 'en', '').reply_time).toBe('hours')
    expect(shown(s, 'away', 'en', 'en', '').show).toBe(false)
    expect(shown(s, 'offline', 'en', 'en', 'x')).toMatchObject({ text: 'Closed', returns_at: null })
    expect(shown(s, 'capacity', 'en', 'en', '')).toMatchObject({ text: 'Full', position: 2 })
    expect(shown(whole({ availability: { capacity: { do: 'nothing' } } }), 'capacity', 'en', 'en', '').state).toBe('available')
  })
})
