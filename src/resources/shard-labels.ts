/** The labels of the project kubernetes-controller-sharding, for the ring with this name. Pure. */

/** The label of the Leases of a ring, by which the sharder finds its members. Its value is the name of the ring. */
export const RING_LABEL = 'alpha.sharding.timebertt.dev/controllerring'

/** The label that assigns an object of this ring to a member. Its value is the name of the member's Lease. */
export const shardLabel = (ring: string): string => `shard.alpha.sharding.timebertt.dev/${ring}`

/** The label that asks the member to hand the object over. Its value means nothing. */
export const drainLabel = (ring: string): string => `drain.alpha.sharding.timebertt.dev/${ring}`
