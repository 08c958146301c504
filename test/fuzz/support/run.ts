/**
 * One case through both reconcilers, from the objects in the cluster to what is published, with everything around them real
 * but the two networks. Answers what is wrong, as sentences.
 */
import { createAgentReconciler } from '../../../src/agent/reconcile.ts'
import { createZones } from '../../../src/calendar/zones.ts'
import { createGoogle, type RunningGoogle } from '../../../src/google/google.ts'
import { createDirectory } from '../../../src/integration/directory.ts'
import { createIntegrationReconciler } from '../../../src/integration/reconcile.ts'
import { SiteRegistry } from '../../../src/integration/site.ts'
import { createCluster, type RunningCluster } from '../../../src/kubernetes/cluster.ts'
import { ApiError } from '../../../src/kubernetes/port.ts'
import type { WatchStore } from '../../../src/kubernetes/store.ts'
import { createLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clock.ts'
import { agentOf, clientSecretOf, foreignOf, grantOf, hostileOf, integrationOf, CLIENT_SECRET } from './objects.ts'
import type { Case, Step } from './arbitraries.ts'
import { ACCOUNT, MemoryGoogle, TITLE, type Obligation } from './google.ts'
import { judgeBusy, judgeReady, type Looked } from './judge.ts'
import { MemoryKubernetes, type Stored } from './kubernetes.ts'
import { network } from './network.ts'

const START = Date.parse('2026-11-23T10:00:00Z')
const AGENTS = ['booking/alice', 'booking/bob']
const INTEGRATION = 'booking/google'
/** How often the event loop turns before time goes on: nothing here waits for a real network. */
const TURNS = 25
const MOST_TIMERS = 400
const LONGEST_ROUND_MS = 10 * 60_000

type Reconcile = (key: string) => Promise<unknown>

export async function run(given: Case): Promise<string[]> {
  const fuzz = new Fuzz(given)
  try {
    await fuzz.play()
  } finally {
    await fuzz.close()
  }
  return fuzz.problems
}

class Fuzz {
  readonly problems: string[] = []
  readonly #case: Case
  readonly #clock = new ManualClock(START)
  readonly #kubernetes = new MemoryKubernetes()
  readonly #google: MemoryGoogle
  readonly #lines: string[] = []
  readonly #log = createLog({ level: 'debug', clock: this.#clock, write: (line) => void this.#lines.push(line) })
  readonly #foreign: [Stored, string][] = []
  /** After a restart nothing published is replaced until every calendar was read: until then the old obligations hold. */
  #frozen: { version: string | undefined; obligations: Map<string, Obligation> } | undefined
  #client: RunningGoogle
  #cluster: RunningCluster
  #integrations: Reconcile = async () => undefined
  #agents: Reconcile = async () => undefined

  constructor(given: Case) {
    this.#case = given
    this.#google = new MemoryGoogle(CLIENT_SECRET)
    Object.assign(this.#google, {
      zone: given.zone,
      rules: { tentative: given.tentative, allDay: given.allDay },
      rotates: given.rotates,
      pageSize: given.pageSize,
    })
    network.google = (asked) => this.#google.answer(asked)
    this.#client = this.#newGoogle()
    this.#cluster = this.#newCluster()
    this.#startReconcilers()
  }

  async play(): Promise<void> {
    const { hostile, foreign, events } = this.#case
    for (const { id, truth } of events) this.#google.change(ACCOUNT, id, { id, ...truth })
    for (const object of foreignOf(foreign)) {
      const stored = this.#put(object)
      this.#foreign.push([
        stored,
        JSON.stringify([stored.data, stored.metadata.labels, stored.metadata.ownerReferences]),
      ])
    }
    this.#put(clientSecretOf(this.#case.clientSecret))
    this.#put(grantOf())
    this.#put(integrationOf(this.#case))
    this.#put(agentOf(this.#case))
    if (hostile) this.#put(hostileOf(hostile))
    await this.#round()
    await this.#round()
    for (const step of this.#case.steps) await this.#step(step)
    this.#judgeEnd()
  }

  async close(): Promise<void> {
    await this.#client.close()
    await this.#kubernetes.connection.close()
  }

  #newGoogle(): RunningGoogle {
    const url = 'http://google.memory'
    return createGoogle({ accountsUrl: url, oauthUrl: url, apiUrl: url, clock: this.#clock, random: () => 0.5 })
  }

  #newCluster(): RunningCluster {
    const { connection } = this.#kubernetes
    const common = { clock: this.#clock, random: () => 0.5, log: this.#log }
    const cluster = createCluster({ connection, ...common, namespaces: [], instance: 'fuzz' })
    for (const object of this.#kubernetes.objects.values()) seen(cluster, object)
    return cluster
  }

  #startReconcilers(): void {
    const directory = createDirectory(this.#clock)
    const common = {
      cluster: this.#cluster,
      google: this.#client,
      clock: this.#clock,
      random: () => 0.5,
      log: this.#log,
    }
    const sites = new SiteRegistry({ cluster: this.#cluster, clock: this.#clock, sites: new Map() })
    this.#integrations = createIntegrationReconciler({ ...common, directory, sites })
    this.#agents = createAgentReconciler({
      ...common,
      integrations: directory,
      zones: createZones(),
      signInURL: () => undefined,
      attendIn: () => undefined,
      reported: () => undefined,
      wake: () => undefined,
      progress: () => undefined,
    }).reconcile
  }

  async #step({ changes, twists, advance, hand }: Step): Promise<void> {
    for (const { calendar, id, truth } of changes) {
      this.#google.change(calendar === 0 ? ACCOUNT : 'team@example.com', id, truth && { id, ...truth })
    }
    await this.#clock.advance(advance)
    this.#byHand(hand)
    this.#google.twist(twists)
    await this.#round()
  }

  #byHand(hand: Step['hand']): void {
    const { agents, hands } = this.#hands()
    if (hand === 'restart') {
      const version = this.#kubernetes.find(this.#case.kind, 'alice-calendar')?.metadata.resourceVersion
      this.#frozen = { version, obligations: this.#google.obligations() }
      this.#client = this.#newGoogle()
      this.#cluster = this.#newCluster()
      this.#startReconcilers()
      return
    }
    const act = hands[hand]
    if (act && agents) act(agents)
  }

  #hands(): { agents: Stored | undefined; hands: Partial<Record<Step['hand'], (agent: Stored) => void>> } {
    const published = (): Stored | undefined => this.#kubernetes.find(this.#case.kind, 'alice-calendar')
    const annotate = (agent: Stored, value: string): void => {
      const annotations = { ...agent.metadata.annotations, 'calendar-operator.io/requestedAt': value }
      this.#put({ ...agent, metadata: { ...agent.metadata, annotations } })
    }
    const spec = (agent: Stored, change: object): unknown =>
      this.#put({ ...agent, spec: { ...(agent.spec as object), ...change } })
    return {
      agents: this.#kubernetes.find('Agent', 'alice'),
      hands: {
        requestedAt: (agent) => annotate(agent, String(this.#clock.now())),
        longRequestedAt: (agent) => annotate(agent, 'r'.repeat(2_000) + String(this.#clock.now())),
        suspend: (agent) => spec(agent, { suspend: true }),
        resume: (agent) => spec(agent, { suspend: false }),
        deletePublished: () => this.#remove(published()),
        editPublished: () => {
          const object = published()
          if (object && this.#isOurs(object)) this.#put({ ...object, data: { 'busy.json': '{}', other: 'kept' } })
        },
        editStatus: (agent) => this.#put({ ...agent, status: { observedGeneration: 1, conditions: [] } }, true),
        rotateClientSecret: () => this.#put(clientSecretOf('file')),
        wideClock: () => this.#clock.setTimeOfDay(6 * 3_600_000),
      },
    }
  }

  #isOurs = (object: Stored): boolean => !this.#foreign.some(([one]) => one.metadata.uid === object.metadata.uid)

  #put(object: Stored, withStatus = false): Stored {
    const stored = this.#kubernetes.put(object)
    if (withStatus) Object.assign(stored, { status: object.status })
    seen(this.#cluster, stored)
    return stored
  }

  #remove(object: Stored | undefined): void {
    if (!object || !this.#isOurs(object)) return
    this.#kubernetes.remove(object)
    storeOf(this.#cluster, object.kind).remove(`booking/${object.metadata.name}`)
  }

  /** Integration and agents, each once: whoever only set a finalizer, or waits for the integration, goes on in the next round. */
  async #round(): Promise<void> {
    await this.#reconcile(this.#integrations, INTEGRATION)
    for (const key of AGENTS) await this.#reconcile(this.#agents, key)
    this.#judge()
  }

  async #reconcile(reconcile: Reconcile, key: string): Promise<void> {
    const state = { done: false }
    this.#google.judged = key === 'booking/alice'
    const running = reconcile(key).catch((error: unknown) => {
      if (!(error instanceof ApiError)) this.problems.push(`the reconcile of ${key} failed: ${wordsOf(error)}`)
    })
    void running.finally(() => (state.done = true))
    const end = this.#clock.monotonic() + LONGEST_ROUND_MS
    for (let timers = 0; ; timers++) {
      await turns(() => state.done)
      if (state.done) break
      const next = this.#clock.pending[0]
      if (next === undefined || timers > MOST_TIMERS || this.#clock.monotonic() > end) {
        this.problems.push(`the reconcile of ${key} never ends`)
        return
      }
      await this.#clock.advance(Math.max(0, next - this.#clock.now()))
    }
    await running
  }

  #judge(): void {
    const agent = this.#kubernetes.find('Agent', 'alice')
    const object = this.#kubernetes.find(this.#case.kind, 'alice-calendar')
    const mine = object && this.#isOurs(object) ? object : undefined
    if (this.#frozen?.version !== mine?.metadata.resourceVersion) this.#frozen = undefined
    const obligations = this.#frozen?.obligations ?? this.#google.obligations()
    const looked: Looked = { agent, published: mine, now: this.#clock.now(), obligations }
    this.problems.push(...judgeBusy(looked), ...judgeReady(looked))
  }

  #judgeEnd(): void {
    this.problems.push(...this.#kubernetes.problems, ...this.#google.problems)
    for (const [object, before] of this.#foreign) {
      const now = this.#kubernetes.find(object.kind, object.metadata.name)
      const same = JSON.stringify([now?.data, now?.metadata.labels, now?.metadata.ownerReferences]) === before
      if (!same) this.problems.push(`the foreign ${object.kind} ${object.metadata.name} was changed`)
    }
    this.#judgeSecrets()
  }

  #judgeSecrets(): void {
    const logged = this.#lines.join('')
    const public_ = [logged, ...this.#kubernetes.shown].join('\n')
    for (const secret of this.#google.secrets) {
      if (public_.includes(secret)) this.problems.push(`a secret is shown: ${secret.slice(0, 12)}…`)
    }
    const quiet = logged + this.#kubernetes.events.join('\n')
    if (/@example\.com/.test(quiet)) this.problems.push('an e-mail address stands in a log or an Event')
    if (quiet.includes(TITLE)) this.problems.push('a title stands in a log or an Event')
    // Whoever publishes, the refresh token stands in grants only.
    for (const { kind, metadata, data = {} } of this.#kubernetes.objects.values()) {
      const text = Object.values(data).map((value) =>
        kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value,
      )
      const holds = text.join('\n').includes('1//')
      if (holds && !GRANTS.has(metadata.name)) this.problems.push(`${kind} ${metadata.name} holds a refresh token`)
    }
  }
}

const GRANTS = new Set(['alice-grant', 'alice-google-grant', 'bob-google-grant'])

/** As a watch would tell the cluster. */
function seen(cluster: RunningCluster, object: Stored): void {
  if (object.kind === 'ConfigMap' && object.metadata.labels?.['app.kubernetes.io/managed-by'] === undefined) return
  const store = storeOf(cluster, object.kind)
  store.put(store.strip(object))
}

function storeOf(cluster: RunningCluster, kind: string): WatchStore<Stored> {
  const stores: Record<string, unknown> = {
    Agent: cluster.agents,
    CalendarIntegration: cluster.integrations,
    Secret: cluster.secrets,
    ConfigMap: cluster.configMaps,
  }
  return stores[kind] as WatchStore<Stored>
}

async function turns(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < TURNS && !done(); turn++) await new Promise((resolve) => setImmediate(resolve))
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}` : String(error)
