import { expect, it } from 'vitest'
import { fieldsOf, full, limited, nearest, typed } from './model.ts'

it('knows which limits are reached', () => { // CP-04, CP-06
  const load = { total: 5, calls: 0, messages: 2, email: 3 }
  expect(full({ total: 5, messages: 3 }, load)).toEqual(['total'])
  expect(full({ total: 6, email: 3 }, load)).toEqual(['email'])
  expect(full({ calls: 0 }, load)).toEqual(['calls'])
  expect(full({}, load)).toEqual([])
  expect(limited({ total: null, email: 0 })).toEqual(['email'])
})

it('an empty field is no limit, zero is one', () => {
  expect(typed({ total: '', calls: 0, messages: 2.7, email: '' })).toEqual({ calls: 0, messages: 2 })
  expect(fieldsOf({ total: 4 })).toEqual({ total: 4, calls: '', messages: '', email: '' })
})

it('who gives work away sees the limit that is reached first', () => { // CP-05
  const load = { total: 5, calls: 0, messages: 2, email: 3 }
  expect(nearest({ total: 9, email: 3 }, load)).toEqual({ load: 3, limit: 3 })
  expect(nearest({ total: 5, messages: 4 }, load)).toEqual({ load: 5, limit: 5 })
  expect(nearest({}, load)).toEqual({ load: 5, limit: null })
})
