/**
 * Plays the sharder of the project kubernetes-controller-sharding: its webhook that labels Agents on creation and after a hand-over,
 * and its controller that drains Agents of working shards and moves those of dead ones. The real webhook assigns an Agent in the request
 * that hands it over; here it takes a moment longer, as where the webhook can't be reached, unless a test says otherwise.
 * test/real/sharder.test.ts has the real one.
 */
import { drainLabel, RING_LABEL, shardLabel } from '../../../src/resources/shard-labels.ts'
import type { Body } from '../../contract/client.ts'
import type { World } from './world.ts'

export const RING = 'calendar-operator'

const SHARD = shardLabel(RING)
const DRAIN = drainLabel(RING)

type Lease = Body & { spec: { holderIdentity?: string } }

export class Sharder {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** The labels of an Agent that is created now: the webhook's. */
  labels(shard: string): Record<string, string> {
    return { [SHARD]: shard }
  }

  /** The shard that an Agent is assigned to. */
  async shardOf(agent: string): Promise<string | undefined> {
    return (await this.#world.agent(agent)).metadata.labels?.[SHARD]
  }

  /** Assigns an Agent, as it does after a hand-over, or when a shard is dead, which will not hand it over any more. */
  async assign(agent: string, shard: string): Promise<void> {
    await this.#world.objects.patch('Agent', agent, { metadata: { labels: { [SHARD]: shard, [DRAIN]: null } } })
  }

  /** Asks the shard to hand an Agent over, waits for it, and assigns it to the other one. */
  async move(agent: string, to: string): Promise<void> {
    await this.drain(agent)
    await this.#world.until(`${agent} is handed over`, async () => {
      const { labels = {} } = (await this.#world.agent(agent)).metadata
      return labels[SHARD] === undefined && labels[DRAIN] === undefined
    })
    await this.assign(agent, to)
  }

  async drain(agent: string): Promise<void> {
    await this.#world.objects.patch('Agent', agent, { metadata: { labels: { [DRAIN]: 'true' } } })
  }

  /** From now on, assigns every Agent that is handed over to this shard, in the request that hands it over. Needs the sandbox. */
  answerHandOvers(shard: string): void {
    this.#world.sandbox?.mutate((object, before) => {
      const { kind, metadata } = object
      if (kind !== 'Agent' || !before?.metadata.labels?.[DRAIN] || metadata.labels?.[SHARD]) return object
      return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [SHARD]: shard } } }
    })
  }

  async lease(shard: string): Promise<Lease | undefined> {
    const lease = await this.#world.objects.find('Lease', shard, this.#world.leaseNamespace)
    return lease as Lease | undefined
  }

  /** The shards that hold their Leases. */
  async shards(): Promise<string[]> {
    const leases = (await this.#world.objects.list('Lease', this.#world.leaseNamespace)) as Lease[]
    return leases
      .filter(({ metadata, spec }) => metadata.labels?.[RING_LABEL] === RING && spec.holderIdentity === metadata.name)
      .map(({ metadata }) => metadata.name)
      .sort()
  }

  async untilMembers(...shards: string[]): Promise<void> {
    await this.#world.until(`${shards.join(', ')} are members`, async () => {
      const found = await this.shards()
      return shards.every((shard) => found.includes(shard))
    })
  }

  /** Marks the Lease of a shard with the state that it is in. */
  async markLease(shard: string, state: string): Promise<void> {
    await this.#writeLease(shard, { metadata: { labels: { 'alpha.sharding.timebertt.dev/state': state } } })
  }

  /** Takes the Lease of a shard that has not renewed it for twice its duration. */
  async takeLease(shard: string): Promise<void> {
    await this.markLease(shard, 'uncertain')
    await this.#writeLease(shard, { spec: { holderIdentity: 'shardlease-controller', leaseDurationSeconds: 30 } })
    await this.markLease(shard, 'dead')
  }

  async #writeLease(shard: string, patch: object): Promise<void> {
    await this.#world.objects.patch('Lease', shard, patch, this.#world.leaseNamespace)
  }
}
