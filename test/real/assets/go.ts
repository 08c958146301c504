/** `go build` with progress: from pinned modules of our own, into one file. */
import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const OLDEST_GO = [1, 24] as const
const PROGRESS_EVERY_MS = 15_000

interface Build {
  /** For people: what is built, and which of how many. */
  title: string
  /** Where its go.mod is. */
  module: string
  /** The package, as `go build` takes it. */
  target: string
  output: string
  /** For the linker, besides `-s -w`. */
  linkerFlags?: readonly string[]
  env: NodeJS.ProcessEnv
  log: (line: string) => void
}

/** @throws Error with the compiler's errors. */
export async function goBuild({ title, module, target, output, linkerFlags = [], env, log }: Build): Promise<void> {
  const flags = ['-s', '-w', ...linkerFlags].join(' ')
  const options = ['-v', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', flags, '-o', output]
  const child = spawn('go', ['build', ...options, target], {
    cwd: module,
    // Without cgo no C compiler is needed; a go.work of the surroundings must not reach in.
    env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const progress = watchBuild(title, log)
  createInterface({ input: child.stderr }).on('line', progress.read)
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  progress.end(code === 0)
  if (code !== 0) throw new Error(`go build of ${title} failed:\n${progress.lastLines()}`)
}

/** Reads `go build -v`: one line a package compiled, `go: downloading …`, and the compiler's errors. */
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
    lastLines: () => others.slice(-20).join('\n'),
  }
}

/** @throws Error when Go is missing or too old. */
export async function goVersion(env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['version'], { env }).catch(() => {
    throw new Error('Go is not installed')
  })
  const [, version = '', major, minor] = /go((\d+)\.(\d+)[^ ]*)/.exec(stdout) ?? []
  const enough = Number(major) > OLDEST_GO[0] || (Number(major) === OLDEST_GO[0] && Number(minor) >= OLDEST_GO[1])
  if (!enough) throw new Error(`Go ${OLDEST_GO.join('.')} or newer is needed, ${version || 'an unknown version'} found`)
  return `Go ${version}`
}
