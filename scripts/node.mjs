// Runs a command with another major version of Node: `node scripts/node.mjs 24 make test`. npm's package `node` brings that
// version into the user's cache; it comes first in PATH for the command and for everything that the command starts. In place
// of a number, `image` means the image's version, and `other` as well, or the oldest that package.json supports where the
// image's is the running one.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** The major version that the image runs, which the Dockerfile names. */
export function imageMajor() {
  const dockerfile = readFileSync(join(import.meta.dirname, '../Dockerfile'), 'utf8')
  const major = /^ARG BUILD_IMAGE=node:(\d+)/m.exec(dockerfile)?.[1]
  if (!major) throw new Error('Dockerfile: expected ARG BUILD_IMAGE=node:<major version>-…')
  return major
}

/** The flags that the image starts Node with, from the Dockerfile's entry point. */
export function imageNodeFlags() {
  const dockerfile = readFileSync(join(import.meta.dirname, '../Dockerfile'), 'utf8')
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1]
  if (!entrypoint) throw new Error('Dockerfile: expected ENTRYPOINT ["<node>", "<flag>"…, "<program>"]')
  return JSON.parse(entrypoint).slice(1, -1)
}

/** The oldest major version that package.json supports. */
function oldestMajor() {
  const { engines } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
  return /\d+/.exec(engines.node)[0]
}

const isRunning = (major) => process.versions.node.startsWith(`${major}.`)

/**
 * The path of a Node of this major version: the running one if it is of that version, else the newest in npm's registry, else
 * (without a network) the one of an earlier call.
 *
 * @throws Error if there is none.
 */
export function findNode(major, env = process.env) {
  if (isRunning(major)) return process.execPath
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache')
  const directory = join(cache, 'calendar-operator', `node-${major}-${process.platform}-${process.arch}`)
  const path = join(directory, 'node_modules/node/bin/node')
  mkdirSync(directory, { recursive: true })
  const args = ['install', '--prefix', directory, '--no-audit', '--no-fund', '--loglevel=error', `node@${major}`]
  try {
    // Not in the current directory: a package.json there has its own rules.
    execFileSync('npm', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], env })
  } catch (error) {
    if (!existsSync(path)) throw new Error(`npm could not install node@${major}: ${error.stderr}`, { cause: error })
  }
  if (!existsSync(path)) throw new Error(`the npm package node@${major} left no program at ${path}`)
  return path
}

if (process.argv[1] === import.meta.filename) {
  const [which = '', command, ...args] = process.argv.slice(2)
  const named = { image: imageMajor, other: () => (isRunning(imageMajor()) ? oldestMajor() : imageMajor()) }
  const major = named[which]?.() ?? which
  if (!/^\d+$/.test(major) || !command)
    throw new Error('usage: node scripts/node.mjs MAJOR|image|other COMMAND [ARGUMENT…]')
  const node = findNode(major)
  const PATH = [dirname(node), process.env.PATH].join(delimiter)
  console.error(
    `==> Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}: ${command} ${args.join(' ')}`,
  )
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, PATH } })
  if (error) throw error
  process.exitCode = status ?? 1
}
