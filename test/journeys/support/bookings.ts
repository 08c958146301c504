/** A world with an Agent that has a calendar to write to, and what a journey of Bookings does in it. */
import { GROUP_VERSION } from '../../../src/resources/names.ts'
import type { Booking, Condition } from '../../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './manifests.ts'
import { startWorld, type World } from './world.ts'

export const ALICE = 'alice@example.com'

interface GoogleEvent {
  id: string
  summary?: string
  description?: string
  location?: string
  status?: string
  start?: { dateTime?: string; date?: string; timeZone?: string }
  end?: { dateTime?: string; date?: string; timeZone?: string }
  attendees?: { email: string; responseStatus?: string; optional?: boolean; displayName?: string }[]
}

type Times = {
  start: string
  end: string
}

export const conditionOf = ({ status }: Booking, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type)

export class BookingsWorld {
  readonly world: World
  #fixed: Times | undefined

  constructor(world: World) {
    this.world = world
  }

  get google(): World['google'] {
    return this.world.google
  }

  async addAgent(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    if (spec.grantSecretRef === undefined) await this.world.addPerson(name)
    await this.world.objects.apply(agentManifest(name, { calendars: { read: ['primary'], write: 'primary' }, ...spec }))
    await this.world.untilReady(name)
  }

  /** From in 24 hours, for an hour, as of the beginning. */
  get fixed(): Times {
    return (this.#fixed ??= this.times(24, 25))
  }

  fixNow(): void {
    this.#fixed = this.times(24, 25)
  }

  times(from: number, to: number): Times {
    return { start: this.world.inHours(from), end: this.world.inHours(to) }
  }

  /** Creates or changes a Booking; by default from in 24 hours, for an hour. */
  async book(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    const wanted = { agentRef: { name: 'alice' }, title: name, ...this.fixed, ...spec }
    const manifest = { apiVersion: GROUP_VERSION, kind: 'Booking', metadata: { name }, spec: wanted }
    await this.world.objects.apply(manifest)
  }

  booking(name: string): Promise<Booking> {
    return this.world.objects.get('Booking', name) as Promise<unknown> as Promise<Booking>
  }

  async untilReason(name: string, reason: string): Promise<Booking> {
    let last: unknown
    return this.world
      .until(`${name} says ${reason}`, async () => {
        const booking = await this.booking(name)
        last = booking.status
        const ready = booking.status?.conditions?.find(({ type }) => type === 'Ready')
        return ready?.reason === reason && ready.observedGeneration === booking.metadata.generation && booking
      })
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\nlast status: ${JSON.stringify(last)}`)
      })
  }

  /** The reason of Ready once it is final. */
  untilDecided(name: string): Promise<string> {
    return this.until(`${name} is decided`, async () => {
      const booking = await this.booking(name)
      const { reason } = conditionOf(booking, 'Ready') ?? {}
      return reason !== undefined && ['Ready', 'SlotTaken'].includes(reason) && reason
    })
  }

  untilBooked(name: string, reason: string): Promise<Booking> {
    return this.until(`${name} is ${reason}`, async () => {
      const booking = await this.booking(name)
      return conditionOf(booking, 'Booked')?.reason === reason && booking
    })
  }

  until: World['until'] = (what, look) => this.world.until(what, look)

  untilGone(name: string): Promise<unknown> {
    return this.until(`${name} is gone`, async () => {
      const all = await this.world.objects.list('Booking')
      return all.every(({ metadata }) => metadata.name !== name)
    })
  }

  delete(name: string): Promise<unknown> {
    return this.world.objects.delete('Booking', name)
  }

  /** Lets this time pass, slowly enough that everything that falls due happens. */
  async passes(ms: number): Promise<void> {
    const end = this.world.clock.now() + ms
    await this.until('time has passed', () => this.world.clock.now() >= end)
  }

  /** How many requests of a kind Google was sent. */
  requests(kind: string): number {
    return this.google.requests().byKind[kind] ?? 0
  }

  addEvent(person: string, from: number, to: number, summary: string): void {
    this.addEventTo(`${person}@example.com`, from, to, summary)
  }

  addEventTo(calendar: string, from: number, to: number, summary: string): void {
    const { start, end } = this.times(from, to)
    this.google.addEvent({ calendar, event: { summary, start: { dateTime: start }, end: { dateTime: end } } })
  }

  busy(name: string): ReturnType<World['busy']> {
    return this.world.busy(name)
  }

  /** The events of a person's own calendar that are not cancelled. */
  eventsOf(name: string): GoogleEvent[] {
    return (this.google.events({ calendar: `${name}@example.com` }) as unknown as GoogleEvent[]).filter(
      ({ status }) => status !== 'cancelled',
    )
  }

  /** When the only event of a person's own calendar begins, in ms since the epoch. */
  startOf(name: string): number {
    return Date.parse(this.eventsOf(name)[0]?.start?.dateTime ?? '')
  }

  stop(): Promise<void> {
    return this.world.stop()
  }
}

export async function bookingsWorld(): Promise<BookingsWorld> {
  const world = new BookingsWorld(await startWorld())
  await world.world.objects.apply(integrationManifest())
  await world.addAgent('alice')
  world.fixNow()
  return world
}
