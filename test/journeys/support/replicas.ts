/**
 * Further replicas of the operator in a journey. Each speaks to Google through a recorder of its own, so that a test knows which
 * replica has read which calendar, and when.
 */
import { loadKubeconfig } from '../../../src/kubernetes/kubeconfig.ts'
import { createOperator, type Operator } from '../../../src/operator.ts'
import { createLog } from '../../../src/platform/log.ts'
import { readSettings } from '../../../src/settings.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { ReadRecorder } from './read-recorder.ts'
import { isNamespaced, type World } from './world.ts'

export interface Replica {
  readonly name: string
  readonly operator: Operator
  /** How often this replica has lost its Lease. */
  readonly lost: number
  /** Stops it in order, as SIGTERM does. */
  stop(): Promise<void>
}

/** All replicas of a journey, and what they have read. */
export class Replicas extends ReadRecorder {
  readonly #world: World
  readonly #running = new Map<string, Replica & { close(): Promise<void> }>()

  constructor(world: World) {
    super({ googleURL: world.google.url, now: () => world.clock.now() })
    this.#world = world
  }

  async start(name: string, flags: Record<string, string> = {}): Promise<Replica> {
    const world = this.#world
    const { clock, lines, leaseNamespace, kubeconfigPath, namespace } = world
    const recorder = await this.listen(name)
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
}
