/** Arithmetic of intervals. Pure. */

/** A half-open interval in ms since the epoch: it includes `start` but not `end`. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** Sorts intervals, merges those that touch or overlap, and leaves out empty ones. */
export function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  if (isMerged(intervals)) return [...intervals]
  const sorted = intervals.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start)
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of sorted) {
    const last = merged.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

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
