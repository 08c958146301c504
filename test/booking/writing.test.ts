/** The sentences of §8 on the event of a Booking: how it is written and changed, and followed at Google, over a world in memory. */
import { beforeEach, describe, expect, test } from 'vitest'
import { BookingBench } from './support/bench.ts'
import { at, timed } from './support/times.ts'

let bench: BookingBench
beforeEach(() => {
  bench = new BookingBench()
})

/** Somebody changes the event at Google. */
function changeAtGoogle(id: string, changes: object): void {
  bench.google.put(id, { ...bench.google.stored(id).resource, ...changes })
}

describe('writing', () => {
  test('the id is derived from the uid, and the properties name it', async () => {
    const id = await bench.book()
    expect(id).toMatch(/^[a-v0-9]{26}$/)
    const properties = bench.google.stored(id).resource.extendedProperties as { private: Record<string, string> }
    expect(properties.private.calendarOperatorBooking).toBe(bench.get().metadata.uid)
    for (const [key, value] of Object.entries(properties.private)) {
      expect(key.length).toBeLessThanOrEqual(44)
      expect(value.length).toBeLessThanOrEqual(1024)
    }
  })

  test('409: another event under the id is a conflict, and nothing is written', async () => {
    const id = await bench.book()
    const other = new BookingBench()
    other.google.put(id, timed(8, 9))
    other.apply()
    await other.run(5)
    expect(other.ready).toBe('EventConflict')
    expect(other.google.calls).not.toContain('patch')
  })

  test('409: ours is adopted, and a lost status costs nothing', async () => {
    const id = await bench.book()
    bench.restart()
    bench.bookings.set('booking/viewing', { ...bench.get(), status: undefined })
    await bench.run()
    expect(bench.ready).toBe('Ready')
    expect(bench.get().status?.event?.id).toBe(id)
    expect(bench.google.live).toHaveLength(1)
  })

  test('409: a cancelled one of ours leads to the next id, and remade is restored from that', async () => {
    const id = await bench.book()
    bench.google.put(id, bench.google.stored(id).resource, true)
    bench.restart()
    bench.bookings.set('booking/viewing', { ...bench.get(), status: undefined })
    await bench.run()
    expect(bench.get().status?.remade).toBe(1)
    expect(bench.google.live.map((event) => event.id)).toEqual([`${id}1`])
  })

  test('a restart asks nothing about what is decided', async () => {
    await bench.book()
    bench.restart()
    await bench.run()
    await bench.poll()
    expect(bench.google.calls).toEqual(['list'])
  })
})

describe('changing', () => {
  test('patches only what differs', async () => {
    const id = await bench.book({ description: 'Bring the keys', location: 'There' })
    changeAtGoogle(id, { location: 'Elsewhere' })
    bench.apply({ title: 'Another title', description: undefined })
    await bench.run()
    const { resource } = bench.google.stored(id)
    expect(resource).toMatchObject({ summary: 'Another title', location: 'Elsewhere' })
    expect(resource).not.toHaveProperty('description')
    expect(bench.google.calls.filter((call) => call === 'patch')).toHaveLength(1)
  })

  test('412: it is read again and decided again', async () => {
    const id = await bench.book()
    const { intercept } = bench.google
    let isFirst = true
    bench.google.intercept = (call, run) => {
      if (call === 'patch' && isFirst) changeAtGoogle(id, { location: 'Changed meanwhile' })
      if (call === 'patch') isFirst = false
      return intercept(call, run)
    }
    bench.apply({ title: 'Another title' })
    await bench.run()
    expect(bench.google.stored(id).resource).toMatchObject({
      summary: 'Another title',
      location: 'Changed meanwhile',
    })
    expect(bench.google.calls).toEqual(['get', 'patch', 'get', 'patch'])
  })

  test('a new time is accepted like a new Booking; if it is taken, the event stays where it was', async () => {
    await bench.book()
    await bench.clock.advance(6_000)
    bench.google.put('dentist', timed(16, 17))
    bench.apply({ start: at(16), end: at(17) })
    await bench.run()
    expect(bench.condition('Accepted')).toMatchObject({ status: 'False', reason: 'SlotTaken' })
    expect(bench.condition('Booked')).toMatchObject({ status: 'True', reason: 'Booked' })
    expect(bench.get().status?.event?.start).toBe(at(13))
    expect(bench.get().status?.applied?.start).toBe(at(13))
    bench.google.calls.length = 0
    await bench.run()
    expect(bench.google.calls).toEqual([])
  })

  test('the same times leave an event that was moved at Google where it is', async () => {
    const id = await bench.book()
    changeAtGoogle(id, { start: { dateTime: at(18) }, end: { dateTime: at(19) } })
    await bench.poll()
    bench.apply({ title: 'Another title', timeZone: 'Europe/Paris' })
    await bench.run()
    expect(bench.google.stored(id).resource).toMatchObject({ start: { dateTime: at(18) }, summary: 'Another title' })
    expect(bench.condition('Booked')?.reason).toBe('Moved')
  })

  test('a patch of guests carries their answers, and spares those whom somebody added', async () => {
    const id = await bench.book({
      attendees: [
        { email: 'bob@example.com', optional: false },
        { email: 'carol@example.com', optional: false },
      ],
    })
    const answered = [
      { email: 'bob@example.com', responseStatus: 'accepted', comment: 'yes' },
      { email: 'carol@example.com', responseStatus: 'declined' },
      { email: 'dora@example.com', responseStatus: 'tentative' },
    ]
    changeAtGoogle(id, { attendees: answered })
    await bench.poll()
    expect(bench.get().status?.attendees).toEqual([
      { email: 'bob@example.com', response: 'Accepted' },
      { email: 'carol@example.com', response: 'Declined' },
      { email: 'dora@example.com', response: 'Tentative' },
    ])
    bench.apply({ attendees: [{ email: 'BOB@example.com', optional: true }] })
    await bench.run()
    const guests = bench.google.stored(id).resource.attendees as { email: string }[]
    expect(guests.map(({ email }) => email).sort()).toEqual(['bob@example.com', 'dora@example.com'])
    expect(guests.find(({ email }) => email === 'bob@example.com')).toMatchObject({
      responseStatus: 'accepted',
      comment: 'yes',
      optional: true,
    })
  })

  test('Enforce removes guests whom somebody added', async () => {
    const id = await bench.book({
      onExternalChange: 'Enforce',
      attendees: [{ email: 'bob@example.com', optional: false }],
    })
    const guests = bench.google.stored(id).resource.attendees as object[]
    changeAtGoogle(id, { attendees: [...guests, { email: 'dora@example.com' }] })
    await bench.poll()
    expect(bench.google.stored(id).resource.attendees).toMatchObject([{ email: 'bob@example.com' }])
  })
})

describe('changes at Google', () => {
  test('an event that a listing does not have is asked for by id before anything is concluded', async () => {
    const id = await bench.book()
    // As a listing that lags behind.
    bench.google.log.splice(bench.google.log.indexOf(id), 1)
    bench.restart()
    await bench.poll()
    expect(bench.google.calls).toEqual(['list', 'get'])
    expect(bench.ready).toBe('Ready')
    bench.google.calls.length = 0
    await bench.run()
    expect(bench.google.calls).toEqual([])
  })

  test('moved under Enforce: put back', async () => {
    const id = await bench.book({ onExternalChange: 'Enforce' })
    changeAtGoogle(id, { start: { dateTime: at(18) }, end: { dateTime: at(19) } })
    await bench.poll()
    expect(bench.google.stored(id).resource).toMatchObject({ start: { dateTime: at(13) } })
    expect(bench.condition('Booked')?.reason).toBe('Booked')
  })

  test('moved: followed, and back again', async () => {
    const id = await bench.book()
    changeAtGoogle(id, { start: { dateTime: at(18) }, end: { dateTime: at(19) } })
    await bench.poll()
    expect(bench.condition('Booked')).toMatchObject({ status: 'True', reason: 'Moved' })
    expect(bench.ready).toBe('Ready')
    expect(bench.get().status?.event?.start).toBe(at(18))
    changeAtGoogle(id, { start: { dateTime: at(13) }, end: { dateTime: at(14) } })
    await bench.poll()
    expect(bench.condition('Booked')?.reason).toBe('Booked')
  })

  test('cancelled: reported and left, until the times change', async () => {
    const id = await bench.book()
    bench.google.put(id, {}, true)
    await bench.poll()
    expect(bench.ready).toBe('CancelledAtGoogle')
    expect(bench.condition('Stalled')?.status).toBe('True')
    bench.apply({ title: 'Another title' })
    await bench.run()
    expect(bench.ready).toBe('CancelledAtGoogle')
    bench.apply({ start: at(16), end: at(17) })
    await bench.run()
    expect(bench.ready).toBe('Ready')
    expect(bench.google.live.map((event) => event.id)).toEqual([`${id}1`])
  })

  test('outside of the window it is asked for by id once each fullSyncInterval, and not at a restart', async () => {
    const id = await bench.book({ start: '2027-06-01T10:00:00Z', end: '2027-06-01T11:00:00Z' })
    await bench.run()
    bench.restart()
    await bench.poll()
    expect(bench.google.calls.filter((call) => call === 'get')).toEqual([])
    changeAtGoogle(id, { start: { dateTime: '2027-06-02T10:00:00Z' }, end: { dateTime: '2027-06-02T11:00:00Z' } })
    bench.google.log.pop()
    await bench.clock.advance(86_400_000 + 1_000)
    await bench.run()
    expect(bench.google.calls.filter((call) => call === 'get')).toHaveLength(1)
    expect(bench.condition('Booked')?.reason).toBe('Moved')
  })

  test('of an event whose new time was refused: followed, and not decided again', async () => {
    const id = await bench.book()
    await bench.clock.advance(6_000)
    bench.google.put('dentist', timed(16, 17))
    bench.apply({ start: at(16), end: at(17) })
    await bench.run()
    bench.google.put('dentist', timed(16, 17), true)
    changeAtGoogle(id, { start: { dateTime: at(18) }, end: { dateTime: at(19) } })
    await bench.poll()
    expect(bench.condition('Accepted')?.reason).toBe('SlotTaken')
    expect(bench.get().status?.event?.start).toBe(at(18))
  })

  test('one whose end has passed is not looked at any more, and Enforce never makes it again', async () => {
    const id = await bench.book({ onExternalChange: 'Enforce' })
    await bench.clock.advance(9 * 86_400_000)
    bench.google.put(id, {}, true)
    await bench.poll()
    expect(bench.google.calls).toEqual(['list'])
    expect(bench.google.live).toEqual([])
  })
})
