/** What is asked of V8 is no part of Node's stable interface: a setting that it does not know would be printed as an error. */
import { execFileSync, spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('this Node knows what it is told about optimizing', () => {
  const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  if (process.versions.node.startsWith('20.')) expect(options).toContain('--interrupt-budget ')
  const program = "import('./src/platform/compiler.ts').then(({ optimizeLater }) => optimizeLater())"
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', program], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stderr).not.toContain('unrecognized flag')
})
