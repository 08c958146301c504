/**
 * Finds or builds the programs of a real control plane on any machine: etcd, kube-apiserver, kube-controller-manager and
 * kubectl. No binary is committed, and none is used unchecked: a download is compared with its published checksum, a build with
 * `go.sum`. The sources are tried in this order, each for the programs that are still missing: `KUBEBUILDER_ASSETS`, our cache,
 * the official envtest archive, a build from the Go module proxy. The last two take minutes, happen once, and print what they do.
 */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { downloadArchive } from './assets/archive.ts'
import { buildFromModules } from './assets/build.ts'
import { withLock } from './assets/lock.ts'
import { PROGRAMS, type Order, type Program, type Programs } from './assets/programs.ts'

interface AssetOptions {
  env?: NodeJS.ProcessEnv
  log?: (line: string) => void
  /** The slow ways, in order. Each may leave programs out, or fail: the next one is tried. */
  ways?: readonly Way[]
}

export interface Way {
  name: string
  provide: (order: Order) => Promise<void>
}

const SLOW_WAYS: readonly Way[] = [
  { name: 'download', provide: downloadArchive },
  { name: 'build', provide: buildFromModules },
]

/**
 * The paths of all four programs.
 * @throws Error that lists what each way answered, when a program could not be had in any way.
 */
export async function findPrograms(options: AssetOptions = {}): Promise<Programs> {
  const env = options.env ?? process.env
  const log = options.log ?? ((line) => process.stderr.write(`==> ${line}\n`))
  const directory = cacheDirectory(env)
  const order = (): Order => ({
    missing: PROGRAMS.filter((program) => !locate(program, env, directory)),
    directory,
    kubernetesVersion: kubernetesVersion(),
    env,
    log,
  })
  if (order().missing.length > 0) {
    await withLock(directory, log, () => provideMissing(order, options.ways ?? SLOW_WAYS))
  }
  return Object.fromEntries(PROGRAMS.map((program) => [program, locate(program, env, directory)])) as Programs
}

/** `order` is read again before each attempt: another run may have finished the work while this one waited for the lock. */
async function provideMissing(order: () => Order, ways: readonly Way[]): Promise<void> {
  const answers: string[] = []
  for (const way of ways) {
    const current = order()
    if (current.missing.length === 0) return
    await way.provide(current).catch((error: unknown) => {
      answers.push(`${way.name}: ${error instanceof Error ? error.message : String(error)}`)
      current.log(answers.at(-1) ?? '')
    })
  }
  const { missing } = order()
  if (missing.length === 0) return
  throw new Error(
    [
      `no ${missing.join(', ')} for the tests on a real API server; set KUBEBUILDER_ASSETS to a directory that has them,`,
      `allow the network to github.com, or install Go 1.24 or newer. Tried:`,
      ...answers.map((answer) => `  ${answer}`),
    ].join('\n'),
  )
}

/** kubectl, if it is available without a download or a build: for tests that do not require it. */
export function findKubectl(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const path = (env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'kubectl'))
  return locate('kubectl', env, cacheDirectory(env)) ?? path.find((candidate) => existsSync(candidate))
}

function locate(program: Program, env: NodeJS.ProcessEnv, cache: string): string | undefined {
  const directories = env.KUBEBUILDER_ASSETS ? [env.KUBEBUILDER_ASSETS, cache] : [cache]
  return directories.map((directory) => join(directory, program)).find((path) => existsSync(path))
}

/** One directory a version and platform, so that a new version never meets an old program. */
function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache')
  return join(base, 'calendar-operator', `kubernetes-${kubernetesVersion()}-${process.platform}-${process.arch}`)
}

/** Without a leading `v`. go.mod is the one place that names it. */
export function kubernetesVersion(): string {
  const module = readFileSync(new URL('go/kubernetes/go.mod', import.meta.url), 'utf8')
  const version = /k8s\.io\/kubernetes v(\d+\.\d+\.\d+)$/m.exec(module)?.[1]
  if (!version) throw new Error('test/real/go/kubernetes/go.mod requires no k8s.io/kubernetes of a released version')
  return version
}
