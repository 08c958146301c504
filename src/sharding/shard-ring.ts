/**
 * A ring of replicas, as the sharder of the project kubernetes-controller-sharding assigns objects to them (docs/scaling.md). Each
 * replica holds a Lease; the sharder labels every Agent with the name of the Lease of one replica. To move an Agent from a
 * replica that works, it adds a second label; the replica ends its work and removes both. Pure.
 */
import { createHash } from 'node:crypto'
import { drainLabel, shardLabel } from '../resources/shard-labels.ts'
import { leaseNameFor, type Labelled, type Sharding } from './assignment.ts'

/** One member of a ring. */
interface RingMember {
  ring: string
  /** The name of its Lease. */
  shard: string
  /** Whether it is the one member that looks after what is assigned to nobody. */
  isKeeper: () => boolean
}

/** The Agents that the sharder has assigned to this replica belong to it. */
export function shardingByRing({ ring, shard, isKeeper }: RingMember): Sharding {
  const [assigned, drain] = [shardLabel(ring), drainLabel(ring)]
  const isAssigned = ({ metadata }: Labelled): boolean => metadata.labels?.[assigned] === shard
  const isDrained = ({ metadata }: Labelled): boolean => metadata.labels?.[drain] !== undefined
  return {
    isOwn: (agent) => isAssigned(agent) && !isDrained(agent),
    isLeaving: (agent) => isAssigned(agent) && isDrained(agent),
    isKeptHere: isKeeper,
    handOverLabels: { [assigned]: null, [drain]: null },
  }
}

/** What can be both a label's value and the name of an object. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/
/** The most characters of a label's value, which the name of the Lease has to be. */
const MAX_LENGTH = 63

/** The name of a replica's Lease: that of its pod. If that can't be a label's value, or is the keeper's, it ends in a hash. */
export function shardNameOf(podName: string): string {
  if (NAME.test(podName) && podName !== leaseNameFor(undefined)) return podName
  const clean = podName.toLowerCase().replace(/[^a-z0-9.-]/g, '-')
  const hash = createHash('sha256').update(podName).digest('hex').slice(0, 8)
  const start = clean.slice(0, MAX_LENGTH - hash.length - 1).replace(/^[-.]+|[-.]+$/g, '')
  return start === '' ? hash : `${start}-${hash}`
}
