/**
 * The tools of others that judge what we ship: each is a program of a Go module that is pinned in test/real/go/tools, or a few
 * lines of ours around such a module, built once and kept in our cache by its version. A directory in TOOLS comes first, for those who have them.
 */
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { goBuild, goVersion } from './assets/go.ts'
import { withLock } from './assets/lock.ts'
import { inScratch, install } from './assets/scratch.ts'

/** The directory of the manifests that a tool is installed with; `path` is that of the tool. */
export const manifestsOf = (path: string): string => `${path}-manifests`

/** Name → about how long its first build takes on two cores, in minutes. */
const MINUTES = { actionlint: 1, helm: 4, kubeconform: 1, 'kube-score': 1, kwok: 4, kstatus: 1, sharder: 3 }
type Tool = keyof typeof MINUTES
export const TOOLS = Object.keys(MINUTES) as Tool[]

/** Tool → what else of its module is kept beside it, for tests that install it as its documentation says. */
const MANIFESTS: Partial<Record<Tool, { module: string; directory: string }>> = {
  sharder: { module: 'github.com/timebertt/kubernetes-controller-sharding', directory: 'config' },
}

interface ToolOptions {
  env?: NodeJS.ProcessEnv
  log?: (line: string) => void
}

/**
 * The path of a tool.
 * @throws Error when Go is missing, too old, or the build fails.
 */
export async function findTool(tool: Tool, options: ToolOptions = {}): Promise<string> {
  const env = options.env ?? process.env
  const log = options.log ?? ((line) => process.stderr.write(`==> ${line}\n`))
  if (env.TOOLS && existsSync(join(env.TOOLS, tool))) return join(env.TOOLS, tool)
  const { target, version } = moduleOf(tool)
  const directory = join(cacheOf(env), `${tool}-${version}-${process.platform}-${process.arch}`)
  const path = join(directory, tool)
  if (!existsSync(path)) await withLock(directory, log, () => build(tool, { target, directory, path, env, log }))
  return path
}

interface Order {
  target: string
  directory: string
  path: string
  env: NodeJS.ProcessEnv
  log: (line: string) => void
}

async function build(tool: Tool, { target, directory, path, env, log }: Order): Promise<void> {
  // Another run may have finished while this one waited for the lock.
  if (existsSync(path)) return
  log(`building ${tool} with ${await goVersion(env)}; once, about ${MINUTES[tool]} min on two cores`)
  await inScratch(directory, async (scratch) => {
    await goBuild({ title: tool, module: homeOf(tool), target, output: join(scratch, tool), env, log })
    const manifests = MANIFESTS[tool]
    if (manifests) copyWritable(await pathIn(tool, manifests, env), manifestsOf(join(scratch, tool)))
    // The tool comes last: where it is, everything is.
    install([...(manifests ? [manifestsOf(tool)] : []), tool], scratch, directory)
  })
}

/** The path of a directory of a module that `go build` has just used. */
async function pathIn(
  tool: Tool,
  { module, directory }: { module: string; directory: string },
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const options = { cwd: homeOf(tool), env: { ...env, GOWORK: 'off' } }
  const { stdout } = await promisify(execFile)('go', ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', module], options)
  return join(stdout.trim(), directory)
}

/** Go's module cache is read-only; a copy of its directories could be neither moved nor removed. */
function copyWritable(from: string, to: string): void {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyWritable(source, copy)
    else writeFileSync(copy, readFileSync(source))
  }
}

const homeOf = (tool: Tool): string => fileURLToPath(new URL(`go/tools/${tool}`, import.meta.url))

/** The package that go.mod names as a tool, and the version of the module that it is in; or a program of our own there. */
function moduleOf(tool: Tool): { target: string; version: string } {
  const text = readFileSync(join(homeOf(tool), 'go.mod'), 'utf8')
  const own = join(homeOf(tool), 'main.go')
  if (existsSync(own)) return { target: '.', version: hashOf(text, readFileSync(own, 'utf8')) }
  const target = /^tool (\S+)$/m.exec(text)?.[1]
  const required = [...text.matchAll(/^(?:require )?\s*(\S+) (v\S+)/gm)]
  const version = required.find(([, module = '']) => target?.startsWith(`${module}/`))?.[2]
  if (!target || !version) throw new Error(`test/real/go/tools/${tool}/go.mod names no tool, or not its version`)
  return { target, version }
}

const hashOf = (...texts: string[]): string => createHash('sha256').update(texts.join()).digest('hex').slice(0, 12)

const cacheOf = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'calendar-operator')
