/** What the API server shows of assignments: which members each Agent had, one after the other, and which Agents are being moved. */
import { setTimeout as sleep } from 'node:timers/promises'
import { drainLabel, shardLabel } from '../../../src/resources/shard-labels.ts'
import type { Body, Client, Watch } from '../../contract/client.ts'

const PATH = '/apis/calendar-operator.io/v1alpha1/agents'

export class Assignments {
  readonly #api: Client
  readonly #ring: string
  #watch: Watch | undefined
  #stopped = false
  readonly #agents = new Map<string, Body>()
  readonly #shards = new Map<string, string[]>()

  private constructor(api: Client, ring: string) {
    this.#api = api
    this.#ring = ring
  }

  static async follow(api: Client, ring: string): Promise<Assignments> {
    const assignments = new Assignments(api, ring)
    const { body } = await api.request('GET', PATH)
    for (const agent of body.items ?? []) assignments.#note(agent)
    void assignments.#follow(body.metadata.resourceVersion)
    return assignments
  }

  stop(): void {
    this.#stopped = true
    this.#watch?.close()
  }

  /** The members that this Agent was assigned to, in order. */
  historyOf(agent: string): readonly string[] {
    return this.#shards.get(agent) ?? []
  }

  shardOf(agent: string): string | undefined {
    return this.#agents.get(agent)?.metadata.labels?.[shardLabel(this.#ring)]
  }

  /** The Agents of a member. */
  agentsOf(shard: string): string[] {
    return [...this.#agents.keys()].filter((agent) => this.shardOf(agent) === shard).sort()
  }

  /** The Agents that a member has been asked to hand over. */
  drained(): string[] {
    const label = drainLabel(this.#ring)
    return [...this.#agents.values()]
      .filter(({ metadata }) => metadata.labels?.[label] !== undefined)
      .map(({ metadata }) => metadata.name)
  }

  /** A watch in which nothing happens for a minute ends, and the next one continues where it ended. */
  async #follow(from: string): Promise<void> {
    let version = from
    while (!this.#stopped) {
      try {
        const watch = await this.#api.watch(`${PATH}?watch=true&resourceVersion=${version}`)
        this.#watch = watch
        for (let event = await watch.next(); event && event.type !== 'ERROR'; event = await watch.next()) {
          version = event.object.metadata.resourceVersion
          this.#note(event.object)
        }
      } catch {
        await sleep(100, undefined, { ref: false })
      }
    }
  }

  #note(agent: Body): void {
    const { name } = agent.metadata
    this.#agents.set(name, agent)
    const [shard, shards] = [this.shardOf(name), this.historyOf(name)]
    if (shard !== undefined && shard !== shards.at(-1)) this.#shards.set(name, [...shards, shard])
  }
}
