/** Whatever people and processes do: each Booking has one event at most, none is left behind, and no two share a slot. */
import { expect, test } from 'vitest'
import type { StoredEvent } from '../../src/google/port.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { BookingBench, type Fault } from './support/bench.ts'
import { at } from './support/times.ts'
import { runs } from '../support/runs.ts'

const FAULTS: readonly Fault[] = ['killed before', 'killed after', 'answer lost', 'no connection']
const NAMES = ['a', 'b', 'c']
const COURSES = runs(100)
const STEPS = 10

const ownerOf = ({ resource }: StoredEvent): string | undefined =>
  (resource.extendedProperties as { private?: Record<string, string> } | undefined)?.private?.calendarOperatorBooking

class Course {
  readonly bench = new BookingBench()
  readonly #random: () => number
  /** Bookings whose event somebody has moved, or whose slot somebody else has taken since. */
  readonly moved = new Set<string>()

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[this.#below(all.length)]
  }

  async step(): Promise<string> {
    const { bench } = this
    if (this.#random() < 0.5) {
      bench.calls = []
      bench.fault = { at: 1 + this.#below(8), how: this.#pick(FAULTS) ?? 'killed after' }
    }
    const what = this.#act()
    await bench.clock.advance(this.#below(10) * 1_000)
    if (this.#random() < 0.3) await this.#poll()
    await bench.run(this.#below(12))
    return what
  }

  async #poll(): Promise<void> {
    const { fault } = this.bench
    this.bench.fault = undefined
    await this.bench.read()
    this.bench.fault = fault
  }

  #act(): string {
    const { bench } = this
    const event = this.#pick(bench.google.live)
    const what = this.#below(6)
    if (what === 0) return this.#delete(this.#name())
    if (what > 2 || !event) return this.#apply(this.#name())
    const times = this.#times()
    if (what === 2) this.moved.add(event.id)
    const moved = { ...event.resource, start: { dateTime: times.start }, end: { dateTime: times.end } }
    bench.google.put(event.id, what === 1 ? event.resource : moved, what === 1)
    return `${what === 1 ? 'cancel' : 'move'} ${event.id}`
  }

  #name(): string {
    return this.#pick(NAMES) ?? 'a'
  }

  #times(): { start: string; end: string } {
    const hour = 8 + this.#below(4)
    return { start: at(hour), end: at(hour + 1) }
  }

  #delete(name: string): string {
    if (this.bench.bookings.has(`booking/${name}`)) this.bench.delete(name)
    return `delete ${name}`
  }

  #apply(name: string): string {
    const known = this.bench.bookings.get(`booking/${name}`)
    if (known?.metadata.deletionTimestamp !== undefined) return 'nothing'
    this.bench.apply({ ...this.#times(), onExternalChange: this.#random() < 0.5 ? 'Enforce' : 'Reflect' }, name)
    return `apply ${name}`
  }

  /** Everything works again. */
  async end(): Promise<void> {
    this.bench.fault = undefined
    for (let round = 0; round < 3; round++) {
      await this.bench.clock.advance(400_000)
      await this.bench.poll()
    }
  }
}

test.each(Array.from({ length: COURSES }, (_, seed) => seed))('course %i', async (seed) => {
  const course = new Course(seed)
  const { bench } = course
  const steps: string[] = []
  for (let step = 0; step < STEPS; step++) steps.push(await course.step())
  await course.end()
  const live = bench.google.live
  const about = `${steps.join('; ')}\n${JSON.stringify([...bench.bookings.values()], undefined, 1)}\n${JSON.stringify(live)}`
  const owners = live.map(ownerOf)
  expect(new Set(owners).size, `one event each: ${about}`).toBe(owners.length)
  const expected = [...bench.bookings.values()].flatMap(({ metadata, status }) =>
    status?.event?.id === undefined ? [] : [metadata.uid],
  )
  expect([...owners].sort(), `none is left behind, and none is missing: ${about}`).toEqual([...expected].sort())
  for (const { metadata, status } of bench.bookings.values()) {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')
    expect(['Ready', 'SlotTaken', 'CancelledAtGoogle'], `${metadata.name} is settled: ${about}`).toContain(
      ready?.reason,
    )
  }
  const times = live
    .filter(({ id }) => !course.moved.has(id))
    .map(({ resource }) => (resource.start as { dateTime: string }).dateTime)
  if (course.moved.size === 0) expect(new Set(times).size, `no slot is shared: ${about}`).toBe(times.length)
})
