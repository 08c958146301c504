/**
 * A world in memory: both reconcilers, with everything around them real but the two networks. Nothing in it waits for anything
 * outside, and time goes on only when nothing else can, so that a round costs a millisecond.
 */
import { GrantStore } from '../../src/grants/grant-store.ts'
import { createTokenSource } from '../../src/grants/token-source.ts'
import { createAgentReconciler, type AgentReconciler } from '../../src/agent/reconcile.ts'
import { createZones } from '../../src/calendar/zones.ts'
import { createGoogle, type RunningGoogle } from '../../src/google/google.ts'
import type { Pool } from '../../src/google/transport.ts'
import { createIntegrationRegistry } from '../../src/clients/integration-registry.ts'
import type { IntegrationRegistry } from '../../src/clients/port.ts'
import { createIntegrationReconciler, type IntegrationReconciler } from '../../src/integration/reconcile.ts'
import { SiteRegistry } from '../../src/integration/site-registry.ts'
import { createCluster, type RunningCluster } from '../../src/kubernetes/cluster.ts'
import type { WatchStore } from '../../src/kubernetes/store.ts'
import type { Outcome } from '../../src/controller/outcome.ts'
import { createLog } from '../../src/platform/log.ts'
import { ManualClock } from '../support/clock.ts'
import { noPush } from '../support/push.ts'
import { MemoryGoogle } from './google.ts'
import { MemoryKubernetes, type Stored } from './kubernetes.ts'
import { MemoryDispatcher } from './network.ts'
import { CLIENT_SECRET } from './objects.ts'

const START = Date.parse('2026-11-23T10:00:00Z')
/** How often the event loop turns before time advances. */
const TURNS = 25
const MOST_TIMERS = 400
const LONGEST_ROUND_MS = 10 * 60_000

type Reconcile = (key: string) => Promise<Outcome>

export class MemoryWorld {
  readonly clock = new ManualClock(START)
  readonly kubernetes = new MemoryKubernetes()
  readonly google = new MemoryGoogle(CLIENT_SECRET)
  /** The lines of the operator's log. */
  readonly lines: string[] = []
  /** What the work at deadlines failed with: nobody waits for it. */
  readonly failures: unknown[] = []
  /** How often a deadline of an agent came, in addition to its reconciles. */
  deadlinesRun = 0
  /** Every chance that is taken from now on. */
  chance = 0.5
  /** Knows of no channel, unless a test says otherwise. */
  readonly push = { ...noPush }
  /** The link of the sign-in page; none if pages are not served. */
  signInURL: string | undefined
  readonly #log = createLog({ level: 'debug', clock: this.clock, write: (line) => void this.lines.push(line) })
  readonly #deadlines = new Map<string, () => void>()
  #client!: RunningGoogle
  #cluster!: RunningCluster
  /** What the Agents are told about the integrations. */
  registry!: IntegrationRegistry
  /** The integrations whose Agents the registry woke. */
  woken: string[] = []
  /** The Agents that are reconciled soon, because Google answers again. */
  wokenAgents: string[] = []
  #integrations!: IntegrationReconciler
  #agents!: AgentReconciler

  constructor() {
    this.restart()
  }

  /** A new process over the same cluster. */
  restart(): void {
    this.google.restarted()
    for (const cancel of this.#deadlines.values()) cancel()
    const url = 'http://google.memory'
    const random = (): number => this.chance
    const common = { clock: this.clock, random, log: this.#log }
    const pool = new MemoryDispatcher((asked) => this.google.answer(asked)) as unknown as Pool
    this.#client = createGoogle({ accountsUrl: url, oauthUrl: url, apiUrl: url, pool, ...common })
    this.#cluster = createCluster({
      connection: this.kubernetes.connection,
      ...common,
      namespaces: [],
      instance: 'memory',
    })
    for (const object of this.kubernetes.objects.values()) this.#see(object)
    this.#startReconcilers({ ...common, cluster: this.#cluster, google: this.#client })
  }

  #startReconcilers(
    common: Pick<Parameters<typeof createAgentReconciler>[0], 'cluster' | 'google' | 'clock' | 'random' | 'log'>,
  ): void {
    const registry = (this.registry = createIntegrationRegistry(this.clock))
    registry.onEntry((key) => void this.woken.push(key))
    const sites = new SiteRegistry({ cluster: this.#cluster, clock: this.clock, sites: new Map() })
    this.#integrations = createIntegrationReconciler({ ...common, registry, sites })
    const grants = new GrantStore(common)
    const signInURL = (): string | undefined => this.signInURL
    const agents = createAgentReconciler({
      ...common,
      grants,
      tokens: createTokenSource({ ...common, store: grants, signInURL }),
      integrations: registry,
      zones: createZones(),
      signInURL,
      push: this.push,
      scheduleDeadline: (key, ms) => this.#scheduleDeadline(key, ms, agents.runDeadline),
      reported: () => undefined,
      readNow: () => undefined,
      wake: (key) => void this.wokenAgents.push(key),
      progress: () => undefined,
    })
    this.#agents = agents
  }

  /** As the queue of deadlines does it: the latest request for a key counts. */
  #scheduleDeadline(key: string, ms: number, runDeadline: Reconcile): void {
    this.#deadlines.get(key)?.()
    const fire = (): void => {
      this.deadlinesRun += 1
      void runDeadline(key).catch((error: unknown) => this.failures.push(error))
    }
    this.#deadlines.set(key, this.clock.setTimer(ms, fire))
  }

  /** A write by a user, which the watch reports. A status is only taken over if the caller says so. */
  put(object: Stored, withStatus = false): Stored {
    const stored = this.kubernetes.put(object)
    if (withStatus) Object.assign(stored, { status: object.status })
    this.#see(stored)
    return stored
  }

  remove(object: Stored): void {
    this.kubernetes.remove(object)
    this.#store(object.kind).remove(`${object.metadata.namespace ?? ''}/${object.metadata.name}`)
  }

  /** One reconcile of an Agent or a CalendarIntegration. @throws what the reconcile throws, and Error if it never ends. */
  reconcile(kind: 'Agent' | 'CalendarIntegration', key: string): Promise<Outcome> {
    this.google.judged = key === 'booking/alice'
    return this.#finish((kind === 'Agent' ? this.#agents : this.#integrations).reconcile(key))
  }

  /** Writes the first status, beside the reconcile. @throws as `reconcile`. */
  writeFirstStatus(key: string, kind: 'Agent' | 'CalendarIntegration' = 'CalendarIntegration'): Promise<Outcome> {
    return this.#finish((kind === 'Agent' ? this.#agents : this.#integrations).runDeadline(key))
  }

  /** Reports new channels, as before a hand-over. @throws as `reconcile`. */
  reportChannels(key: string): Promise<void> {
    return this.#finish(this.#agents.reportChannels(key))
  }

  /** Asks for calendars that were read before this instant, as a Booking does. */
  refresh(key: string, olderThan: number): void {
    this.#agents.refresh(key, olderThan)
  }

  /** Whether a Booking has to wait for what it asked for. */
  isAwaited(key: string): boolean | undefined {
    return this.#agents.calendars(key)?.isAwaited
  }

  /** What the metrics say about the published objects. */
  outputs(): ReturnType<AgentReconciler['outputs']> {
    return this.#agents.outputs()
  }

  /** Lets time go on only while nothing else can. */
  async #finish<T>(running: Promise<T>): Promise<T> {
    const state = { done: false }
    void running.then(
      () => (state.done = true),
      () => (state.done = true),
    )
    const end = this.clock.monotonic() + LONGEST_ROUND_MS
    for (let timers = 0; ; timers++) {
      await turns(() => state.done)
      if (state.done) return running
      const next = this.clock.pending[0]
      if (next === undefined || timers > MOST_TIMERS || this.clock.monotonic() > end) throw new Error('it never ends')
      await this.clock.advance(Math.max(0, next - this.clock.now()))
    }
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  /** As a watch would tell the cluster. */
  #see(object: Stored): void {
    if (object.kind === 'ConfigMap' && object.metadata.labels?.['app.kubernetes.io/managed-by'] === undefined) return
    const store = this.#store(object.kind)
    store.put(store.strip(object))
  }

  #store(kind: string): WatchStore<Stored> {
    const stores: Record<string, unknown> = {
      Agent: this.#cluster.agents,
      Booking: this.#cluster.bookings,
      CalendarIntegration: this.#cluster.integrations,
      Secret: this.#cluster.secrets,
      ConfigMap: this.#cluster.configMaps,
      Namespace: this.#cluster.namespaces,
    }
    return stores[kind] as WatchStore<Stored>
  }
}

async function turns(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < TURNS && !done(); turn++) await new Promise((resolve) => setImmediate(resolve))
}
