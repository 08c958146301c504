/** Decides whether a figure grows, from samples that fluctuate. Pure. */

/** A value at a moment. */
export interface Sample {
  /** ms since some beginning. */
  at: number
  value: number
}

const MINUTE = 60_000

/** The lowest value of each stretch: for a heap, what is retained after a garbage collection. */
export function floors(samples: readonly Sample[], stretchMs: number): Sample[] {
  const lowest = new Map<number, Sample>()
  for (const sample of samples) {
    const stretch = Math.floor(sample.at / stretchMs)
    const known = lowest.get(stretch)
    if (!known || sample.value < known.value) lowest.set(stretch, sample)
  }
  return [...lowest.values()]
}

/** The growth per minute: the median of the slopes between all pairs of samples (Theil–Sen), which is robust to outliers. */
export function slopeAMinute(samples: readonly Sample[]): number {
  const slopes: number[] = []
  for (const [n, one] of samples.entries()) {
    for (const other of samples.slice(n + 1)) {
      if (other.at > one.at) slopes.push(((other.value - one.value) / (other.at - one.at)) * MINUTE)
    }
  }
  return median(slopes)
}

/** Returns the median; 0 if there are no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
