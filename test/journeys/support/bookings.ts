/** A world with an Agent that has a calendar to write to, and what a journey of Bookings does in it. */
import { GROUP_VERSION } from '../../../src/resources/names.ts'
import type { Booking } from '../../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './manifests.ts'
import { startWorld, type World } from './world.ts'

export const ALICE = 'alice@example.com'

export interface GoogleEvent {
  id: string
  summary?: string
  description?: string
  location?: string
  status?: string
  start?: { dateTime?: string; date?: string; timeZone?: string }
  end?: { dateTime?: string; date?: string; timeZone?: string }
  attendees?: { email: string; responseStatus?: string; optional?: boolean; displayName?: string }[]
}

export class BookingsWorld {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  get google(): World['google'] {
    return this.world.google
  }

  async addAgent(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    await this.world.addPerson(name)
    await this.world.objects.apply(
      agentManifest(name, { calendars: { read: ['primary'], write: 'primary' }, ...spec }),
    )
    await this.world.untilReady(name)
  }

  /** Creates or changes a Booking; by default from in 24 hours, for an hour. */
  async book(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    const times = { start: this.world.inHours(24), end: this.world.inHours(25) }
    const wanted = { agentRef: { name: 'alice' }, title: name, ...times, ...spec }
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

  busy(name: string): ReturnType<World['busy']> {
    return this.world.busy(name)
  }

  /** The events of a person's own calendar that are not cancelled. */
  eventsOf(name: string): GoogleEvent[] {
    return (this.google.events({ calendar: `${name}@example.com` }) as unknown as GoogleEvent[]).filter(
      ({ status }) => status !== 'cancelled',
    )
  }

  stop(): Promise<void> {
    return this.world.stop()
  }
}

export async function bookingsWorld(): Promise<BookingsWorld> {
  const world = new BookingsWorld(await startWorld())
  await world.world.objects.apply(integrationManifest())
  await world.addAgent('alice')
  return world
}
