/** V8's garbage collection settings, which affect the resident memory more than live objects do. */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * By how many percent the old generation may grow beyond its live objects before V8 collects it. By default, V8 lets it double or
 * more if the machine has free memory, whatever the container's limit; huge responses create much garbage (docs/decisions/0152).
 */
export const HEAP_GROWTH = '--heap-growing-percent=30'

/**
 * By how much V8 multiplies the young generation when much of it survives. V8 reads this each time; its flag for the largest size is
 * read only when the process starts.
 */
const YOUNG_GROWTH = '--semi-space-growth-factor'

/**
 * The size that each half of the young generation may reach. By default, it is 16 MiB on Node 20 and more on Node 24, all of which
 * becomes resident, and V8 adds the same to what the old generation may use (docs/decisions/0283).
 */
export const YOUNG_BYTES = 8 * 1024 * 1024

/** Applies the settings. Call it once, before work begins. */
export function keepHeapSmall(): void {
  setFlagsFromString(HEAP_GROWTH)
  limitYoungGeneration()
}

/** Lets the young generation grow after each collection only while it is small. V8 shrinks it by itself when there is little work. */
function limitYoungGeneration(): void {
  let factor = 1
  const set = (next: number): void => {
    factor = next
    setFlagsFromString(`${YOUNG_GROWTH}=${factor}`)
  }
  set(1)
  new PerformanceObserver(() => {
    const next = 2 * youngBytes() <= YOUNG_BYTES ? 2 : 1
    if (next !== factor) set(next)
  }).observe({ entryTypes: ['gc'] })
}

/** What one half of the young generation can hold. */
function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  return (young?.space_used_size ?? 0) + (young?.space_available_size ?? 0)
}
