/** The programs that build and run an image without a container engine: Debian packages, of the same names. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const TOOLS = ['mmdebstrap', 'buildah', 'umoci', 'runc']
/** What an ordinary PATH leaves out. */
const SYSTEM = ['/usr/local/sbin', '/usr/sbin', '/sbin']

export interface Machine {
  platform: string
  root: boolean
  ci: boolean
  has: (tool: string) => boolean
  install: (tools: readonly string[]) => void
}

export const say = (line: string): void => void process.stderr.write(`==> ${line}\n`)

/**
 * Sees to it that all of them are there. Nothing is installed on a machine that doesn't call itself a CI's.
 *
 * @throws Error that says what to do.
 */
export function requireTools(machine: Machine = thisMachine()): void {
  const missing = TOOLS.filter((tool) => !machine.has(tool))
  const install = `apt-get update && apt-get install --no-install-recommends ${missing.join(' ')}`
  if (machine.platform !== 'linux') throw new Error(`make test-image runs on Linux only; this is ${machine.platform}`)
  if (!machine.root) throw new Error('make test-image makes a root file system and a container: run it as root')
  if (missing.length === 0) return
  if (!machine.ci || !machine.has('apt-get')) {
    throw new Error(
      `make test-image needs ${missing.join(', ')}. On Debian or Ubuntu (CI=true does it by itself): ${install}`,
    )
  }
  say(`installing ${missing.join(', ')}`)
  machine.install(missing)
}

function thisMachine(): Machine {
  const path = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM]
  return {
    platform: process.platform,
    root: process.getuid?.() === 0,
    ci: process.env.CI === 'true',
    has: (tool) => path.some((directory) => existsSync(join(directory, tool))),
    install(tools) {
      run('apt-get', ['update', '-qq'])
      run('apt-get', ['install', '-qq', '--no-install-recommends', ...tools], { DEBIAN_FRONTEND: 'noninteractive' })
    },
  }
}

/** Its standard output. @throws Error with the end of what it printed when it fails. */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): string {
  const PATH = [process.env.PATH, ...SYSTEM].join(delimiter)
  const options = { env: { ...process.env, PATH, ...env }, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  if (status === 0) return stdout
  const printed = `${stdout}${stderr}`.trimEnd().split('\n').slice(-30).join('\n')
  throw new Error(
    `${program} ${args.slice(0, 3).join(' ')} … failed (${error?.message ?? status ?? 'killed'}):\n${printed}`,
  )
}
