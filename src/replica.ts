/**
 * How this replica shares the work with others: alone, as the leader of several, as one of several installations, or as a member of
 * a ring. Everything else follows from what is chosen here: which objects are reconciled, who writes what belongs to nobody, and
 * which part of a budget is this replica's.
 */
import type { ReplicaRole } from './google/replica-role.ts'
import type { RunningCluster } from './kubernetes/cluster.ts'
import { alwaysLeading, type Leadership } from './kubernetes/leadership.ts'
import { LeaderElection } from './kubernetes/lease.ts'
import type { Clock, Random } from './platform/clock.ts'
import type { Log } from './platform/log.ts'
import { RING_LABEL } from './resources/shard-labels.ts'
import type { Settings } from './settings.ts'
import { leaseNameFor, NO_SHARDING, shardingBySelector, type Sharding } from './sharding/assignment.ts'
import { ringLeadership } from './sharding/ring-leadership.ts'
import { RingMembers } from './sharding/ring-members.ts'
import { shardingByRing, shardNameOf } from './sharding/shard-ring.ts'

/** This replica among others. */
export interface Replica {
  /** Without it, nothing is reconciled. */
  readonly leadership: Leadership
  /** Without it, no status of an integration is written. */
  readonly keeper: Leadership
  /** The name of the keeper's Lease. */
  readonly leaseName: string
  readonly sharding: Sharding
  /** Decides about this replica's part of a budget. */
  role(): ReplicaRole
}

/** What is needed to take part. */
interface ReplicaDeps {
  settings: Settings
  cluster: Pick<RunningCluster, 'send' | 'watchLeases'>
  /** Where the Leases are. */
  namespace: string
  clock: Clock
  random: Random
  log: Log
  /** Called when this replica begins to look after what belongs to no other. */
  onKeeping: () => void
}

/** Creates the part of this replica. It starts nothing. */
export function createReplica(deps: ReplicaDeps): Replica {
  const { leaderElect, shardRing, watchLabelSelector } = deps.settings
  if (shardRing !== undefined) return createMember(deps, shardRing)
  const leaseName = leaseNameFor(watchLabelSelector)
  const leadership = leaderElect ? electionOf(deps, { name: leaseName }) : alwaysLeading
  return {
    leadership,
    keeper: leadership,
    leaseName,
    sharding: watchLabelSelector ? shardingBySelector(watchLabelSelector) : NO_SHARDING,
    // Without leader election, there is one replica.
    role: () => (leaderElect ? (leadership.leading ? 'leader' : 'other') : 'only'),
  }
}

function createMember(deps: ReplicaDeps, ring: string): Replica {
  const { cluster, clock, log, namespace, settings, onKeeping } = deps
  const shard = shardNameOf(settings.podName)
  const members = new RingMembers(clock)
  const labels = { [RING_LABEL]: ring }
  const leaseName = leaseNameFor(undefined)
  const keeper = electionOf(deps, { name: leaseName })
  const leadership = ringLeadership({
    member: electionOf(deps, { name: shard, membership: { labels } }),
    keeper,
    membersKnown: () => cluster.watchLeases(namespace, `${RING_LABEL}=${ring}`, (change) => members.onLease(change)),
    members,
    onKeeping,
    log,
  })
  const sharding = shardingByRing({ ring, shard, isKeeper: () => keeper.leading })
  return { leadership, keeper, leaseName, sharding, role: () => ({ shards: members.count }) }
}

type Election = Pick<ConstructorParameters<typeof LeaderElection>[1], 'name' | 'membership'>

function electionOf(deps: ReplicaDeps, { name, membership }: Election): LeaderElection {
  const { settings, namespace, random } = deps
  const suffix = Math.floor(random() * 2 ** 32).toString(16)
  const identity = `${settings.podName}_${suffix}`
  return new LeaderElection({ ...deps, send: deps.cluster.send }, { namespace, name, identity, membership })
}
