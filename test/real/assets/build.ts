/** Builds the programs from the Go module proxy: the way that needs no other network, only Go and some minutes. */
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { Order, Program } from '../assets.ts'
import { inScratch, install } from './scratch.ts'

const OLDEST_GO = [1, 24] as const
const PROGRESS_EVERY_MS = 15_000

/** @throws Error when Go is missing, too old, or a build fails; what was finished before stays. */
export async function buildFromModules(order: Order): Promise<void> {
  const go = await goVersion(order.env)
  const total = order.missing.length
  order.log(`building ${order.missing.join(', ')} with ${go}; once, some ten minutes on two cores`)
  for (const [index, program] of order.missing.entries()) {
    await inScratch(order.directory, async (scratch) => {
      await compile(program, join(scratch, program), order, `${program} (${index + 1} of ${total})`)
      install([program], scratch, order.directory)
    })
  }
}

async function compile(program: Program, output: string, order: Order, title: string): Promise<void> {
  const module = program === 'etcd' ? 'etcd' : 'kubernetes'
  const child = spawn('go', buildArguments(program, output, order.kubernetesVersion), {
    cwd: fileURLToPath(new URL(`../go/${module}`, import.meta.url)),
    // Without cgo no C compiler is needed; a go.work of the surroundings must not reach in.
    env: { ...order.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const progress = watchBuild(title, order.log)
  createInterface({ input: child.stderr }).on('line', progress.read)
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  progress.end(code === 0)
  if (code !== 0) throw new Error(`go build of ${program} failed:\n${progress.complaint()}`)
}

/** The version has to be linked in: without it, discovery and kubectl's check of its server's age go wrong. */
function buildArguments(program: Program, output: string, version: string): string[] {
  const [major = '', minor = ''] = version.split('.')
  const variable = 'k8s.io/component-base/version'
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const stamp = Object.entries(stamps).map(([name, value]) => `-X ${variable}.${name}=${value}`)
  const flags = ['-s', '-w', ...(program === 'etcd' ? [] : stamp)].join(' ')
  const target = program === 'etcd' ? '.' : `./${program}`
  return ['build', '-v', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', flags, '-o', output, target]
}

/** Reads `go build -v`: one line a package compiled, `go: downloading …`, and the compiler's complaints. */
function watchBuild(title: string, log: (line: string) => void) {
  const started = Date.now()
  const others: string[] = []
  let compiled = 0
  let downloaded = 0
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`
  const said = () => `${downloaded} modules downloaded, ${compiled} packages compiled, ${seconds()}`
  const timer = setInterval(() => log(`building ${title}: ${said()}`), PROGRESS_EVERY_MS)
  return {
    read: (line: string) => {
      if (line.startsWith('go: downloading')) downloaded++
      else if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) compiled++
      else others.push(line)
    },
    end: (good: boolean) => {
      clearInterval(timer)
      if (good) log(`built ${title}: ${said()}`)
    },
    complaint: () => others.slice(-20).join('\n'),
  }
}

async function goVersion(env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['version'], { env }).catch(() => {
    throw new Error('Go is not installed')
  })
  const [, version = '', major, minor] = /go((\d+)\.(\d+)[^ ]*)/.exec(stdout) ?? []
  const enough = Number(major) > OLDEST_GO[0] || (Number(major) === OLDEST_GO[0] && Number(minor) >= OLDEST_GO[1])
  if (!enough) throw new Error(`Go ${OLDEST_GO.join('.')} or newer is needed, ${version || 'an unknown version'} found`)
  return `Go ${version}`
}
