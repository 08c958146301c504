/** The operator as it ships, as a child process, and what the system and its own metrics say of it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import type { WorldState } from './messages.ts'

/** As of one moment, since the start of the operator. */
export interface Reading {
  cpuSeconds: number
  peakMB: number
  residentMB: number
  /** Requests by kind. */
  google: Map<string, number>
  /** Requests by method. */
  kubernetes: Map<string, number>
}

export interface Ports {
  metrics: number
  /** Of the sign-in pages, and then of one replica among others; 0: none. */
  web: number
}

const ALONE: Ports = { metrics: 18_081, web: 0 }
const CLOCK_TICKS = 100

export class MeasuredOperator {
  readonly #child: ChildProcess
  readonly #ports: Ports

  constructor({ url, kubeconfig }: WorldState, nodeOptions: string[] = [], ports = ALONE) {
    this.#ports = ports
    const urls = ['oauth', 'api', 'accounts'].map((which) => `--google-${which}-url=${url}`)
    const flags = [
      'run',
      ...urls,
      `--metrics-bind-address=127.0.0.1:${ports.metrics}`,
      `--web-bind-address=${ports.web === 0 ? '0' : `127.0.0.1:${ports.web}`}`,
      `--leader-elect=${ports.web !== 0}`,
      '--log-level=error',
    ]
    this.#child = spawn(process.execPath, [...nodeOptions, 'dist/main.js', ...flags], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    // Whatever ends the bench: an operator that is left over would go on for ever.
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  /** Processor time and memory are Linux's to tell. A look at the metrics costs the operator something: look seldom. */
  async read(): Promise<Reading> {
    const read = (file: string): string => readFileSync(`/proc/${this.#child.pid ?? 0}/${file}`, 'utf8')
    const fields = read('stat').split(') ')[1]?.split(' ') ?? []
    const status = read('status')
    const kB = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1])
    const memory = {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS,
      peakMB: kB('VmHWM') / 1000,
      residentMB: kB('VmRSS') / 1000,
    }
    const metrics = await (await fetch(`http://127.0.0.1:${this.#ports.metrics}/metrics`)).text()
    return {
      ...memory,
      google: sums(metrics, 'calendar_operator_google_requests_total', 'kind'),
      kubernetes: sums(metrics, 'rest_client_requests_total', 'method'),
    }
  }

  async isReady(): Promise<boolean> {
    const { ok } = await fetch(`http://127.0.0.1:${this.#ports.metrics}/readyz`).catch(() => ({ ok: false }))
    return ok
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}

/** A metric's samples, added up by one of its labels. */
function sums(metrics: string, name: string, label: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of metrics.split('\n').filter((one) => one.startsWith(`${name}{`))) {
    const value = new RegExp(`${label}="([^"]+)"`).exec(line)?.[1] ?? ''
    found.set(value, (found.get(value) ?? 0) + Number(line.split('} ')[1]))
  }
  return found
}
