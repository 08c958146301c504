/** Bookings from their creation to their end, with the sandbox's Google. Titles name the sentences of the contract that they hold. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Booking } from '../../src/resources/types.ts'
import { bookingsWorld, type BookingsWorld } from './support/bookings.ts'

let world: BookingsWorld

beforeEach(async () => {
  world = await bookingsWorld()
})

afterEach(() => world.stop())

describe('a Booking', () => {
  test('is accepted, written once, and published', async () => {
    await world.book('viewing', { title: 'Viewing' })
    const booking = await world.untilReason('viewing', 'Ready')
    expect(world.eventsOf('alice')).toMatchObject([{ summary: 'Viewing', id: booking.status?.event?.id }])
    const { start, end } = booking.status?.event ?? {}
    expect((await world.busy('alice')).busy).toContainEqual({ start, end })
  })
})

export type { Booking }
