import { describe, expect, it } from 'vitest'
import { foundBy, type SettingsEntry } from './index-of.ts'
import { matchSettings, type SettingsPage } from './registry.ts'

const entry = (label: string, over: Partial<SettingsEntry> = {}): SettingsEntry => ({ path: label, label, within: '', icon: 'settings', words: '', ...over })

describe('the search over settings', () => {
  it('finds by name, by another word, and by where it stands; names first', () => {
    const all = [entry('Teams', { words: 'groups, departments' }), entry('Time windows'), entry('Group access', { field: 'access', within: 'Inboxes' })]
    expect(foundBy(all, 'group').map((e) => e.label)).toEqual(['Group access', 'Teams'])
    expect(foundBy(all, 'inboxes access').map((e) => e.label)).toEqual(['Group access'])
    expect(foundBy(all, 'nothing')).toEqual([])
    expect(foundBy(all, '  ')).toEqual([])
  })
})

describe('addresses of settings', () => {
  const page = (path: string) => ({ path }) as SettingsPage
  const all = [page('help-desk/channels/$accountId'), page('help-desk/channels/connect'), page('help-desk/channels')]
  it('words win over names', () => {
    expect(matchSettings('help-desk/channels/connect', all)?.page.path).toBe('help-desk/channels/connect')
    expect(matchSettings('help-desk/channels/12', all)).toMatchObject({ params: { accountId: '12' } })
    expect(matchSettings('nowhere', all)).toBeNull()
  })
})
