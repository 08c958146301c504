/**
 * Plays the sharder of the project kubernetes-controller-sharding as a bench needs it: it assigns new Agents, drains those that another
 * member is to have, assigns what was handed over, and moves the Agents of a member that is dead or has left.
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { drainLabel, RING_LABEL, shardLabel } from '../../src/resources/shard-labels.ts'
import { connect, type Body, type Client } from '../../test/contract/client.ts'

export const RING = 'calendar-operator'

const SHARD = shardLabel(RING)
const DRAIN = drainLabel(RING)
const LOOK_MS = 200
const AT_ONCE = 16
/** A member is dead when it has not renewed its Lease for twice the duration of 15 s. */
const DEAD_MS = 30_000
const metadataAs = (form: string) => ({ accept: `application/json;as=${form};g=meta.k8s.io;v=v1` })
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' }

interface Options {
  kubeconfig: string
  /** The path of the collection of Agents. */
  agents: string
  /** The path of the collection of Leases. */
  leases: string
  /** Whether another sharder does the work, and this one only watches it. */
  isIdle: boolean
}

type Lease = Body & { spec?: { holderIdentity?: string; renewTime?: string } }

/** What the player knows of one Agent. */
interface Known {
  version: number
  shard: string | undefined
  isDrained: boolean
}

/** The player. */
export class PlayedSharder {
  readonly #api: Client
  readonly #options: Options
  readonly #agents = new Map<string, Known>()
  /** When each member was last seen to renew its Lease. */
  readonly #seen = new Map<string, { renewTime: string | undefined; at: number }>()
  readonly #queues = { orphans: new Set<string>(), others: new Set<string>() }
  #patching = 0
  #members: readonly string[] = []
  #stopped = false

  private constructor(api: Client, options: Options) {
    this.#api = api
    this.#options = options
  }

  static async start(options: Options): Promise<PlayedSharder> {
    const sharder = new PlayedSharder(await connect(options.kubeconfig), options)
    void sharder.#follow()
    void sharder.#work()
    return sharder
  }

  /** The members that get Agents. */
  get members(): readonly string[] {
    return this.#members
  }

  /** How many Agents are assigned to each member; those that are being moved count for nobody. */
  get assigned(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { shard, isDrained } of this.#agents.values()) {
      if (shard !== undefined && !isDrained) counts.set(shard, (counts.get(shard) ?? 0) + 1)
    }
    return counts
  }

  /** Whether every Agent is where it is to be. */
  get isSettled(): boolean {
    const { assigned } = this
    if (this.#members.some((member) => !assigned.has(member))) return false
    return [...this.#agents].every(([name, { shard, isDrained }]) => {
      const isRight = this.#options.isIdle ? this.#members.includes(shard ?? '') : shard === this.#wanted(name)
      return isRight && !isDrained
    })
  }

  /** To be called before the API server ends. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#api.close()
  }

  /** Lists the Agents and follows their changes, again and again. */
  async #follow(): Promise<void> {
    while (!this.#stopped) {
      try {
        const list = await this.#api.request(
          'GET',
          this.#options.agents,
          undefined,
          metadataAs('PartialObjectMetadataList'),
        )
        for (const item of list.body.items ?? []) this.#note(item)
        const query = `watch=1&timeoutSeconds=600&resourceVersion=${list.body.metadata.resourceVersion}`
        const watch = await this.#api.watch(`${this.#options.agents}?${query}`, metadataAs('PartialObjectMetadata'))
        for (let event = await watch.next(); event; event = await watch.next()) this.#note(event.object)
      } catch {
        await pause(LOOK_MS)
      }
    }
  }

  #note({ metadata }: Body): void {
    const { [SHARD]: shard, [DRAIN]: drain } = metadata.labels ?? {}
    const version = Number(metadata.resourceVersion)
    // The answer to a patch may come after the watch has reported a newer version.
    if (version < (this.#agents.get(metadata.name)?.version ?? 0)) return
    this.#agents.set(metadata.name, { version, shard, isDrained: drain !== undefined })
    this.#look(metadata.name)
  }

  /** Queues an Agent that has to be labelled. What nobody reads goes first: the webhook would label it in the request of the hand-over. */
  #look(name: string): void {
    if (this.#options.isIdle) return
    const labels = this.#labelsFor(name)
    if (!labels) return
    const isOrphan = SHARD in labels
    this.#queues[isOrphan ? 'orphans' : 'others'].add(name)
    this.#label()
  }

  async #work(): Promise<void> {
    for (; !this.#stopped; await pause(LOOK_MS)) {
      try {
        const before = this.#members.join()
        await this.#lookAtLeases()
        if (this.#members.join() !== before) this.#lookAtAll()
      } catch {
        // The API server is busy, or gone: the next look tells.
      }
    }
  }

  async #lookAtLeases(): Promise<void> {
    const { body } = await this.#api.request('GET', `${this.#options.leases}?labelSelector=${RING_LABEL}=${RING}`)
    const members: string[] = []
    for (const { metadata, spec } of (body.items ?? []) as Lease[]) {
      if (spec?.holderIdentity !== metadata.name) continue
      if (this.#options.isIdle || !this.#isDead(metadata.name, spec.renewTime)) members.push(metadata.name)
      else await this.#patch(`${this.#options.leases}/${metadata.name}`, { spec: { holderIdentity: 'sharder' } })
    }
    this.#members = members.sort()
  }

  #isDead(member: string, renewTime: string | undefined): boolean {
    const now = performance.now()
    const known = this.#seen.get(member)
    const seen = known && known.renewTime === renewTime ? known : { renewTime, at: now }
    this.#seen.set(member, seen)
    return now - seen.at >= DEAD_MS
  }

  /** Undefined: the Agent is where it is to be, or its replica has been asked to hand it over. */
  #labelsFor(name: string): Record<string, string | null> | undefined {
    const { shard, isDrained = false } = this.#agents.get(name) ?? {}
    const wanted = this.#wanted(name)
    const works = shard !== undefined && this.#members.includes(shard)
    if (wanted === undefined || (works && (isDrained || shard === wanted))) return undefined
    return works ? { [DRAIN]: 'true' } : { [SHARD]: wanted, [DRAIN]: null }
  }

  #lookAtAll(): void {
    for (const name of this.#agents.keys()) this.#look(name)
  }

  #label(): void {
    const { orphans, others } = this.#queues
    while (this.#patching < AT_ONCE && !this.#stopped) {
      const name = firstOf(orphans) ?? firstOf(others)
      if (name === undefined) return
      orphans.delete(name)
      others.delete(name)
      const labels = this.#labelsFor(name)
      if (labels) void this.#patchLabels(name, labels)
    }
  }

  async #patchLabels(name: string, labels: Record<string, string | null>): Promise<void> {
    this.#patching += 1
    try {
      this.#note(await this.#patch(`${this.#options.agents}/${name}`, { metadata: { labels } }))
    } catch {
      this.#look(name)
    }
    this.#patching -= 1
    this.#label()
  }

  async #patch(path: string, patch: object): Promise<Body> {
    return (await this.#api.request('PATCH', path, patch, MERGE_PATCH)).body
  }

  /** The member with the highest hash: when a member comes or goes, only its own Agents move. */
  #wanted(agent: string): string | undefined {
    const scored = this.#members.map((member) => [scoreOf(member, agent), member] as const)
    return scored.sort(([a], [b]) => b - a)[0]?.[1]
  }
}

const scoreOf = (member: string, agent: string): number =>
  createHash('md5').update(`${member}/${agent}`).digest().readUInt32LE()

const firstOf = (names: ReadonlySet<string>): string | undefined => {
  for (const name of names) return name
  return undefined
}
