/** Shows the members of the rings in which replicas of the operator share the Agents. Pure. */
import type { Lease } from '../../kubernetes/lease-object.ts'
import { RING_LABEL, shardLabel } from '../../resources/shard-labels.ts'
import type { Agent } from '../../resources/types.ts'
import { holderOf, type Leader } from './operator-health.ts'

/** One member of a ring. */
interface Shard extends Leader {
  ring: string
  /** The name of its Lease. */
  name: string
  /** How many of the Agents that were read are assigned to it. */
  agents: number
}

/** The rings, as far as they are seen. */
export interface Shards {
  shards: Shard[]
  /** The Agents that a ring does not assign to a member that works, as `namespace/name`. */
  unassigned: string[]
}

/** The members of all rings; undefined if there are none, or if their Leases can't be read. */
export function shardsOf(
  leases: readonly Lease[] | undefined,
  agents: readonly Agent[],
  now: number,
): Shards | undefined {
  if (!leases || leases.length === 0) return undefined
  const shards = leases.map((lease) => shardOf(lease, agents, now))
  const served = ({ metadata }: Agent): boolean =>
    shards.some(({ ring, name, alive }) => alive && metadata.labels?.[shardLabel(ring)] === name)
  const unassigned = agents.filter((agent) => !served(agent))
  return { shards, unassigned: unassigned.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`) }
}

function shardOf(lease: Lease, agents: readonly Agent[], now: number): Shard {
  const { name, labels = {} } = lease.metadata
  const ring = labels[RING_LABEL] ?? ''
  const holder = holderOf(lease, now)
  const assigned = agents.filter(({ metadata }) => metadata.labels?.[shardLabel(ring)] === name)
  // Another holder is the sharder, which has taken the Lease of a member that is gone.
  return { ring, name, ...holder, alive: holder.alive && holder.holder === name, agents: assigned.length }
}

/** The line of the overview, such as `3: 2 alive (pod-a 17, pod-b 16 agents), 1 gone (pod-c 4)`. */
export function shardsSummary({ shards, unassigned }: Shards): string {
  const parts = [true, false].flatMap((alive) => {
    const some = shards.filter((shard) => shard.alive === alive)
    const names = some.map(({ name, agents }) => `${name} with ${agents}`)
    return some.length > 0 ? [`${some.length} ${alive ? 'alive' : 'gone'} (${names.join(', ')} agents)`] : []
  })
  const rest = unassigned.length > 0 ? [`${unassigned.length} agents assigned to none of them`] : []
  return `${shards.length}: ${[...parts, ...rest].join(', ')}`
}
