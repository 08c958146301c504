/**
 * `make promises`: breaks each promise by itself, in a copy of the tree, and runs the test that must notice. It
 * exits with 1 if one does not, or if a test fails before anything was broken. ONLY=… takes those whose words or file
 * have it.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { BrokenPromise } from './promise.ts'
import { PROMISES } from './promises.ts'

/** What no test of these needs. */
const LEFT_OUT = /^(test\/real\/go|deploy\/chart\/dist)\//

const only = process.env.ONLY ?? ''
const wanted = PROMISES.filter(({ promise, file }) => `${promise} ${file}`.includes(only))
const copy = copyOfTree()
process.once('exit', () => rmSync(copy, { recursive: true, force: true }))

const red = [...new Set(wanted.map(({ test }) => test))].filter((test) => run(test) !== 'green')
for (const test of red) console.log(`RED BEFORE    ${test}: mend it first`)
const survivors = wanted.filter(({ test }) => !red.includes(test)).filter((one) => !isNoticed(one))
console.log(`\n${wanted.length} promises, ${survivors.length} broken without notice, ${red.length} tests red before`)
process.exitCode = survivors.length + red.length === 0 ? 0 : 1

function copyOfTree(): string {
  const directory = mkdtempSync(join(tmpdir(), 'promises-'))
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  })
  for (const path of listed.split('\0').filter((one) => one !== '' && !LEFT_OUT.test(one))) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    cpSync(path, join(directory, path), { force: true })
  }
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'))
  return directory
}

function isNoticed({ promise, file, find, replace, test }: BrokenPromise): boolean {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) {
    console.log(`NO ANCHOR     ${promise}: ${file} does not hold its words exactly once`)
    return false
  }
  // Not as a pattern: a dollar sign is one.
  writeFileSync(path, text.split(find).join(replace))
  const found = run(test)
  writeFileSync(path, text)
  console.log(
    `${found === 'red' ? 'noticed      ' : 'NOT NOTICED  '} ${promise} (${test}${found === 'broken' ? ', which did not run' : ''})`,
  )
  return found === 'red'
}

/** Red is a test that failed: a file that can't be run says nothing. */
function run(test: string): 'green' | 'red' | 'broken' {
  const { status, stdout } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', test, '--bail=1'], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  })
  if (status === 0) return 'green'
  return /Tests\s+\d+ failed/.test(stdout) ? 'red' : 'broken'
}
