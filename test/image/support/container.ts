/** A container as runc makes it of an image and of what its pod says. It uses this machine's network. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { whenThisProcessDies } from '../../real/cluster/processes.ts'
import { unpack, type Image } from './build.ts'
import type { Runtime } from './pod.ts'
import { run } from './tools.ts'

/** What umoci writes; we change a part of it. */
interface Specification extends Omit<Runtime, 'linux'> {
  linux: { namespaces: { type: string }[]; resources?: object } & Record<string, unknown>
}

/** Needs no network of its own to be proved: with this one it reaches an API server on loopback. */
const SHARED = 'network'

export class ImageContainer {
  readonly rootfs: string
  readonly #directory: string
  readonly #id: string
  readonly #state: string
  #child: ChildProcess | undefined
  #leash: ChildProcess | undefined
  #ended: Promise<string> | undefined

  /** @param directory where the image is opened: an empty one, or one that does not exist. */
  constructor(directory: string, image: Image, runtime: Runtime) {
    this.#directory = directory
    this.rootfs = join(directory, 'rootfs')
    this.#id = `calendar-operator-${process.pid}`
    this.#state = join(directory, 'state')
    unpack(image, directory)
    this.#configure(runtime)
  }

  #configure({ linux: { memoryBytes }, mounts, process: own, root }: Runtime): void {
    const path = join(this.#directory, 'config.json')
    const found = JSON.parse(readFileSync(path, 'utf8')) as Specification
    const limit = memoryBytes === undefined ? {} : { memory: { limit: memoryBytes } }
    const namespaces = found.linux.namespaces.filter(({ type }) => type !== SHARED)
    const config = {
      ...found,
      process: { ...found.process, ...own, rlimits: [] },
      root,
      mounts: [...found.mounts.filter(isOrdinary), ...mounts],
      linux: { ...found.linux, namespaces, resources: { ...found.linux.resources, ...limit } },
    }
    writeFileSync(path, JSON.stringify(config))
  }

  start(): void {
    const log = openSync(join(this.#directory, 'log'), 'a')
    const args = ['--root', this.#state, 'run', '--bundle', this.#directory, '--pid-file', this.#pidFile, this.#id]
    const env = { ...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) }
    this.#leash = whenThisProcessDies(`runc --root "$0" delete --force ${this.#id}`, this.#state)
    // A group of its own: a Ctrl-C in the terminal goes to the test run only.
    const child = spawn('runc', args, { env, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child = child
    this.#ended = new Promise((resolve) => {
      child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code ?? 'unknown'}`))
      child.on('error', (error) => resolve(error.message))
    })
  }

  get #pidFile(): string {
    return join(this.#directory, 'pid')
  }

  /** Its first process, as this machine counts. */
  get pid(): number {
    return existsSync(this.#pidFile) ? Number(readFileSync(this.#pidFile, 'utf8')) : 0
  }

  /** A field of /proc/PID/status, in its own words. */
  status(field: string): string {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(text)?.[1] ?? ''
  }

  /** What it has mounted, and can write to. */
  writableMounts(): { path: string; type: string }[] {
    const lines = readFileSync(`/proc/${this.pid}/mounts`, 'utf8').trim().split('\n')
    const mounts = lines.map((line) => line.split(' '))
    return mounts
      .filter(([, , , options = '']) => options.split(',').includes('rw'))
      .map(([, path = '', type = '']) => ({ path, type }))
  }

  log(): string {
    return readFileSync(join(this.#directory, 'log'), 'utf8')
  }

  /** Runs another Node process in it, and returns its standard output. */
  node(code: string, node: string): string {
    return run('runc', ['--root', this.#state, 'exec', this.#id, node, '-e', code])
  }

  /** Every file as it lies on this machine's disk, with its size and times. Directories that runc mounts on are no files. */
  files(): string[] {
    const found = run('find', [this.rootfs, '-type', 'f', '-printf', '%P %s %T@ %C@\\n'])
    return found.trim().split('\n').sort()
  }

  /** The signal goes to its first process, as a kubelet's does. Answers how it ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<string> {
    if (this.pid > 0 && this.#child?.exitCode === null) process.kill(this.pid, signal)
    const how = (await this.#ended) ?? 'never started'
    this.#leash?.kill('SIGKILL')
    return how
  }

  /** Whatever state it is in. */
  remove(): void {
    run('runc', ['--root', this.#state, 'delete', '--force', this.#id])
    this.#leash?.kill('SIGKILL')
  }
}

/** What Kubernetes gives each container; umoci adds files of the machine's, which Kubernetes writes itself. */
function isOrdinary({ destination }: { destination: string }): boolean {
  return /^\/(proc|dev|sys)(\/|$)/.test(destination)
}
