/** What is asked of V8 is no part of Node's stable interface: another version might not know it, and would not say so. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { HEAP_GROWTH } from '../../src/platform/heap.ts'

/**
 * By which factor V8 decides that the old generation may grow, once told at run time and after a collection. The collector says so
 * itself: measured memory would depend on what else the machine does. Node 20 tells it with the limit, after a factor that the
 * setting does not change; Node 24 tells it as the factor.
 */
function growthAfter(setting: string): number {
  const program = `require('node:v8').setFlagsFromString('${setting}'); gc()`
  const said = execFileSync(process.execPath, ['--expose-gc', '--trace-gc-verbose', '-e', program], {
    encoding: 'utf8',
  })
  const [, told] =
    /\[HeapController\] Limit:.* \(([\d.]+)\)$/m.exec(said) ?? /\[HeapController\] factor ([\d.]+) /.exec(said) ?? []
  return Number(told)
}

test('this Node lets the old generation grow by 30 % when told so at run time', () => {
  expect(HEAP_GROWTH).toBe('--heap-growing-percent=30')
  expect(growthAfter(HEAP_GROWTH)).toBe(1.3)
})

test('the factor follows the setting, so that another version which ignores it is noticed', () => {
  expect(growthAfter('--heap-growing-percent=70')).toBe(1.7)
})
