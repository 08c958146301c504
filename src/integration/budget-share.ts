/** Compares polls with the part of a budget that is left for them. Pure. */
import { ROUTINE_SHARE } from '../rate-limit/sliding-budget.ts'

/** Polls that need more than their budget leaves for them, in requests a minute, with one decimal. */
export interface Shortage {
  needed: number
  /** What the budget leaves for polls: nine tenths of it, or less if other replicas have a share of a small one. */
  left: number
  budget: number
  /** The smallest budget that leaves enough. */
  enough: number
}

/** Sums of fractions are a little off. */
const ROUNDING = 1e-6

/** How many requests of a budget are left to other replicas. */
export type ReservedShare = (budget: number) => number

/** Compares polls with a budget. Undefined if it leaves enough for them. */
export const shortageOf = (pollsPerMinute: number, budget: number, reserved?: ReservedShare): Shortage | undefined =>
  shortagesIn(budget, reserved)(pollsPerMinute)

/** The same for many polls, each of which has such a budget. */
export function shortagesIn(budget: number, reserved: ReservedShare = () => 0) {
  const left = leftFor(budget, reserved(budget))
  return (pollsPerMinute: number): Shortage | undefined =>
    pollsPerMinute <= left + ROUNDING ? undefined : shortage(pollsPerMinute, { budget, left, reserved })
}

function shortage(
  pollsPerMinute: number,
  { budget, left, reserved }: { budget: number; left: number; reserved: ReservedShare },
): Shortage {
  const leaves = (of: number): boolean => pollsPerMinute <= leftFor(of, reserved(of)) + ROUNDING
  let enough = Math.ceil(pollsPerMinute / ROUTINE_SHARE - ROUNDING)
  while (!leaves(enough)) enough += 1
  return { needed: oneDecimal(pollsPerMinute), left: oneDecimal(left), budget, enough }
}

/** As `SlidingBudget` reckons: beside other replicas, one more request is kept for those that go before polls. */
function leftFor(budget: number, reserved: number): number {
  const share = budget * ROUTINE_SHARE
  return reserved === 0 ? share : Math.min(share, Math.max(budget - reserved - 1, 1))
}

/** Rounded up, so that what is needed is never shown as what is left. */
const oneDecimal = (rate: number): number => Math.ceil(rate * 10 - ROUNDING) / 10
