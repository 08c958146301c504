/**
 * Creates many Bookings for few Agents at a steady rate, and meanwhile single ones for an Agent of the same namespace and for one of
 * another. Measures how long each waits for its first status, and until it is booked.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Body, Client } from '../test/contract/client.ts'
import { createBooking, follow, hasCondition, watchBookings } from './bookings-api.ts'
import type { Flooded, Waits } from './messages.ts'

interface FloodDeps {
  api: Client
  namespace: string
  /** The namespace of the Agent that has nothing to do with the flood. */
  bystander: string
}

interface Flood {
  count: number
  /** The flood is for the first of these; the next one is the neighbour. */
  agents: number
  seconds: number
  /** For how many seconds after the last creation it is measured. */
  patience: number
}

/** So that thousands of slots of one Agent lie within the window that is published. */
const SLOT_MS = 300_000
const FIRST_DAY_MS = 75 * 86_400_000
const SINGLES_EVERY_MS = 2_000
const POLL_MS = 100

interface Pending {
  at: number
  waits: Waits
  hasStatus: boolean
}

const newWaits = (): Waits => ({ created: 0, toStatus: [], toBooked: [] })

/** Creates the Bookings of one flood. */
export class BookingsFlood {
  readonly #deps: FloodDeps
  /** By namespace and name. */
  readonly #pending = new Map<string, Pending>()
  readonly #origin = Math.floor((Date.now() + FIRST_DAY_MS) / SLOT_MS) * SLOT_MS

  constructor(deps: FloodDeps) {
    this.#deps = deps
  }

  /** Runs the flood, and waits until every Booking is booked or patience ends. */
  async run({ count, agents, seconds, patience }: Flood): Promise<Flooded> {
    const { namespace, bystander } = this.#deps
    const waits = { flood: newWaits(), neighbour: newWaits(), bystander: newWaits() }
    const watch = await watchBookings(this.#deps.api)
    void follow(watch, (booking) => this.#settle(booking))
    const singles = async (): Promise<void> => {
      for (let n = 0; n * SINGLES_EVERY_MS < seconds * 1000; n++) {
        await pause(SINGLES_EVERY_MS)
        await Promise.all([
          this.#create(waits.neighbour, { namespace, name: `neighbour${n}`, agent: agents, slot: n }),
          this.#create(waits.bystander, { namespace: bystander, name: `bystander${n}`, agent: 0, slot: n }),
        ])
      }
    }
    await Promise.all([singles(), this.#flood(waits.flood, { count, agents, seconds })])
    const end = performance.now() + patience * 1000
    while (this.#pending.size > 0 && performance.now() < end) await pause(POLL_MS)
    watch.close()
    return waits
  }

  async #flood(waits: Waits, { count, agents, seconds }: Omit<Flood, 'patience'>): Promise<void> {
    const began = performance.now()
    const creations: Promise<void>[] = []
    for (let index = 0; index < count; index++) {
      await pause(Math.max(0, began + (index * 1000 * seconds) / count - performance.now()))
      const agent = index % agents
      const slot = Math.floor(index / agents)
      creations.push(this.#create(waits, { namespace: this.#deps.namespace, name: `flood${index}`, agent, slot }))
    }
    await Promise.all(creations)
  }

  async #create(
    waits: Waits,
    { slot, ...booking }: { namespace: string; name: string; agent: number; slot: number },
  ): Promise<void> {
    waits.created += 1
    const { namespace, name } = booking
    this.#pending.set(`${namespace}/${name}`, { at: performance.now(), waits, hasStatus: false })
    const start = this.#origin + slot * SLOT_MS
    await createBooking(this.#deps.api, { ...booking, start, end: start + SLOT_MS })
  }

  #settle(booking: Body): void {
    const { namespace = '', name } = booking.metadata
    const pending = this.#pending.get(`${namespace}/${name}`)
    if (!pending) return
    const waited = performance.now() - pending.at
    if (!pending.hasStatus && hasCondition(booking, 'Ready', ['True', 'False', 'Unknown'])) {
      pending.hasStatus = true
      pending.waits.toStatus.push(waited)
    }
    if (!hasCondition(booking, 'Booked')) return
    pending.waits.toBooked.push(waited)
    this.#pending.delete(`${namespace}/${name}`)
  }
}
