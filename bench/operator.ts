/** The operator as it ships, in a child process, measured by the system and by its own metrics. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { WorldState } from './messages.ts'

/** A measurement, since the start of the operator. */
export interface Reading {
  cpuSeconds: number
  peakMiB: number
  residentMiB: number
  /** Requests by kind. */
  google: Map<string, number>
  /** Requests by method. */
  kubernetes: Map<string, number>
}

/** The ports of an operator that is measured. */
export interface Ports {
  metrics: number
  /** 0 means: no sign-in pages, and no leader election. */
  web: number
}

/** What a replica among others is started with. */
export interface AsReplica {
  /** The name of its pod and of its Lease, and the namespace of both. */
  POD_NAME: string
  POD_NAMESPACE: string
  /** Where it finds the Calendar API. */
  apiURL: string
  flags: string[]
}

/** Called with each line that the operator prints. */
type Said = (line: string) => void

/** What the process holds at a moment. */
export interface Holdings {
  residentMiB: number
  heapMiB: number
  /** Open file descriptors, and how many of them are sockets. */
  handles: number
  sockets: number
}

/** Another program, to compare with. */
const BUNDLE = process.env.OPERATOR ?? 'dist/main.js'
const CLOCK_TICKS = 100
/** What Linux calls kB has 1,024 bytes, so as many make a MiB. */
const KIB = 1024

/** An operator in a child process, which can be measured at any time. */
export class MeasuredOperator {
  readonly #child: ChildProcess
  readonly #ports: Ports

  constructor(
    { url, kubeconfig }: WorldState,
    nodeOptions: string[],
    ports: Ports & { replica?: AsReplica },
    said?: Said,
  ) {
    this.#ports = ports
    const { apiURL, flags: more, ...env } = ports.replica ?? { apiURL: url, flags: [] }
    const urls = ['oauth', 'accounts'].map((which) => `--google-${which}-url=${url}`)
    const flags = [
      'run',
      ...urls,
      `--google-api-url=${apiURL}`,
      `--metrics-bind-address=127.0.0.1:${ports.metrics}`,
      `--web-bind-address=${ports.web === 0 ? '0' : `127.0.0.1:${ports.web}`}`,
      `--leader-elect=${ports.web !== 0}`,
      `--log-level=${said ? 'info' : 'error'}`,
      ...more,
    ]
    this.#child = spawn(process.execPath, [...nodeOptions, BUNDLE, ...flags], {
      env: { ...process.env, KUBECONFIG: kubeconfig, ...env },
      stdio: ['ignore', said ? 'pipe' : 'inherit', said ? 'pipe' : 'inherit'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream && said) createInterface({ input: stream }).on('line', said)
    }
    // However the bench ends, the operator must not go on running.
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  /** Measures processor time and memory as Linux reports them. Reading the metrics costs the operator something, so do it rarely. */
  async read(): Promise<Reading> {
    const read = (file: string): string => readFileSync(`/proc/${this.#child.pid ?? 0}/${file}`, 'utf8')
    const fields = read('stat').split(') ')[1]?.split(' ') ?? []
    const status = read('status')
    const kB = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1])
    const memory = {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS,
      peakMiB: kB('VmHWM') / KIB,
      residentMiB: kB('VmRSS') / KIB,
    }
    const metrics = await (await fetch(`http://127.0.0.1:${this.#ports.metrics}/metrics`)).text()
    return {
      ...memory,
      google: sums(metrics, 'calendar_operator_google_requests_total', 'kind'),
      kubernetes: sums(metrics, 'rest_client_requests_total', 'method'),
    }
  }

  /** Undefined if the process has ended. */
  async holdings(): Promise<Holdings | undefined> {
    const answer = await fetch(`http://127.0.0.1:${this.#ports.metrics}/metrics`).catch(() => undefined)
    if (!answer || this.hasEnded) return undefined
    const metrics = await answer.text()
    const process = `/proc/${this.#child.pid ?? 0}`
    const links = readdirSync(`${process}/fd`).map((fd) => linkOf(`${process}/fd/${fd}`))
    return {
      residentMiB: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${process}/status`, 'utf8'))?.[1]) / KIB,
      heapMiB: Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]) / KIB ** 2,
      handles: links.length,
      sockets: links.filter((link) => link.startsWith('socket:')).length,
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async isReady(): Promise<boolean> {
    const { ok } = await fetch(`http://127.0.0.1:${this.#ports.metrics}/readyz`).catch(() => ({ ok: false }))
    return ok
  }

  /** @param signal SIGKILL ends it as if its node had died. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
  }
}

/** Descriptors may close while they are read. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** The samples of a metric, added up by one of its labels. */
function sums(metrics: string, name: string, label: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of metrics.split('\n').filter((one) => one.startsWith(`${name}{`))) {
    const value = new RegExp(`${label}="([^"]+)"`).exec(line)?.[1] ?? ''
    found.set(value, (found.get(value) ?? 0) + Number(line.split('} ')[1]))
  }
  return found
}
