import { describe, expect, it } from 'vitest'
import type { ChannelAccount, Spec } from '@kanal/api'
import { fieldsOf, health, initialSettings, missing, read, write } from './model.ts'

const field = (path: string, over = {}) => ({ path, label: path, help: '', type: 'text', options: null, default: null, required: false, secret: false, kinds: null, step: 'account', ...over })
const spec = { fields: [field('imap.host', { required: true, kinds: ['imap'] }), field('password', { secret: true, required: true, kinds: ['imap'] }), field('imap.port', { default: 993, kinds: ['imap'] }), field('signature_html', { step: 'details', type: 'html' })] } as unknown as Spec
const imap = { name: 'imap', preset: null } as never

describe('channel settings', () => {
  it('are read and written at dotted paths', () => {
    const s = write(write({}, 'imap.host', 'a'), 'imap.port', 1)
    expect(s).toEqual({ imap: { host: 'a', port: 1 } })
    expect(read(s, 'imap.port')).toBe(1)
    expect(read(s, 'smtp.port')).toBeUndefined()
  })
  it('begin with the defaults of the kind and the preset of what was chosen (EM-02)', () => {
    const s = initialSettings(spec, imap, { name: 'gmail', preset: { 'imap.host': 'imap.gmail.com', smtp: { port: 465 } } } as never)
    expect(s).toEqual({ kind: 'imap', imap: { host: 'imap.gmail.com', port: 993 }, smtp: { port: 465 } })
  })
  it('show the fields of their step and kind only', () => {
    expect(fieldsOf(spec, 'account', 'hosted')).toEqual([])
    expect(fieldsOf(spec, 'details', 'hosted').map((f) => f.path)).toEqual(['signature_html'])
  })
  it('name the first missing field; a stored secret is not missing', () => {
    const fields = fieldsOf(spec, 'account', 'imap')
    expect(missing(fields, {}, {}, false)?.path).toBe('imap.host')
    expect(missing(fields, { imap: { host: 'x' } }, {}, false)?.path).toBe('password')
    expect(missing(fields, { imap: { host: 'x' } }, {}, true)).toBeUndefined()
  })
  it('GEN-21: a dead password shows as disconnected, never as off', () => {
    const a = (over: Partial<ChannelAccount>) => health({ active: true, authorized: true, state: 'connected', ...over } as ChannelAccount)
    expect(a({})).toBe('connected')
    expect(a({ active: false })).toBe('off')
    expect(a({ authorized: false })).toBe('disconnected')
    expect(a({ active: false, state: 'reconnect' })).toBe('disconnected')
    expect(a({ state: 'trouble' })).toBe('trouble')
  })
})
