/**
 * A ring of replicas as it ships: the manifests of deploy/components/shard-ring, the real sharder, and members as processes with the
 * rights of the operator's ServiceAccount. Each reads from the simulated Google through the recorder.
 */
import { kustomize, kustomizeWith } from '../../deploy/support/render.ts'
import type { Body } from '../../contract/client.ts'
import { ReadRecorder, type RecordedGoogle } from '../../journeys/support/read-recorder.ts'
import { Harness } from '../faults/support/harness.ts'
import type { NamespaceFixture } from '../faults/support/namespace-fixture.ts'
import type { Replica } from '../faults/support/replica.ts'
import { until } from '../faults/support/until.ts'
import { Assignments } from './assignments.ts'
import { RealSharder, serviceAccount } from './real-sharder.ts'

/** As in deploy/components/shard-ring. */
export const RING = 'calendar-operator'
/** Where deploy/ installs the operator. */
const HOME = 'calendar-operator'
export const OPERATOR = serviceAccount(HOME, 'calendar-operator')

interface LeaseSpec {
  holderIdentity?: string
  leaseDurationSeconds?: number
  renewTime?: string
}

interface RingStatus {
  availableShards?: number
  conditions?: { type: string; status: string; message: string }[]
}

export class ShardedRing {
  readonly harness: Harness
  readonly recorder: ReadRecorder
  readonly assignments: Assignments
  readonly fixture: NamespaceFixture
  readonly #sharder: RealSharder
  readonly #googles: RecordedGoogle[] = []

  private constructor(parts: {
    harness: Harness
    sharder: RealSharder
    assignments: Assignments
    fixture: NamespaceFixture
  }) {
    this.harness = parts.harness
    this.#sharder = parts.sharder
    this.assignments = parts.assignments
    this.fixture = parts.fixture
    this.recorder = new ReadRecorder({ googleURL: this.harness.google.url, now: Date.now })
  }

  /** Installs the operator without a ring, and the sharder. */
  static async start(): Promise<ShardedRing> {
    const harness = await Harness.start()
    await harness.kubernetes.apply(...(await kustomize('overlays/cluster-wide')))
    const sharder = await RealSharder.start(harness.kubernetes)
    const fixture = await harness.namespace('booking')
    return new ShardedRing({ harness, sharder, fixture, assignments: await Assignments.follow(harness.admin, RING) })
  }

  /** Adds the ring as docs/scaling.md tells people to. */
  async addComponent(): Promise<void> {
    const { kubernetes } = this.harness
    await kubernetes.apply(...(await kustomizeWith('overlays/cluster-wide', 'components/shard-ring')))
  }

  /** Starts a replica of this name: a member, or as `deploy/` runs it without the ring. */
  async replica(name: string, shardRing = RING): Promise<Replica> {
    const google = await this.recorder.listen(name)
    this.#googles.push(google)
    const kubeconfig = await this.harness.kubernetes.kubeconfig(OPERATOR)
    const options = { kubeconfig, googleURL: google.url, home: HOME, shardRing, leaderElect: true }
    return this.harness.replica(name, options)
  }

  calendarOf(agent: string): string {
    return this.fixture.account(agent)
  }

  /** Adds a person whose Agent reads one calendar, which has their address for an id. */
  async addPerson(name: string): Promise<void> {
    await this.fixture.addPerson(name, { calendars: { read: [this.calendarOf(name)] } })
  }

  async lease(shard: string): Promise<Body & { spec: LeaseSpec }> {
    return (await this.fixture.objects.get('Lease', shard, HOME)) as Body & { spec: LeaseSpec }
  }

  async status(): Promise<RingStatus> {
    const path = `/apis/sharding.timebertt.dev/v1alpha1/controllerrings/${RING}`
    return (await this.harness.admin.request('GET', path)).body.status ?? {}
  }

  /** Waits until the sharder counts so many members. */
  async untilAvailable(count: number): Promise<void> {
    await this.#until(`${count} members are available`, async () => {
      const { availableShards, conditions } = await this.status()
      const ready = conditions?.find(({ type }) => type === 'Ready')
      if (availableShards === count && ready?.status === 'True') return true
      throw new Error(`${availableShards ?? 'none'} are, and the ring is ${JSON.stringify(ready)}`)
    })
  }

  /** Waits until each Agent is assigned to one of these members, and was last read by it. */
  async untilSettled(agents: readonly string[], members: readonly string[]): Promise<void> {
    await this.#until(`all Agents are read at ${members.join(', ')}`, async () => {
      const drained = this.assignments.drained()
      if (drained.length > 0) throw new Error(`${drained.join(', ')} are being moved`)
      for (const agent of agents) {
        const shard = this.assignments.shardOf(agent)
        if (shard === undefined || !members.includes(shard))
          throw new Error(`${agent} is assigned to ${shard ?? 'none'}`)
        const last = this.readersOf(agent).at(-1)
        if (last !== shard) throw new Error(`${agent} is assigned to ${shard} and was last read by ${last ?? 'none'}`)
      }
      return true
    })
    await this.fixture.untilReady(...agents)
  }

  /** The members that have read the calendar of an Agent, in order. */
  readersOf(agent: string, skipped = 0): string[] {
    const reads = this.recorder.reads.slice(skipped).filter(({ calendar }) => calendar === this.calendarOf(agent))
    return reads.map(({ replica }) => replica).filter((replica, index, all) => replica !== all[index - 1])
  }

  isBeingRead(agent: string): boolean {
    return this.recorder.reads.some(({ calendar, ended }) => calendar === this.calendarOf(agent) && ended === undefined)
  }

  async stop(): Promise<void> {
    this.assignments.stop()
    await this.#sharder.stop()
    for (const google of this.#googles) await google.close()
    await this.harness.stop()
  }

  async #until(what: string, look: () => Promise<true>): Promise<void> {
    await until(what, look).catch((error: unknown) => {
      throw new Error(
        `${String(error)}\nthe sharder${this.#sharder.ended ? `, ${this.#sharder.ended}` : ''}:\n${this.#sharder.tail()}`,
      )
    })
  }
}
