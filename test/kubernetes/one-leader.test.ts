/**
 * That there are never two leaders, over made-up histories: replicas that come, go and die, a network that delays, loses and
 * refuses requests and answers (a write may well arrive after its sender has given it up), and clocks that are set.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LeaderElection } from '../../src/kubernetes/lease.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import type { ApiRequest, SendRequest } from '../../src/kubernetes/request.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { silent } from '../support/log.ts'
import { runs } from '../support/runs.ts'

const SECOND = 1_000

interface Stored {
  metadata: { resourceVersion: string }
  spec: { holderIdentity?: string }
}

/** What happens to one request: how long it is on its way there and back, and what becomes of it. */
interface Fate {
  there: number
  back: number
  end: 'answered' | 'refused' | 'lost' | 'answer lost'
}

const GOOD: Fate = { there: 5, back: 5, end: 'answered' }

/** The Lease, as the API server keeps it. */
class LeaseServer {
  #lease: Stored | undefined
  #version = 0

  handle({ method, body }: ApiRequest): Stored {
    if (method === 'GET') {
      if (!this.#lease) throw new ApiError('NotFound', 'no Lease', { status: 404 })
      return this.#lease
    }
    if (method === 'POST' && this.#lease) throw new ApiError('AlreadyExists', 'there is one', { status: 409 })
    const written = structuredClone(body) as Stored
    if (method === 'PUT' && written.metadata.resourceVersion !== this.#lease?.metadata.resourceVersion) {
      throw new ApiError('Conflict', 'somebody was faster', { status: 409 })
    }
    written.metadata.resourceVersion = String(++this.#version)
    return (this.#lease = written)
  }

  /** As somebody with `kubectl edit` can. */
  give(holderIdentity: string): void {
    const { spec } = this.#lease ?? { spec: {} }
    this.#lease = { metadata: { resourceVersion: String(++this.#version) }, spec: { ...spec, holderIdentity } }
  }
}

class Network {
  readonly server = new LeaseServer()
  readonly #clock: ManualClock
  readonly #nextFate: () => Fate
  /** Whom nothing reaches. */
  readonly cut = new Set<string>()

  constructor(clock: ManualClock, nextFate: () => Fate) {
    this.#clock = clock
    this.#nextFate = nextFate
  }

  sendFrom(who: string): SendRequest {
    return <T>(request: ApiRequest, signal?: AbortSignal) =>
      new Promise<T>((resolve, reject) => {
        const { there, back, end } = this.#nextFate()
        const unreachable = new ApiError('Unreachable', 'no answer')
        signal?.addEventListener('abort', () => reject(unreachable))
        if (signal?.aborted) return reject(unreachable)
        if (this.cut.has(who) || end === 'lost') return
        // What is on its way arrives, whether or not anybody waits for the answer still.
        this.#clock.setTimer(there, () => {
          if (end === 'refused') return reject(new ApiError('Unreachable', 'refused', { status: 503 }))
          const answer = this.#handled(request)
          if (end === 'answer lost' || this.cut.has(who)) return
          this.#clock.setTimer(back, () => (answer instanceof Error ? reject(answer) : resolve(answer as T)))
        })
      })
  }

  #handled(request: ApiRequest): Stored | Error {
    try {
      return structuredClone(this.server.handle(request))
    } catch (error) {
      return error as Error
    }
  }
}

/** One replica, with a clock of its own that can be set; its timers run true. */
class Replica {
  readonly election: LeaderElection
  readonly name: string
  acting = false
  lost = false
  #offset = 0

  constructor(name: string, network: Network, clock: ManualClock) {
    this.name = name
    const own: Clock = {
      now: () => clock.now() + this.#offset,
      monotonic: () => clock.monotonic(),
      setTimer: (delay, fire) => clock.setTimer(delay, fire),
    }
    this.election = new LeaderElection(
      { send: network.sendFrom(name), clock: own, random: () => 0.5, log: silent },
      {
        namespace: 'booking',
        name: 'calendar-operator',
        identity: name,
      },
    )
    void this.election.run({
      onLeading: () => (this.acting = true),
      onLost: () => {
        this.acting = false
        this.lost = true
      },
    })
  }

  setClock(by: number): void {
    this.#offset += by
  }

  /** In the order that its contract asks for: what acts ends first. */
  stop(): void {
    this.acting = false
    void this.election.stop()
  }
}

type Step =
  | { do: 'pass'; ms: number }
  | { do: 'stop' | 'cut' | 'mend' | 'start'; who: number }
  | { do: 'set clock'; who: number; by: number }

const who = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 100, max: 9_000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('stop', 'cut', 'mend', 'start'), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set clock' as const),
      who,
      by: fc.constantFrom(-3_600_000, -8_000, 8_000, 3_600_000),
    }),
  },
)
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(GOOD) },
  {
    weight: 3,
    arbitrary: fc.record({
      there: fc.constantFrom(1, 700, 4_000, 9_000, 14_000),
      back: fc.constantFrom(1, 700, 4_000),
      end: fc.constantFrom('answered', 'refused', 'lost', 'answer lost'),
    }),
  },
)

class Cluster {
  readonly clock = new ManualClock()
  readonly replicas: Replica[] = []
  readonly network: Network
  readonly trace: string[] = []
  #started = 0

  constructor(fates: readonly Fate[]) {
    let turn = 0
    this.network = new Network(this.clock, () => fates[turn++] ?? GOOD)
    for (let slot = 0; slot < 3; slot++) this.start(slot)
  }

  start(slot: number): void {
    this.replicas[slot] = new Replica(`replica-${slot}-${this.#started++}`, this.network, this.clock)
  }

  /** As a Deployment does; who acts is left alone. */
  restart(slot: number): void {
    if (this.replicas[slot]?.acting) return
    this.replicas[slot]?.stop()
    this.start(slot)
  }

  async take(step: Step): Promise<void> {
    this.trace.push(JSON.stringify(step))
    if (step.do === 'pass') return this.pass(step.ms)
    const replica = this.replicas[step.who]
    if (!replica) return
    if (step.do === 'set clock') replica.setClock(step.by)
    else if (step.do === 'cut') this.network.cut.add(replica.name)
    else if (step.do === 'mend') this.network.cut.delete(replica.name)
    else if (step.do === 'stop') replica.stop()
    else this.restart(step.who)
    await settle()
  }

  /** In small steps, so that not even a moment with two leaders goes unseen. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await this.clock.advance(Math.min(left, 500))
      const acting = this.replicas.filter((one) => one.acting).map(({ name }) => name)
      if (acting.length > 1) throw new Error(`${acting.join(' and ')} lead after ${this.trace.join(' ')}`)
    }
  }
}

test('two replicas never lead at once, whatever the network, the replicas and their clocks do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.array(fate, { minLength: 10, maxLength: 80 }),
      async (steps, fates) => {
        const cluster = new Cluster(fates)
        for (const one of steps) await cluster.take(one)
        await cluster.pass(40 * SECOND)
      },
    ),
    { numRuns: runs(150), seed: 3 },
  )
}, 120_000)

test('a replica leads soon after everything has recovered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.array(fate, { maxLength: 40 }), async (steps, fates) => {
      const cluster = new Cluster(fates)
      for (const one of steps) await cluster.take(one)
      cluster.network.cut.clear()
      for (const slot of cluster.replicas.keys()) cluster.restart(slot)
      await cluster.pass(90 * SECOND)
      expect(cluster.replicas.filter(({ acting }) => acting)).toHaveLength(1)
    }),
    { numRuns: runs(60), seed: 4 },
  )
}, 120_000)

test('a clock that is set back while a renewal is under way does not make a term longer', async () => {
  const fates: Fate[] = [GOOD, GOOD]
  const cluster = new Cluster(fates)
  await cluster.pass(3 * SECOND)
  const leader = cluster.replicas.find(({ acting }) => acting)!
  // A renewal every two seconds: catch one in the air.
  fates.push(...Array.from({ length: 100 }, () => ({ ...GOOD, back: 1_500 })))
  await cluster.pass(6 * SECOND)
  leader.setClock(-3_600 * SECOND)
  await cluster.pass(1_600)
  cluster.network.cut.add(leader.name)
  await cluster.pass(60 * SECOND)
  expect(leader.lost).toBe(true)
})

describe('a leader', () => {
  const led = async (): Promise<{ cluster: Cluster; leader: Replica }> => {
    const cluster = new Cluster([])
    await cluster.pass(3 * SECOND)
    return { cluster, leader: cluster.replicas.find(({ acting }) => acting)! }
  }

  test('that stops is followed by another within three seconds, not fifteen', async () => {
    const { cluster, leader } = await led()
    leader.stop()
    await cluster.pass(3 * SECOND)
    expect(cluster.replicas.filter(({ acting }) => acting).map(({ name }) => name)).not.toEqual([])
    expect(leader.acting).toBe(false)
  })

  test('that finds somebody else’s name on the Lease ends at its next renewal, not at the end of its term', async () => {
    const { cluster, leader } = await led()
    cluster.network.server.give('somebody else')
    await cluster.pass(2_500)
    expect(leader.lost).toBe(true)
  })

  test('that dies is followed only after fifteen seconds without a renewal', async () => {
    const { cluster, leader } = await led()
    cluster.network.cut.add(leader.name)
    await cluster.pass(10 * SECOND)
    expect(leader.lost).toBe(true)
    expect(cluster.replicas.some(({ acting }) => acting)).toBe(false)
    await cluster.pass(9 * SECOND)
    expect(cluster.replicas.filter(({ acting }) => acting)).toHaveLength(1)
  })
})
