/** What is asked of V8 is no part of Node's stable interface: a setting that it does not know would be printed as an error. */
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

test('this Node knows what it is told about optimizing', () => {
  const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  if (process.versions.node.startsWith('20.')) expect(options).toContain('--interrupt-budget ')
  const program = "import('./src/platform/compiler.ts').then(({ optimizeLater }) => optimizeLater())"
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', program], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stderr).not.toContain('unrecognized flag')
})

describe('a function of WebAssembly that is used a lot', () => {
  /** `f` counts down from what it is given. Says whether it is optimized after it has run often, or as soon as it is. */
  const program = (before: string): string => `
    const work = async () => {
      const { compileWasmOnce } = await import('./src/platform/compiler.ts')
      ${before}
      const code = [0, 3, 64, 32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 32, 0, 11]
      const module = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 18, 1, 16, ...code]
      const { f } = (await WebAssembly.instantiate(new Uint8Array(module))).instance.exports
      for (let n = 0; n < 400 && !%IsTurboFanFunction(f); n++) {
        f(1_000_000)
        await new Promise(setImmediate)
      }
      console.log(%IsTurboFanFunction(f) ? 'optimized' : 'baseline')
    }
    work()`
  const codeAfter = (before: string): string => {
    const args = ['--allow-natives-syntax', '--import', 'tsx', '-e', `eval(${JSON.stringify(program(before))})`]
    return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
  }

  test('is optimized by this Node', () => expect(codeAfter('')).toBe('optimized'))

  test('stays as it is after the settings', () => expect(codeAfter('compileWasmOnce()')).toBe('baseline'))
})
