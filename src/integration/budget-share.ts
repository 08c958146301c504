/** Compares polls with the part of a budget that is left for them. Pure. */
import { ROUTINE_SHARE } from '../rate-limit/sliding-budget.ts'

/** Polls that need more than their budget leaves for them, in requests a minute, with one decimal. */
export interface Shortage {
  needed: number
  /** What the budget leaves for polls: nine tenths of it. */
  left: number
  budget: number
  /** The smallest budget that leaves enough. */
  enough: number
}

/** Sums of fractions are a little off. */
const ROUNDING = 1e-6

/** Compares polls with a budget. Undefined if it leaves enough for them. */
export function shortageOf(pollsPerMinute: number, budget: number): Shortage | undefined {
  const left = budget * ROUTINE_SHARE
  if (pollsPerMinute <= left + ROUNDING) return undefined
  return {
    needed: oneDecimal(pollsPerMinute),
    left: oneDecimal(left),
    budget,
    enough: Math.ceil(pollsPerMinute / ROUTINE_SHARE - ROUNDING),
  }
}

/** Rounded up, so that what is needed is never shown as what is left. */
const oneDecimal = (rate: number): number => Math.ceil(rate * 10 - ROUNDING) / 10
