/** V8's compiler settings. */
import { setFlagsFromString } from 'node:v8'

/**
 * How much bytecode a function has to run before V8 optimizes it: three times the default of Node 20. Most of what the operator runs is
 * run once for each read, and optimizing it takes longer than it saves (docs/decisions/0279). Node 24 compiles such code in another
 * way, and does not know this setting.
 */
const OPTIMIZE_LATER = '--interrupt-budget=200000'

/** Makes V8 optimize only code that is really hot. Call it once, before work begins. */
export function optimizeLater(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString(OPTIMIZE_LATER)
}

/**
 * The only WebAssembly is undici's HTTP parser. V8 optimizes it with the first answers, which takes some 30 MiB on another thread and saves
 * no time that can be measured (docs/decisions/0252). One setting alone has no effect: V8 has two ways to optimize WebAssembly.
 */
const WASM_STAYS_BASELINE = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']

/** Makes V8 compile WebAssembly once, without optimizing it. Call it once, before a module is compiled. */
export function compileWasmOnce(): void {
  for (const flag of WASM_STAYS_BASELINE) setFlagsFromString(flag)
}
