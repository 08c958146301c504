import { describe, expect, it } from 'vitest'
import { problemsOf, type Remains, type SeenEvent } from '../../bench/kills/verdict.ts'
import type { Booking } from '../../src/resources/types.ts'
import { aBooking } from '../support/resources.ts'

const uidOf = (name: string): string => `uid-of-${name}`

function booking(name: string, reason: string, start = '2026-12-01T14:00:00Z'): Booking {
  const made = aBooking({ start, end: '2026-12-05T14:00:00Z' }, name)
  const conditions = [{ type: 'Ready', status: 'Unknown', reason, message: '', lastTransitionTime: start }] as never
  const event = reason === 'Ready' ? { calendar: 'c', id: `of-${name}` } : undefined
  const metadata = { ...made.metadata, uid: uidOf(name), generation: 1 }
  return { ...made, metadata, status: { observedGeneration: 1, conditions, event } }
}

const event = (of: string, other: Partial<SeenEvent> = {}): SeenEvent => ({
  id: `of-${of}`,
  start: { dateTime: '2026-12-01T15:00:00+01:00' },
  extendedProperties: { private: { calendarOperatorBooking: uidOf(of) } },
  ...other,
})

const WELL: Remains = {
  bookings: [booking('a', 'Ready'), booking('rival', 'SlotTaken')],
  events: [event('a'), event('gone', { status: 'cancelled' })],
  deleted: ['gone'],
}

describe('the result of a burst', () => {
  it('has no problems if each Booking has its event, or its slot is taken', () => {
    expect(problemsOf(WELL)).toEqual([])
  })

  it.each<[string, Partial<Remains>, RegExp]>([
    ['an event that is missing', { events: [] }, /^a is Ready, and has 0 events/],
    ['two events', { events: [event('a'), event('a', { id: 'again' })] }, /^a is Ready, and has 2 events/],
    ['another event than the status says', { events: [event('a', { id: 'x' })] }, /^a is Ready, and has another/],
    ['an event of a refused one', { events: [event('a'), event('rival')] }, /^rival is refused and has an event/],
    ['an orphan', { events: [event('a'), event('gone')] }, /^event of-gone belongs to no Booking/],
    ['an event of somebody else', { events: [event('a'), { id: 'x' }] }, /^event x belongs to no Booking/],
    [
      'one that was made and deleted',
      { events: [event('a'), event('a', { status: 'cancelled' })] },
      /made and deleted/,
    ],
    ['one that is not decided', { bookings: [booking('a', 'NotYetKnown')], events: [] }, /^a is NotYetKnown/],
    ['a refusal for nothing', { bookings: [booking('rival', 'SlotTaken')], events: [] }, /nobody has its slot/],
    [
      'a slot that two have',
      { bookings: [booking('a', 'Ready'), booking('b', 'Ready')], events: [event('a'), event('b')] },
      /^a and b have the same slot/,
    ],
    ['one that should be gone', { deleted: ['a'] }, /^a was deleted, and is still there/],
  ])('finds %s', (_what, change, expected) => {
    expect(problemsOf({ ...WELL, ...change }).join('\n')).toMatch(expected)
  })
})
