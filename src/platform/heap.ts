/** V8's settings: its garbage collection affects the resident memory more than live objects do, its compiler the CPU time. */
import { setFlagsFromString } from 'node:v8'

/**
 * By how many percent the old generation may grow beyond its live objects before V8 collects it. By default, V8 lets it double or
 * more if the machine has free memory, whatever the container's limit; huge responses create much garbage (docs/decisions/0152).
 */
export const HEAP_GROWTH = '--heap-growing-percent=30'

/**
 * How much bytecode a function has to run before V8 optimizes it: three times the default of Node 20. Most of what the operator runs is
 * run once for each read, and optimizing it takes longer than it saves (docs/decisions/0279). Node 24 compiles such code in another
 * way, and does not know this setting.
 */
const OPTIMIZE_LATER = '--interrupt-budget=200000'

/** Applies the settings. Call it once, before work begins. */
export function tuneV8(): void {
  setFlagsFromString(HEAP_GROWTH)
  if (process.versions.node.startsWith('20.')) setFlagsFromString(OPTIMIZE_LATER)
}
