import { expect, test } from 'vitest'
import { isSameZone } from '../../src/calendar/zone-names.ts'

test.each([
  ['Europe/Paris', 'europe/paris', true],
  ['Asia/Calcutta', 'Asia/Kolkata', true],
  ['GMT-05:00', 'UTC-5', true],
  ['Europe/Paris', 'Europe/Berlin', false],
  ['Europe/Paris', 'Nowhere/City', false],
  ['Nowhere/City', 'Nowhere/City', false],
])('%s and %s mean one time zone: %s', (one, other, same) => {
  expect(isSameZone(one, other)).toBe(same)
})
