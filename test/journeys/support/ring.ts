/** A ring in a journey: a world without an operator of its own, the members of the ring, and the sharder that the tests play. */
import { GROUP_VERSION } from '../../../src/resources/names.ts'
import type { Booking } from '../../../src/resources/types.ts'
import { agentManifest } from './manifests.ts'
import { Replicas, type Replica } from './replicas.ts'
import { RING, Sharder } from './sharder.ts'
import { startWorld, type World } from './world.ts'

export class Ring {
  readonly world: World
  readonly replicas: Replicas
  readonly sharder: Sharder

  constructor(world: World) {
    this.world = world
    this.replicas = new Replicas(world)
    this.sharder = new Sharder(world)
  }

  /** Starts a replica that wants to be a member: it may have to wait. */
  start(name: string): Promise<Replica> {
    return this.replicas.start(name, { 'shard-ring': RING })
  }

  /** Starts replicas, and waits until all of them are members. */
  async startMembers(...names: string[]): Promise<void> {
    for (const name of names) await this.start(name)
    await this.sharder.untilMembers(...names)
  }

  /** Adds a person at Google, and the Agent of that person. @param shard which it is assigned to; to none by default. */
  async addAgent(name: string, shard?: string, spec: Record<string, unknown> = {}): Promise<void> {
    await this.world.addPerson(name)
    await this.apply(agentManifest(name, spec), shard)
  }

  /** Applies an Agent with the label that the webhook of the sharder gives it. */
  async apply(manifest: ReturnType<typeof agentManifest>, shard?: string): Promise<void> {
    const metadata = { ...manifest.metadata, labels: shard === undefined ? {} : this.sharder.labels(shard) }
    await this.world.objects.apply({ ...manifest, metadata })
  }

  /** Creates a Booking that begins in so many hours and ends an hour later. */
  async book(name: string, hours: number, agent = 'alice'): Promise<void> {
    const times = { start: this.world.inHours(hours), end: this.world.inHours(hours + 1) }
    const spec = { agentRef: { name: agent }, title: 'Viewing', ...times }
    const manifest = { apiVersion: GROUP_VERSION, kind: 'Booking', metadata: { name }, spec }
    await this.world.objects.apply(manifest)
  }

  /** Waits until the condition Ready of a Booking has this reason. */
  async untilBooking(name: string, wanted: string): Promise<void> {
    await this.world.until(`${name} is ${wanted}`, async () => {
      const { status } = (await this.world.objects.get('Booking', name)) as unknown as Booking
      return status?.conditions?.some(({ type, reason }) => type === 'Ready' && reason === wanted)
    })
  }

  async stop(): Promise<void> {
    await this.replicas.stopAll()
    await this.world.stop()
  }
}

/** Starts a world with these members of a ring. */
export async function startRing(...members: string[]): Promise<Ring> {
  const ring = new Ring(await startWorld({ start: false }))
  await ring.startMembers(...members)
  return ring
}
