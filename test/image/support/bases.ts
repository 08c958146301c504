/**
 * Replacements for the two bases that the Dockerfile names, under the same names: the packages of the same Debian, with Node of
 * the same major version. They give the image as little as possible: neither has a user, so the user must be set by our layer. They
 * are made once for each Node and Debian, and kept in the user's cache.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { findNode, imageMajor } from '../../../scripts/node.mjs'
import { run, say } from './tools.ts'

/** The Debian of both bases; `bases` holds it against their names. */
const SUITES = { trixie: 'debian13' }
const SUITE = 'trixie'
/** What a shell and `npm ci` need, and what a distroless base of Node is made of. */
const RECIPES = {
  build: ['--variant=minbase'],
  base: ['--variant=extract', '--include=base-files,netbase,tzdata,libc6,libstdc++6,libgcc-s1'],
}

interface Bases {
  build: string
  base: string
}

/** As in the Dockerfile. @throws Error if they are not images of the Debian that replaces them. */
export function bases(dockerfile: string): Bases {
  const named = (name: string): string => new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(dockerfile)?.[1] ?? ''
  const found = { build: named('BUILD_IMAGE'), base: named('BASE_IMAGE') }
  if (!found.build.includes(SUITE) || !found.base.includes(SUITES[SUITE])) {
    throw new Error(`Dockerfile: expected bases of Debian ${SUITE}, found ${found.build} and ${found.base}`)
  }
  return found
}

/** buildah's store in the cache; the first use of it makes the bases, in about a minute. */
export class Store {
  readonly directory: string
  readonly #global: string[]
  /** The program of the Node that the image runs, and its version. */
  readonly #node: { path: string; version: string }

  constructor(env: NodeJS.ProcessEnv = process.env) {
    const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache')
    const path = findNode(imageMajor(), env)
    this.#node = { path, version: run(path, ['--version']).trim().slice(1) }
    this.directory = join(cache, 'calendar-operator', `image-${SUITE}-node-${this.#node.version}-${process.arch}`)
    mkdirSync(this.directory, { recursive: true })
    const [root, state] = ['storage', 'state'].map((name) => join(this.directory, name)) as [string, string]
    this.#global = ['--storage-driver', 'vfs', '--root', root, '--runroot', state]
  }

  buildah(command: string, ...args: string[]): string {
    return run('buildah', [...this.#global, command, ...args], { BUILDAH_ISOLATION: 'chroot' }).trim()
  }

  /** Makes the bases that are not there, and throws away whatever else an earlier run left. */
  prepare(names: Bases): void {
    this.buildah('rm', '--all')
    for (const kind of ['build', 'base'] as const) if (!this.#has(names[kind])) this.#make(kind, names[kind])
    const keep = [...this.#ids(names.build), ...this.#ids(names.base)]
    const others = this.#ids('--all').filter((id) => !keep.includes(id))
    for (const id of new Set(others)) this.buildah('rmi', '--force', id)
  }

  #has(image: string): boolean {
    return this.buildah('images', '--quiet', '--filter', `reference=${image}`) !== ''
  }

  /** @param which an image, or `--all`. */
  #ids(which: string): string[] {
    return this.buildah('images', '--quiet', '--no-trunc', which).split('\n').filter(Boolean)
  }

  #make(kind: keyof Bases, name: string): void {
    say(`making what stands in for ${name}: Debian ${SUITE} with Node ${this.#node.version}`)
    const directory = mkdtempSync(join(tmpdir(), 'base-'))
    const archive = join(directory, 'root.tar')
    run('mmdebstrap', ['--quiet', ...RECIPES[kind], SUITE, archive])
    const container = this.buildah('from', 'scratch')
    this.buildah('add', container, archive, '/')
    if (kind === 'base') this.buildah('copy', container, this.#node.path, '/nodejs/bin/node')
    else this.#addNpm(container)
    this.buildah('commit', '--quiet', '--rm', container, name)
    rmSync(directory, { recursive: true })
  }

  #addNpm(container: string): void {
    this.buildah('copy', container, this.#node.path, '/usr/local/bin/node')
    this.buildah('copy', container, npmDirectory(), '/usr/local/lib/node_modules/npm')
    for (const name of ['npm', 'npx']) {
      const target = `../lib/node_modules/npm/bin/${name}-cli.js`
      this.buildah('run', container, '--', 'ln', '-s', target, `/usr/local/bin/${name}`)
    }
    // Fails here if that Node needs a library that a plain Debian doesn't have.
    this.buildah('run', container, '--', 'npm', '--version')
  }
}

function npmDirectory(): string {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'npm'))
  for (const candidate of candidates) {
    const directory = npmOf(candidate)
    if (directory) return directory
  }
  throw new Error('no npm on PATH')
}

/** The directory of the package that this command belongs to. */
function npmOf(command: string): string | undefined {
  try {
    const directory = dirname(dirname(realpathSync(command)))
    const { name } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name?: string }
    return name === 'npm' ? directory : undefined
  } catch {
    return undefined
  }
}
