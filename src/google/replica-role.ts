/**
 * How the replicas of the operator share a budget. The leader sends nearly all requests. The others send one request to the Calendar
 * API for each sign-in that they complete, so each has a small share, which the leader leaves free. No replica has to ask another.
 * Pure.
 */

/**
 * `only`: there is one replica. `leader` and `other`: one of several replicas sends nearly all requests. `shards`: so many replicas
 * send requests, and each has the same share.
 */
export type ReplicaRole = 'only' | 'leader' | 'other' | { readonly shards: number }

/** A budget of so many requests has a share for each of two replicas besides the leader; a smaller one for one of them. */
const LEAST_FOR_TWO = 20

const shareOfOther = (budget: number): number => Math.max(Math.floor(budget / 40), 1)

/** A budget that is smaller than the number of shards can't be split: each may send one request, so that none of them starves. */
const shareOfShard = (shards: number, budget: number): number => Math.max(Math.floor(budget / shards), 1)

/** How many requests of a budget this replica may send. */
export function limitFor(role: ReplicaRole, budget: number): number {
  if (typeof role === 'object') return shareOfShard(role.shards, budget)
  return role === 'other' ? shareOfOther(budget) : budget
}

/** How many of them it leaves to other replicas. A budget of one can't be shared. */
export function reservedBy(role: ReplicaRole, budget: number): number {
  if (role !== 'leader') return 0
  return budget < LEAST_FOR_TWO ? Math.min(shareOfOther(budget), budget - 1) : 2 * shareOfOther(budget)
}
