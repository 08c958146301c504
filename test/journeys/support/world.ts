/**
 * The test environment of a journey: a Kubernetes API (the sandbox's, or a real one with KUBERNETES=real), a simulated Google,
 * and the operator between them. They speak HTTP and share one clock that the test moves. Every status that is written must obey
 * the rules of kstatus, and no log, Event or status may contain a secret.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startGoogle, type SimulatedGoogle } from '../../../sandbox/google/google.ts'
import { loadKubeconfig } from '../../../src/kubernetes/kubeconfig.ts'
import { createOperator, type Operator } from '../../../src/operator.ts'
import { createLog } from '../../../src/platform/log.ts'
import type { Agent, CalendarIntegration } from '../../../src/resources/types.ts'
import { readSettings } from '../../../src/settings.ts'
import { connect, type Body, type Client, type Watch } from '../../contract/client.ts'
import type { RealKubernetes } from '../../real/cluster.ts'
import { exchange, ManualClock, settle, threadPool } from '../../support/clock.ts'
import { NetworkActivity } from '../../support/network-activity.ts'
import { WatchDelivery } from '../../support/watch-delivery.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { statusProblems } from '../../support/kstatus.ts'
import { keepSnapshot } from '../../support/snapshots.ts'
import { Objects } from './objects.ts'
import { isNamespaced, isReal, startBackend, type Backend } from './backend.ts'
import type { BusyJSON, EventSeen, PersonOptions, World } from './port.ts'
import { OPERATOR_NAMESPACE } from './roles.ts'

export { isNamespaced, isReal, limitMs, withinMs } from './backend.ts'
export type { World } from './port.ts'

export const SCOPE = 'https://www.googleapis.com/auth/calendar'
const STEP_MS = 100
const MOST_STEPS = 8_000
/** After so many steps, a wait is a long one: a real API server, which each look costs something, sees longer steps then. */
const FINE_STEPS = MOST_STEPS / 40
const LONG_STEP_MS = isReal ? 500 : STEP_MS
/** On a real API server, the least real time until a wait is given up: other programs may need it, such as kubectl. */
const PATIENCE_MS = isReal ? 150_000 : 0
/** The pace of the steps when only real time is left. */
const SLOW_STEP_MS = 50

let worlds = 0

interface WorldOptions {
  flags?: Record<string, string>
  start?: boolean
  /** Makes the kubeconfig that the operator uses on a real API server; by default that of the shipped roles. */
  operatorIdentity?: (kubernetes: RealKubernetes, kubeconfigPath: string) => Promise<string>
  /** Whether the test breaks watches. Otherwise each write waits until the watches have delivered it. */
  breaksWatches?: boolean
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const network = isReal ? new NetworkActivity() : undefined
  // A real API server writes times of its own, so the clock starts at the real time. It waits while that server is working.
  const clock = network
    ? new ManualClock(Math.floor(Date.now() / 1000) * 1000, () => network.quiet())
    : new ManualClock()
  const google = await startGoogle({ clock, random: seededRandom(7) })
  const directory = await mkdtemp(join(tmpdir(), 'journey-'))
  const { administrator, ...backend } = await startBackend(clock, directory)
  if (backend.real && options.operatorIdentity) {
    backend.kubeconfigPath = await options.operatorIdentity(backend.real.kubernetes, backend.kubeconfigPath)
  }
  const api = await connect(administrator)
  const namespace = isReal ? `booking-${++worlds}` : 'booking'
  const delivery = isReal && !options.breaksWatches ? new WatchDelivery() : undefined
  const objects = new Objects(api, namespace, { sandbox: backend.sandbox, delivery })
  const given = { clock, network, delivery, google, api, objects, namespace, directory }
  const world = new JourneyWorld({ ...backend, ...given })
  await world.seed()
  if (options.start !== false) await world.startOperator(options.flags)
  return world
}

interface Parts extends Omit<Backend, 'administrator'> {
  clock: ManualClock
  network: NetworkActivity | undefined
  delivery: WatchDelivery | undefined
  google: SimulatedGoogle
  api: Client
  objects: Objects
  namespace: string
  directory: string
}

class JourneyWorld implements World {
  readonly clock
  readonly google
  readonly objects
  readonly namespace
  readonly kubernetes
  readonly sandbox
  readonly lines: string[] = []
  readonly #parts: Parts
  readonly #secrets = new Set<string>()
  readonly #problems: string[] = []
  readonly #snapshots: string[] = []
  readonly #watches: Watch[] = []
  readonly #served: string[] = []
  #client = { clientId: '', clientSecret: '' }
  #operator: Operator | undefined
  #flags: Record<string, string> = {}

  constructor(parts: Parts) {
    this.#parts = parts
    this.clock = parts.clock
    this.google = parts.google
    this.objects = parts.objects
    this.namespace = parts.namespace
    this.sandbox = parts.sandbox
    this.kubernetes = parts.real?.kubernetes
  }

  get leaseNamespace(): string {
    return OPERATOR_NAMESPACE
  }

  get kubeconfigPath(): string {
    return this.#parts.kubeconfigPath
  }

  get client() {
    return this.#client
  }

  get operator(): Operator {
    if (!this.#operator) throw new Error('the operator is not running')
    return this.#operator
  }

  async seed(): Promise<void> {
    const { google, sandbox } = this.#parts
    if (sandbox)
      await this.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } })
    // Removes what operators of earlier journeys left.
    for (const { metadata } of await this.objects.list('Lease', OPERATOR_NAMESPACE)) {
      await this.objects.delete('Lease', metadata.name, OPERATOR_NAMESPACE)
    }
    await this.objects.delete('Secret', 'calendar-operator-keys', OPERATOR_NAMESPACE)
    await this.#serve(this.namespace)
    this.#client = google.addClient({ redirectUris: [], javascriptOrigins: ['https://booking.example.com'] })
    this.addSecret(this.#client.clientSecret)
    await this.objects.secret('google-oauth-client', {
      'client_secret.json': JSON.stringify(google.clientFile(this.#client.clientId)),
    })
    if (sandbox) sandbox.onWrite(({ current }) => this.#judge(current.object as unknown as Body))
    else for (const plural of ['agents', 'bookings', 'calendarintegrations']) await this.#watch(plural)
  }

  async addNamespace(name: string): Promise<string> {
    const real = isReal ? `${name}-${worlds}` : name
    await this.#serve(real)
    return real
  }

  async #serve(namespace: string): Promise<void> {
    await this.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    await this.#parts.real?.serve(namespace)
    this.#served.push(namespace)
  }

  async #watch(plural: string): Promise<void> {
    const path = `/apis/calendar-operator.io/v1alpha1/namespaces/${this.namespace}/${plural}?watch=true`
    const watch = await this.#parts.api.watch(path)
    this.#watches.push(watch)
    void (async () => {
      for (let event = await watch.next(); event; event = await watch.next()) this.#judge(event.object)
    })().catch(() => undefined)
  }

  /** Checks the status of every state of our objects. */
  #judge(object: Body | undefined): void {
    if (!object || !['Agent', 'CalendarIntegration', 'Booking'].includes(object.kind ?? '')) return
    this.#snapshots.push(JSON.stringify(object.status))
    keepSnapshot(object as never)
    const problems = statusProblems(object as never)
    this.#problems.push(...problems.map((problem) => `${object.kind ?? ''} ${object.metadata.name}: ${problem}`))
  }

  async startOperator(flags: Record<string, string> = {}): Promise<void> {
    this.#flags = flags
    const { clock, google, kubeconfigPath } = this.#parts
    const settings = readSettings(
      {
        'google-oauth-url': google.url,
        'google-api-url': google.url,
        'google-accounts-url': google.url,
        'metrics-bind-address': '127.0.0.1:0',
        ...(isNamespaced ? { 'watch-namespaces': this.#served.join(',') } : {}),
        'web-bind-address': '127.0.0.1:0',
        ...flags,
      },
      {},
    )
    settings.podNamespace = OPERATOR_NAMESPACE
    const kubeConfig = loadKubeconfig([kubeconfigPath], { env: {} })
    const log = createLog({ level: 'debug', clock, write: (line) => void this.lines.push(line) })
    const onLeaseLost = (): void => void this.lines.push('lease lost\n')
    this.#operator = createOperator({ settings, kubeConfig, clock, random: seededRandom(11), log, onLeaseLost })
    const started = this.#operator.start()
    let done = false
    void started.finally(() => (done = true))
    await this.until('the operator starts', () => done)
    await started
  }

  async stopOperator(): Promise<void> {
    const stopped = this.#operator?.stop()
    this.#operator = undefined
    let done = stopped === undefined
    void stopped?.finally(() => (done = true))
    await this.until('the operator stops', () => done)
  }

  async restartOperator(): Promise<void> {
    await this.stopOperator()
    await this.startOperator(this.#flags)
  }

  async addPerson(name: string, options: PersonOptions = {}): Promise<string> {
    const { google, clock } = this.#parts
    const account = options.account ?? `${name}@example.com`
    google.addAccount({ email: account, timeZone: 'Europe/Paris' })
    const scopes = options.scopes ?? [SCOPE]
    const { refreshToken } = google.grant({ client: this.#client.clientId, account, scopes })
    this.addSecret(refreshToken)
    const values: Record<string, string> = { refresh_token: refreshToken }
    if (options.consentAge !== undefined) {
      values.granted_at = new Date(clock.now() - options.consentAge).toISOString()
    }
    await this.objects.secret(`${name}-grant`, values)
    return refreshToken
  }

  agent(name: string): Promise<Agent> {
    return this.objects.get('Agent', name) as Promise<unknown> as Promise<Agent>
  }

  integration(name = 'google'): Promise<CalendarIntegration> {
    return this.objects.get('CalendarIntegration', name) as Promise<unknown> as Promise<CalendarIntegration>
  }

  async busy(name: string): Promise<BusyJSON> {
    const text = (await this.objects.get('ConfigMap', `${name}-calendar`)).data?.['busy.json']
    return JSON.parse(text ?? 'null') as BusyJSON
  }

  inHours(hours: number): string {
    const ms = this.clock.now() + hours * 60 * 60_000
    return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
  }

  async until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
    const end = performance.now() + PATIENCE_MS
    for (let step = 0; step < MOST_STEPS || performance.now() < end; step++) {
      const began = performance.now()
      const found = await look()
      if (found !== undefined && found !== false) {
        await this.#complete()
        return found
      }
      await this.#turn(step, performance.now() - began)
      await (isReal ? settle() : exchange())
      if (step % 10 === 0) await threadPool()
      await this.clock.advance(step < FINE_STEPS ? STEP_MS : LONG_STEP_MS)
    }
    throw new Error(`waited in vain until ${what}\n${this.lines.slice(-20).join('')}`)
  }

  /** Lets the network deliver what is pending, at the beginning and when half of the steps are used up; then time moves on. */
  async #turn(step: number, lookMs: number): Promise<void> {
    if (step >= MOST_STEPS) await this.#parts.network?.turn(SLOW_STEP_MS)
    else if (step < FINE_STEPS || step > MOST_STEPS / 2) await this.#parts.network?.turn(lookMs)
  }

  /** Lets arrive what goes with a change, such as the status of another object, and shows it to every replica. */
  async #complete(): Promise<void> {
    await this.#parts.network?.quiet()
    await this.objects.delivered()
    await threadPool()
    await exchange()
  }

  async untilReason(name: string, reason: string): Promise<Agent> {
    let last: unknown
    return this.until(`${name} says ${reason}`, async () => {
      const agent = await this.agent(name)
      last = agent.status
      return agent.status?.conditions?.find(({ type }) => type === 'Ready')?.reason === reason && agent
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\nlast status: ${JSON.stringify(last)}`)
    })
  }

  untilReady(name: string): Promise<Agent> {
    return this.untilReason(name, 'Ready')
  }

  untilEvent(what: string, like: (event: EventSeen) => boolean): Promise<EventSeen> {
    return this.until(`there is an Event ${what}`, async () => {
      const events = (await this.objects.list('Event')) as unknown as EventSeen[]
      return events.find(like)
    })
  }

  addSecret(text: string): void {
    this.#secrets.add(text)
  }

  async stop(): Promise<void> {
    const events = await this.objects.list('Event')
    await this.stopOperator()
    for (const watch of this.#watches) watch.close()
    for (const namespace of this.#served) await this.objects.deleteAll(namespace)
    await this.#parts.api.close()
    await this.#parts.google.close()
    this.#parts.network?.close()
    this.#parts.delivery?.close()
    await this.#parts.sandbox?.stop()
    await rm(this.#parts.directory, { recursive: true })
    expect(this.#problems).toEqual([])
    this.#expectNoSecrets(JSON.stringify(events))
  }

  #expectNoSecrets(events: string): void {
    const logged = this.lines.join('')
    // One string: an expectation for each pair takes seconds where a hundred people have a status.
    const produced = [logged, events, ...this.#snapshots].join('\n')
    for (const secret of this.#secrets) expect(produced.includes(secret)).toBe(false)
    // A status may contain e-mail addresses; a log or an Event may not.
    expect(logged).not.toMatch(/@example\.com|%40example/)
    expect(events).not.toMatch(/@example\.com/)
    expect(logged + events).not.toMatch(/ya29\./)
  }
}
