/** Arithmetic of intervals. Pure. */

/** A half-open interval in ms since the epoch: it includes `start` but not `end`. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** Sorts intervals, merges those that touch or overlap, and leaves out empty ones. */
export function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  if (isMerged(intervals)) return [...intervals]
  const kept = intervals.filter(({ start, end }) => start < end)
  const starts = sorted(kept.map(({ start }) => start))
  const ends = sorted(kept.map(({ end }) => end))
  const merged: Interval[] = []
  let first = 0
  for (let last = 0; last < kept.length; last++) {
    const end = ends[last] ?? NaN
    const next = starts[last + 1]
    // Otherwise, as many have ended as have begun: nothing lasts until the next one begins.
    if (next !== undefined && next <= end) continue
    merged.push({ start: starts[first] ?? NaN, end })
    first = last + 1
  }
  return merged
}

/** By themselves, numbers are sorted without a function that is called for each two of them. */
const sorted = (numbers: number[]): Float64Array => new Float64Array(numbers).sort()

function isMerged(intervals: readonly Interval[]): boolean {
  let before = -Infinity
  for (const { start, end } of intervals) {
    if (start >= end || start <= before) return false
    before = end
  }
  return true
}

/** Cuts intervals to the window, and leaves out those outside of it. */
export function clip(intervals: readonly Interval[], window: Interval): Interval[] {
  const clipped: Interval[] = []
  for (const interval of intervals) {
    const start = Math.max(interval.start, window.start)
    const end = Math.min(interval.end, window.end)
    if (start < end) clipped.push({ start, end })
  }
  return clipped
}

/** Whether any part of an interval lies within the window; an empty interval counts as an instant. */
export const touches = ({ start, end }: Interval, window: Interval): boolean =>
  start < window.end && (end > window.start || (start === end && start >= window.start))
