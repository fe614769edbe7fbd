import { expect, test } from 'vitest'
import type { Contact } from '@kanal/api'
import { calledOf, differences, kindOf } from './model.ts'

const contact = (over: Partial<Contact>): Contact => ({ id: '1', name: '', first_name: '', last_name: '', email: '', phone: '', owner_id: null, language: '', properties: {}, addresses: [], created_at: '', ...over }) as Contact
const names = { owner: (id: string) => `user ${id}`, label: (f: string) => f }

test('only what both have, and differs, is asked about', () => {
  const a = contact({ name: 'Mira', email: 'a@x', phone: '+451', properties: { tier: 'gold', same: 1 } })
  const b = contact({ name: 'M.', email: '', phone: '+452', owner_id: '7', properties: { tier: 'silver', same: 1, more: true } })
  expect(differences(a, b, names).map((d) => d.field)).toEqual(['name', 'phone', 'property.tier'])
})

test('a contact is called by what is known of it', () => {
  expect(calledOf(contact({ phone: '+451' }))).toBe('+451')
  expect(calledOf(contact({}))).toBe('')
})

test('what is typed is a mail address or a number', () => {
  expect([kindOf('a@b.example'), kindOf('+45 12')]).toEqual(['email', 'phone'])
})
