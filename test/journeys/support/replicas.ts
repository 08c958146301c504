/**
 * Further replicas of the operator in a journey. Each speaks to Google through a recorder of its own, so that a test knows which
 * replica has read which calendar, and when.
 */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadKubeconfig } from '../../../src/kubernetes/kubeconfig.ts'
import { createOperator, type Operator } from '../../../src/operator.ts'
import { createLog } from '../../../src/platform/log.ts'
import { readSettings } from '../../../src/settings.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { isNamespaced, type World } from './world.ts'

/** One listing of a calendar. */
export interface Read {
  replica: string
  calendar: string
  /** By the clock of the journey; `ended` is missing while Google has not answered. */
  began: number
  ended?: number
}

export interface Replica {
  readonly name: string
  readonly operator: Operator
  /** How often this replica has lost its Lease. */
  readonly lost: number
  /** Stops it in order, as SIGTERM does. */
  stop(): Promise<void>
}

/** All replicas of a journey, and what they have read. */
export class Replicas {
  readonly reads: Read[] = []
  /** Every event that was inserted. */
  readonly writes: Pick<Read, 'replica' | 'calendar'>[] = []
  readonly #world: World
  readonly #running = new Map<string, Replica & { close(): Promise<void> }>()

  constructor(world: World) {
    this.#world = world
  }

  async start(name: string, flags: Record<string, string> = {}): Promise<Replica> {
    const world = this.#world
    const { clock, lines, leaseNamespace, kubeconfigPath, namespace } = world
    const recorder = await this.#startRecorder(name)
    const settings = readSettings(
      {
        'google-oauth-url': world.google.url,
        'google-api-url': recorder.url,
        'google-accounts-url': world.google.url,
        'metrics-bind-address': '127.0.0.1:0',
        'web-bind-address': '127.0.0.1:0',
        ...(isNamespaced ? { 'watch-namespaces': namespace } : {}),
        ...flags,
      },
      {},
    )
    settings.podNamespace = leaseNamespace
    settings.podName = name
    const kubeConfig = loadKubeconfig([kubeconfigPath], { env: {} })
    const log = createLog({ level: 'debug', clock, write: (line) => void lines.push(line) })
    let lost = 0
    const random = seededRandom(name.length)
    const operator = createOperator({ settings, kubeConfig, clock, random, log, onLeaseLost: () => (lost += 1) })
    await this.#done(`${name} starts`, operator.start())
    const replica = {
      name,
      operator,
      get lost() {
        return lost
      },
      stop: () => this.#stop(name),
      close: () => recorder.close(),
    }
    this.#running.set(name, replica)
    return replica
  }

  /** A replica that runs. */
  get(name: string): Replica {
    const replica = this.#running.get(name)
    if (!replica) throw new Error(`${name} does not run`)
    return replica
  }

  /** Ends a replica as if its node had died: its Lease stays as it is. */
  async kill(name: string): Promise<void> {
    const { objects, leaseNamespace } = this.#world
    const before = await objects.get('Lease', name, leaseNamespace)
    await this.#stop(name)
    const { spec } = before as unknown as { spec: object }
    await objects.patch('Lease', name, { spec }, leaseNamespace)
  }

  async stopAll(): Promise<void> {
    for (const name of [...this.#running.keys()]) await this.#stop(name)
  }

  /** The replicas that have read this calendar after the first `skipped` reads: the clock may stand still between two of them. */
  readersOf(calendar: string, skipped = 0): string[] {
    const reads = this.reads.slice(skipped).filter((read) => read.calendar === calendar)
    return [...new Set(reads.map(({ replica }) => replica))].sort()
  }

  /** Pairs of reads of one calendar by two replicas at the same time. */
  overlaps(): [Read, Read][] {
    return this.reads.flatMap((one, index) =>
      this.reads.slice(index + 1).flatMap((other): [Read, Read][] => {
        const isPair = one.calendar === other.calendar && one.replica !== other.replica
        return isPair && one.began < (other.ended ?? Infinity) && other.began < (one.ended ?? Infinity)
          ? [[one, other]]
          : []
      }),
    )
  }

  /** The longest time, in ms, between two reads of a calendar. */
  longestGap(calendar: string): number {
    const times = this.reads.filter((read) => read.calendar === calendar).map(({ began }) => began)
    return Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)))
  }

  async #stop(name: string): Promise<void> {
    const replica = this.#running.get(name)
    this.#running.delete(name)
    if (!replica) return
    await this.#done(`${name} stops`, replica.operator.stop())
    await replica.close()
  }

  async #done(what: string, promise: Promise<unknown>): Promise<void> {
    let done = false
    const noted = promise.finally(() => (done = true))
    await this.#world.until(what, () => done)
    await noted
  }

  async #startRecorder(replica: string): Promise<{ url: string; close(): Promise<void> }> {
    const server = createServer((incoming, outgoing) => this.#forward(replica, incoming, outgoing))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, close: () => closed(server) }
  }

  #forward(replica: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const note = this.#noteRead(replica, incoming)
    const { method, headers, url } = incoming
    const onward = request(new URL(url ?? '/', this.#world.google.url), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
      answer.on('end', note)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }

  /** Returns what is to be called at the end of the answer. */
  #noteRead(replica: string, { method, url = '' }: IncomingMessage): () => void {
    const [, calendar] = /\/calendars\/([^/]+)\/events(?:\?|$)/.exec(url) ?? []
    if (calendar === undefined) return () => undefined
    const { clock } = this.#world
    const read: Read = { replica, calendar: decodeURIComponent(calendar), began: clock.now() }
    if (method === 'POST') this.writes.push(read)
    if (method !== 'GET') return () => undefined
    this.reads.push(read)
    return () => (read.ended = clock.now())
  }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  if (server.listening) await new Promise((resolve) => server.close(resolve))
}
