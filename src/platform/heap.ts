/** V8's garbage collection settings, which affect the resident memory more than live objects do. */
import { setFlagsFromString } from 'node:v8'

/**
 * By how many percent the old generation may grow beyond its live objects before V8 collects it. By default, V8 lets it double or
 * more if the machine has free memory, whatever the container's limit; huge responses create much garbage (docs/decisions/0152).
 */
export const HEAP_GROWTH = '--heap-growing-percent=30'

/** Applies the settings. Call it once, before work begins. */
export function keepHeapSmall(): void {
  setFlagsFromString(HEAP_GROWTH)
}
