/**
 * How the replicas of the operator share a budget. The leader sends nearly all requests. The others send one request to the Calendar
 * API for each sign-in that they complete, so each has a small share, which the leader leaves free. No replica has to ask another.
 * Pure.
 */

/** `only`: there is one replica. Otherwise, whether this one is the leader now. */
export type ReplicaRole = 'only' | 'leader' | 'other'

/** A budget of so many requests has a share for each of two replicas besides the leader; a smaller one for one of them. */
const LEAST_FOR_TWO = 20

const shareOfOther = (budget: number): number => Math.max(Math.floor(budget / 40), 1)

/** How many requests of a budget this replica may send. */
export const limitFor = (role: ReplicaRole, budget: number): number =>
  role === 'other' ? shareOfOther(budget) : budget

/** How many of them it leaves to other replicas. A budget of one can't be shared. */
export function reservedBy(role: ReplicaRole, budget: number): number {
  if (role !== 'leader') return 0
  return budget < LEAST_FOR_TWO ? Math.min(shareOfOther(budget), budget - 1) : 2 * shareOfOther(budget)
}
