/** What is asked of V8 is no part of Node's stable interface: another version might not know it, and would not say so. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { HEAP_GROWTH } from '../../src/platform/heap.ts'

/** Lets half of what it makes live on for a while, and says how much the heap had at most. */
const CHURN = `
const kept = []
let most = 0
for (let n = 0; n < 1000; n++) {
  kept[n % 50] = Array.from({ length: 5000 }, (_, at) => ({ at }))
  most = Math.max(most, process.memoryUsage().heapUsed)
}
console.log(most)`

/** With a small young generation: the setting is about the old one, and Node 24 lets the young one grow further than Node 20. */
const mostOf = (before: string): number =>
  Number(execFileSync(process.execPath, ['--max-semi-space-size=1', '-e', before + CHURN], { encoding: 'utf8' }))

/** Of three runs, because collections run concurrently with the program and may be late on a busy machine. */
const medianOf = (before: string): number => [1, 2, 3].map(() => mostOf(before)).sort((a, b) => a - b)[1] ?? 0

/** Seven processes, one after another: on a busy machine they take longer than a test may by default. */
const TIMEOUT_MS = 120_000

test('this Node keeps less garbage after the flag is set at run time', { timeout: TIMEOUT_MS }, () => {
  expect(execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })).toContain(HEAP_GROWTH.split('=')[0])
  const told = medianOf(`require('node:v8').setFlagsFromString('${HEAP_GROWTH}');`)
  expect(told).toBeLessThan(medianOf('') * 0.95)
})
