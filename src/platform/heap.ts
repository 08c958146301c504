/** How V8 keeps house: it decides resident memory more than what is alive does. */
import { setFlagsFromString } from 'node:v8'

/**
 * By how many percent the old generation grows beyond what is alive before V8 collects it. By itself V8 lets it double and more
 * where the machine has memory to spare, whatever the container's limit; huge answers make much garbage (docs/decisions/0152).
 */
export const HEAP_GROWTH = '--heap-growing-percent=30'

/** To be called once, before the work begins. */
export function keepHeapSmall(): void {
  setFlagsFromString(HEAP_GROWTH)
}
