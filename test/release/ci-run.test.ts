/** What `.ci/run` prints and answers, with a Makefile whose targets pass, fail and print as a test wants. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

/** @param recipes make target → shell command; every other target passes. */
function run(recipes: Record<string, string>, ...steps: string[]): { status: number | null; lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'ci-run-'))
  directories.push(root)
  mkdirSync(join(root, 'scripts'))
  cpSync('.ci', join(root, '.ci'), { recursive: true })
  writeFileSync(join(root, 'scripts/generate.mjs'), '')
  const rules = Object.entries(recipes).map(([target, recipe]) => `${target}:\n\t@${recipe}\n`)
  writeFileSync(join(root, 'Makefile'), `${rules.join('')}%:\n\t@true\n`)
  const { status, stdout } = spawnSync(join(root, '.ci/run'), steps, { encoding: 'utf8' })
  return { status, lines: stdout.trimEnd().split('\n') }
}

/** As vitest prints its result in a terminal. */
const vitest = (counts: string): string => `printf '\\033[2m      Tests \\033[22m ${counts} (9)\\n'`

describe('.ci/run', () => {
  test('adds up the tests of all steps in its last line', () => {
    const found = run(
      { test: vitest('7 passed'), 'test-browser': vitest('1 skipped | 5 passed') },
      'test',
      'test-browser',
    )
    expect({ status: found.status, last: found.lines.at(-1) }).toEqual({ status: 0, last: '12 passed, 0 failed' })
  })

  test('names a step that failed without a failed test, and counts it', () => {
    const found = run({ style: 'exit 1' }, 'types', 'style', 'test')
    expect(found.status).toBe(1)
    expect(found.lines.slice(-2)).toEqual(['FAILED: style', '0 passed, 1 failed'])
  })

  test('runs nothing slow after a quick step that failed', () => {
    const found = run({ types: 'exit 1', test: 'echo slow' }, 'types', 'test')
    expect(found.lines).not.toContain('slow')
  })

  test('shows the output of every step that ran in parallel with a failed one', () => {
    const found = run({ types: 'echo wrong type; exit 1', style: 'echo wrong style; exit 1' }, 'types', 'style')
    expect(found.lines).toEqual(expect.arrayContaining(['wrong type', 'wrong style', 'FAILED: types', 'FAILED: style']))
  })

  test('runs the slow steps that follow one that failed', () => {
    const failing = `${vitest('2 failed | 3 passed')}; exit 1`
    const recipes = { demo: 'exit 3', 'test-browser': failing, 'test-image': vitest('4 passed') }
    const found = run(recipes, 'test', 'demo', 'test-browser', 'test-image')
    expect(found.status).toBe(1)
    expect(found.lines.slice(-3)).toEqual(['FAILED: demo', 'FAILED: test-browser', '7 passed, 3 failed'])
  })

  test('names the steps that there are, and refuses others', () => {
    const { lines } = run({}, '--list')
    expect(lines).toEqual(expect.arrayContaining(['types', 'test', 'test-kubernetes']))
    expect(run({}, 'tests').status).toBe(2)
    const targets = readFileSync('Makefile', 'utf8')
    const special = ['generated', 'packages', 'memory', 'clean']
    expect(lines.filter((name) => !special.includes(name) && !targets.includes(`\n${name}:`))).toEqual([])
  })
})
