/** Creates Bookings at a steady rate, and measures until their status says that they are booked. */
import { setTimeout as pause } from 'node:timers/promises'
import type { SimulatedGoogle } from '../sandbox/google/google.ts'
import type { Body, Client } from '../test/contract/client.ts'
import { bookingsPath, createBooking, follow, hasCondition, watchBookings } from './bookings-api.ts'
import type { Booked } from './messages.ts'

interface LoadDeps {
  google: SimulatedGoogle
  api: Client
  namespace: string
}

/** How many Bookings, for how many Agents, within how many seconds. */
interface Load {
  count: number
  agents: number
  seconds: number
}

/** Beyond the events that the accounts were seeded with, and within the window that is published. */
const FIRST_DAY_MS = 75 * 86_400_000
const HOUR_MS = 3_600_000
const SLOT_MS = 600_000
/** Bookings that are not booked within this time after the last one was created count as missing. */
const PATIENCE_MS = 60_000
const POLL_MS = 100
const AT_ONCE = 16

/** Creates the Bookings of one bench. */
export class BookingsLoad {
  readonly #deps: LoadDeps
  #made = 0

  constructor(deps: LoadDeps) {
    this.#deps = deps
  }

  /** Bookings of slots that are free. */
  async spread({ count, agents, seconds }: Load): Promise<Booked> {
    const { google } = this.#deps
    const watch = await watchBookings(this.#deps.api)
    google.resetRequests()
    const created = new Map<string, number>()
    const latencies: number[] = []
    void follow(watch, (booking) => settle(booking, created, latencies))
    const origin = Math.floor((Date.now() + FIRST_DAY_MS) / HOUR_MS) * HOUR_MS
    const began = performance.now()
    const creations: Promise<void>[] = []
    for (let index = 0; index < count; index++) {
      await pause(Math.max(0, began + (index * 1000 * seconds) / count - performance.now()))
      const name = `booking${this.#made++}`
      created.set(name, performance.now())
      creations.push(this.#create(name, index % agents, origin + Math.floor(index / agents) * 2 * SLOT_MS))
    }
    await Promise.all(creations)
    const end = performance.now() + PATIENCE_MS
    while (created.size > 0 && performance.now() < end) await pause(POLL_MS)
    watch.close()
    return { latencies, missing: created.size, google: google.requests({ last: 1 }).byKind }
  }

  /** Bookings of slots that have passed. Resolves when the operator has said so of each of them. */
  async past({ count, agents }: { count: number; agents: number }): Promise<boolean> {
    const start = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 24 * HOUR_MS
    const rest = Array.from({ length: count }, (_, index) => index)
    const work = async (): Promise<void> => {
      for (let index = rest.pop(); index !== undefined; index = rest.pop())
        await this.#create(`past${index}`, index % agents, start)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    while (!(await this.#allDecided())) await pause(1000)
    return true
  }

  async #allDecided(): Promise<boolean> {
    const { api, namespace } = this.#deps
    const { body } = await api.request('GET', bookingsPath(namespace))
    return (body.items ?? []).every((booking) => hasCondition(booking, 'Stalled') || hasCondition(booking, 'Ready'))
  }

  #create(name: string, agent: number, start: number): Promise<void> {
    const { api, namespace } = this.#deps
    return createBooking(api, { namespace, name, agent, start, end: start + SLOT_MS })
  }
}

function settle(booking: Body, created: Map<string, number>, latencies: number[]): void {
  const at = created.get(booking.metadata.name)
  if (at === undefined || !hasCondition(booking, 'Booked')) return
  latencies.push(performance.now() - at)
  created.delete(booking.metadata.name)
}
