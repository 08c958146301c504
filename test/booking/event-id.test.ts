import { describe, expect, test } from 'vitest'
import { appliedIn, FIELDS, fieldHash, guestHash, propertiesOf } from '../../src/booking/applied.ts'
import { eventIdOf } from '../../src/booking/event-id.ts'
import { aBooking } from '../support/resources.ts'

const UID = '0d9f2c1e-8a47-4f6b-9c3d-1234567890ab'

describe('the id of an event', () => {
  test('is the uid in base32hex, lower case', () => {
    // As Python's base64.b32hexencode renders it.
    expect(eventIdOf(UID, 0)).toBe('1mfio7ka8t7mn71t28q5cu4glc')
  })

  test.each([UID, 'a', 'uid-of-viewing', 'x'.repeat(5_000), 'ü/€'])(
    'is one that Google accepts for the uid %#',
    (uid) => {
      for (const remade of [0, 1, 31, 32, 1_000_000]) expect(eventIdOf(uid, remade)).toMatch(/^[a-v0-9]{5,1024}$/)
    },
  )

  test('differs for each time that it is made again', () => {
    const ids = Array.from({ length: 100 }, (_, remade) => eventIdOf(UID, remade))
    expect(new Set(ids).size).toBe(100)
  })
})

describe('what an event says about its spec', () => {
  const { spec } = aBooking({
    attendees: Array.from({ length: 100 }, (_, n) => ({ email: `guest-${n}@example.com`, optional: false })),
  })

  test('fits into the properties that Google accepts, with a hundred guests', () => {
    for (const [key, value] of Object.entries(propertiesOf(UID, spec))) {
      expect(key.length).toBeLessThanOrEqual(44)
      expect(value.length).toBeLessThanOrEqual(1024)
    }
  })

  test('can be read again', () => {
    const { hashes, guests } = appliedIn(propertiesOf(UID, spec))
    for (const field of FIELDS) expect(hashes[field]).toBe(fieldHash(spec, field))
    expect(guests.size).toBe(100)
    expect(guests.has(guestHash('GUEST-7@example.com'))).toBe(true)
  })

  test('holds no title and no address', () => {
    expect(JSON.stringify(propertiesOf(UID, spec))).not.toMatch(/example|Viewing/)
  })

  test('says nothing if somebody else wrote it', () => {
    expect(appliedIn({ calendarOperatorHashes: 'no JSON', calendarOperatorGuests: 7 })).toEqual({
      hashes: {},
      guests: new Set(),
    })
  })

  test('does not depend on the notation of a time or on the order of guests', () => {
    const other = { ...spec, start: '2026-12-01T13:00:00Z', attendees: [...(spec.attendees ?? [])].reverse() }
    expect(fieldHash(other, 'time')).toBe(fieldHash(spec, 'time'))
    expect(fieldHash(other, 'attendees')).toBe(fieldHash(spec, 'attendees'))
  })
})
