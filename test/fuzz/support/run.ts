/** One case in a world in memory, from the objects in the cluster to what is published. Answers what is wrong, as sentences. */
import { ApiError } from '../../../src/kubernetes/port.ts'
import { ACCOUNT, TITLE, type Obligation } from '../../memory/google.ts'
import type { Stored } from '../../memory/kubernetes.ts'
import { agentOf, clientSecretOf, foreignOf, grantOf, hostileOf, integrationOf } from '../../memory/objects.ts'
import { MemoryWorld } from '../../memory/world.ts'
import type { Case, Step } from './arbitraries.ts'
import { isExpired, judgeBusy, judgeReady, type Looked } from './judge.ts'

const AGENTS = ['booking/alice', 'booking/bob']

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
  readonly #world = new MemoryWorld()
  readonly #foreign: [Stored, string][] = []
  /** After a restart nothing published is replaced until every calendar was read: until then the old obligations hold. */
  #frozen: { version: string | undefined; obligations: Map<string, Obligation> } | undefined

  constructor(given: Case) {
    this.#case = given
    Object.assign(this.#world.google, {
      zone: given.zone,
      rules: { tentative: given.tentative, allDay: given.allDay },
      rotates: given.rotates,
      pageSize: given.pageSize,
    })
  }

  async play(): Promise<void> {
    const { hostile, foreign, events } = this.#case
    for (const { id, truth } of events) this.#world.google.change(ACCOUNT, id, { id, ...truth })
    for (const object of foreignOf(foreign)) {
      const stored = this.#world.put(object)
      this.#foreign.push([
        stored,
        JSON.stringify([stored.data, stored.metadata.labels, stored.metadata.ownerReferences]),
      ])
    }
    this.#world.put(clientSecretOf(this.#case.clientSecret))
    this.#world.put(grantOf())
    this.#world.put(integrationOf(this.#case))
    this.#world.put(agentOf(this.#case))
    if (hostile) this.#world.put(hostileOf(hostile))
    await this.#round()
    await this.#round()
    for (const step of this.#case.steps) await this.#step(step)
    this.#judgeEnd()
  }

  close(): Promise<void> {
    return this.#world.close()
  }

  async #step({ changes, twists, advance, hand }: Step): Promise<void> {
    for (const { calendar, id, truth } of changes) {
      this.#world.google.change(calendar === 0 ? ACCOUNT : 'team@example.com', id, truth && { id, ...truth })
    }
    await this.#world.clock.advance(advance)
    this.#byHand(hand)
    this.#world.google.twist(twists)
    await this.#round()
  }

  #byHand(hand: Step['hand']): void {
    const { agents, hands } = this.#hands()
    if (hand === 'restart') {
      const version = this.#world.kubernetes.find(this.#case.kind, 'alice-calendar')?.metadata.resourceVersion
      // A second restart before that publishes nothing more either.
      this.#frozen ??= { version, obligations: this.#world.google.obligations() }
      this.#world.restart()
      return
    }
    const act = hands[hand]
    if (act && agents) act(agents)
  }

  #hands(): { agents: Stored | undefined; hands: Partial<Record<Step['hand'], (agent: Stored) => void>> } {
    const published = (): Stored | undefined => this.#world.kubernetes.find(this.#case.kind, 'alice-calendar')
    const annotate = (agent: Stored, value: string): void => {
      const annotations = { ...agent.metadata.annotations, 'calendar-operator.io/requestedAt': value }
      this.#world.put({ ...agent, metadata: { ...agent.metadata, annotations } })
    }
    const spec = (agent: Stored, change: object): unknown =>
      this.#world.put({ ...agent, spec: { ...(agent.spec as object), ...change } })
    return {
      agents: this.#world.kubernetes.find('Agent', 'alice'),
      hands: {
        requestedAt: (agent) => annotate(agent, String(this.#world.clock.now())),
        longRequestedAt: (agent) => annotate(agent, 'r'.repeat(2_000) + String(this.#world.clock.now())),
        suspend: (agent) => spec(agent, { suspend: true }),
        resume: (agent) => spec(agent, { suspend: false }),
        deletePublished: () => this.#remove(published()),
        editPublished: () => {
          const object = published()
          if (object && this.#isOurs(object)) this.#world.put({ ...object, data: { 'busy.json': '{}', other: 'kept' } })
        },
        editStatus: (agent) => this.#world.put({ ...agent, status: { observedGeneration: 1, conditions: [] } }, true),
        rotateClientSecret: () => this.#world.put(clientSecretOf('file')),
        clockAhead: () => this.#world.clock.setTimeOfDay(6 * 3_600_000),
        clockBack: () => this.#world.clock.setTimeOfDay(-6 * 3_600_000),
      },
    }
  }

  #isOurs = (object: Stored): boolean => !this.#foreign.some(([one]) => one.metadata.uid === object.metadata.uid)

  #remove(object: Stored | undefined): void {
    if (object && this.#isOurs(object)) this.#world.remove(object)
  }

  /** Integration and agents, each once: those that only set a finalizer, or wait for the integration, continue in the next round. */
  async #round(): Promise<void> {
    await this.#reconcile('CalendarIntegration', 'booking/google')
    for (const key of AGENTS) await this.#reconcile('Agent', key)
    this.#judge()
  }

  async #reconcile(kind: 'Agent' | 'CalendarIntegration', key: string): Promise<void> {
    await this.#world.reconcile(kind, key).catch((error: unknown) => {
      if (!(error instanceof ApiError)) this.problems.push(`the reconcile of ${key} failed: ${wordsOf(error)}`)
    })
  }

  #judge(): void {
    const agent = this.#world.kubernetes.find('Agent', 'alice')
    const mine = this.#publishedByAlice()
    this.#endFreeze(mine)
    const obligations = this.#frozen?.obligations ?? this.#world.google.obligations()
    const looked: Looked = { agent, published: mine, now: this.#world.clock.now(), obligations }
    this.problems.push(...judgeBusy(looked), ...judgeReady(looked))
  }

  /** If there is no object, another Agent may publish under the same name: that says nothing about the judged one. */
  #publishedByAlice(): Stored | undefined {
    const object = this.#world.kubernetes.find(this.#case.kind, 'alice-calendar')
    if (!object || !this.#isOurs(object)) return undefined
    return object.metadata.annotations?.['calendar-operator.io/agent'] === 'bob' ? undefined : object
  }

  #endFreeze(published: Stored | undefined): void {
    const version = published?.metadata.resourceVersion
    // A document that came from the future is marked as expired; its picture is the old one.
    if (this.#frozen && isExpired(published)) this.#frozen.version = version
    if (this.#frozen?.version !== version) this.#frozen = undefined
  }

  #judgeEnd(): void {
    const failures = this.#world.failures.filter((error) => !(error instanceof ApiError))
    this.problems.push(...failures.map((error) => `the work at a deadline failed: ${wordsOf(error)}`))
    this.problems.push(...this.#world.kubernetes.problems, ...this.#world.google.problems)
    for (const [object, before] of this.#foreign) {
      const now = this.#world.kubernetes.find(object.kind, object.metadata.name)
      const same = JSON.stringify([now?.data, now?.metadata.labels, now?.metadata.ownerReferences]) === before
      if (!same) this.problems.push(`the foreign ${object.kind} ${object.metadata.name} was changed`)
    }
    this.#judgeSecrets()
  }

  #judgeSecrets(): void {
    const logged = this.#world.lines.join('')
    const public_ = [logged, ...this.#world.kubernetes.shown].join('\n')
    for (const secret of this.#world.google.secrets) {
      if (public_.includes(secret)) this.problems.push(`a secret is shown: ${secret.slice(0, 12)}…`)
    }
    const quiet = logged + this.#world.kubernetes.events.join('\n')
    if (/@example\.com/.test(quiet)) this.problems.push('an e-mail address is in a log or an Event')
    if (quiet.includes(TITLE)) this.problems.push('a title is in a log or an Event')
    // The refresh token is in grants only, whatever is published.
    for (const { kind, metadata, data = {} } of this.#world.kubernetes.objects.values()) {
      const text = Object.values(data).map((value) =>
        kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value,
      )
      const holds = text.join('\n').includes('1//')
      if (holds && !GRANTS.has(metadata.name)) this.problems.push(`${kind} ${metadata.name} holds a refresh token`)
    }
  }
}

const GRANTS = new Set(['alice-grant', 'alice-google-grant', 'bob-google-grant'])

const wordsOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}` : String(error)
