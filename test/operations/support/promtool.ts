/** promtool, Prometheus' own checker of rules and metrics. If it is missing, the message says how to get it. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

export const RULES = new URL('../../../deploy/alerts/rules.yaml', import.meta.url).pathname

const HOW_TO_INSTALL = `promtool is missing, which checks the alerts. It is part of Prometheus:
  Debian, Ubuntu   apt-get install prometheus
  Fedora           dnf install golang-github-prometheus
  macOS            brew install prometheus
Anywhere: https://prometheus.io/download; put promtool on the PATH, or name it in PROMTOOL.`

/** Finds promtool. On a build machine (root, CI=true) apt-get installs it if it is missing. */
export function requirePromtool(env: NodeJS.ProcessEnv = process.env): void {
  if (isThere(env)) return
  if (env.CI === 'true' && process.getuid?.() === 0) installByApt()
  if (!isThere(env)) throw new Error(HOW_TO_INSTALL)
}

const program = (env: NodeJS.ProcessEnv = process.env): string => env.PROMTOOL || 'promtool'

function isThere(env: NodeJS.ProcessEnv): boolean {
  try {
    execFileSync(program(env), ['--version'], { env, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Without what it recommends: no server is started, and none is wanted. */
function installByApt(): void {
  process.stderr.write('==> promtool is missing: installing the package prometheus by apt-get\n')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    execFileSync('apt-get', ['update', '-q'], { env, stdio: 'ignore' })
    execFileSync('apt-get', ['install', '-yq', '--no-install-recommends', 'prometheus'], { env, stdio: 'ignore' })
  } catch {
    process.stderr.write('==> apt-get could not install it\n')
  }
}

export interface Verdict {
  ok: boolean
  output: string
}

/** Runs promtool; `input` is its standard input. */
export function promtool(args: readonly string[], input = ''): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(program(), args)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += String(part)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ ok: code === 0, output }))
    child.stdin.end(input)
  })
}

/** A unit test of rules as promtool reads it. */
export interface RuleTest {
  interval: string
  input_series: { series: string; values: string }[]
  alert_rule_test?: object[]
  promql_expr_test?: object[]
}

/** `promtool test rules` on our rules, or on changed ones. */
export async function testRules(tests: RuleTest[], rules = RULES): Promise<Verdict> {
  const directory = await mkdtemp(join(tmpdir(), 'promtool-'))
  try {
    const file = join(directory, 'test.yaml')
    await writeFile(file, stringify({ rule_files: [rules], evaluation_interval: tests[0]?.interval, tests }))
    return await promtool(['test', 'rules', file])
  } finally {
    await rm(directory, { recursive: true })
  }
}
