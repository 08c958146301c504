/**
 * A ring of replicas with the real sharder of kubernetes-controller-sharding, on a real API server and the real clock: what
 * deploy/components/shard-ring installs suffices for both, no calendar is read by two members, and Agents move when members come, end and die.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../contract/client.ts'
import { agentManifest } from '../journeys/support/manifests.ts'
import type { Replica } from './faults/support/replica.ts'
import { until } from './faults/support/until.ts'
import { SHARDER } from './sharder/real-sharder.ts'
import { OPERATOR, RING, ShardedRing } from './sharder/sharded-ring.ts'
import { findTool } from './tools.ts'

const EARLY = ['alice', 'bob', 'carol', 'dora', 'emil', 'frida', 'gustav', 'hanna']
const LATE = ['ida', 'jakob', 'klara', 'lukas']
const PEOPLE = [...EARLY, ...LATE]

const HOUR = 3_600_000
const LEASE_MS = 15_000
/** Building the sharder takes minutes, once. */
const BUILD_MS = 20 * 60_000

const WAITS = 'the ring has no member: this replica begins when no replica outside of it leads'

let ring: ShardedRing
/** From when on the roles are in effect. */
let installedAt = Infinity
const members = new Map<string, Replica>()
const startMember = async (name: string): Promise<void> => void members.set(name, await ring.replica(name))
const member = (name: string): Replica => members.get(name)!
/** Waits for a moment: until a member has renewed its Lease twice, the first time perhaps at once. */
async function untilRenewed(name: string): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const { renewTime } = (await ring.lease(name)).spec
    await until(`${name} renews its Lease`, async () => (await ring.lease(name)).spec.renewTime !== renewTime)
  }
}
/** What the API server answers to a creation that is only tried. */
const tryToCreate = (plural: string, body: object): Promise<Answer> => {
  const path = `/apis/calendar-operator.io/v1alpha1/namespaces/booking/${plural}?dryRun=All`
  return ring.harness.admin.request('POST', path, body)
}

beforeAll(async () => {
  await findTool('sharder')
}, BUILD_MS)
beforeAll(async () => {
  ring = await ShardedRing.start()
})
afterAll(() => ring.stop())

describe('a ring with the real sharder', () => {
  it('begins when the leader without a ring has ended, with the Agents that existed before it', async () => {
    const leader = await ring.replica('leader', '')
    for (const name of EARLY) await ring.addPerson(name)
    await ring.fixture.untilReady(...EARLY)
    await ring.addComponent()
    for (const name of ['shard-a', 'shard-b', 'shard-c']) await startMember(name)
    await until('all wait for the leader', async () => [...members.values()].every((one) => one.tail().includes(WAITS)))
    await Promise.all(EARLY.map((name) => ring.fixture.ask(name, 'while members wait')))
    await ring.fixture.untilReady(...EARLY)
    for (const name of EARLY) expect([name, ring.readersOf(name)]).toEqual([name, ['leader']])
    await leader.end()
    await ring.untilAvailable(3)
    installedAt = Date.now()
    await ring.untilSettled(EARLY, ['shard-a', 'shard-b', 'shard-c'])
    expect(ring.recorder.overlaps()).toEqual([])
  })

  it('assigns an Agent when it is created', async () => {
    for (const name of LATE) {
      await ring.addPerson(name)
      const { labels } = (await ring.fixture.agent(name)).metadata
      expect(labels).toEqual({
        'shard.alpha.sharding.timebertt.dev/calendar-operator': expect.stringMatching(/^shard-[abc]$/) as string,
      })
    }
    await ring.untilSettled(PEOPLE, ['shard-a', 'shard-b', 'shard-c'])
    for (const name of ['shard-a', 'shard-b', 'shard-c']) expect(ring.assignments.agentsOf(name), name).not.toEqual([])
  })

  it('refuses an Agent with generateName, and takes such a Booking', async () => {
    const agent = { ...agentManifest('zoe'), metadata: { generateName: 'zoe-' } }
    expect(await tryToCreate('agents', agent)).toMatchObject({
      status: 400,
      text: expect.stringContaining('generateName is not supported on ring resources') as string,
    })
    const [start, end] = [1, 2].map((hours) => new Date(Date.now() + hours * HOUR).toISOString().replace(/\.\d+/, ''))
    const booking = {
      apiVersion: agent.apiVersion,
      kind: 'Booking',
      metadata: { generateName: 'viewing-' },
      spec: { agentRef: { name: 'alice' }, title: 'Viewing', start, end },
    }
    expect((await tryToCreate('bookings', booking)).status).toBe(201)
  })

  it('gives a new member some of the Agents, each when the read at its former member has ended', async () => {
    const { recorder, assignments, fixture } = ring
    const before = new Map(PEOPLE.map((name) => [name, assignments.shardOf(name)]))
    const release = recorder.hold()
    const earlier = recorder.reads.length
    await Promise.all(PEOPLE.map((name) => fixture.ask(name, 'when a fourth member comes')))
    await until('each is being read', async () => PEOPLE.every((name) => ring.readersOf(name, earlier).length > 0))
    await startMember('shard-d')
    await ring.untilAvailable(4)
    const moved = await until('some are to be handed over', async () => {
      const drained = assignments.drained()
      return drained.length > 0 && drained
    })
    await untilRenewed('shard-d')
    // A read that takes too long is given up: then the Agent may have been handed over by now.
    for (const name of moved.filter((one) => ring.isBeingRead(one))) {
      expect([name, assignments.shardOf(name)]).toEqual([name, before.get(name)])
    }
    release()
    await ring.untilSettled(PEOPLE, ['shard-a', 'shard-b', 'shard-c', 'shard-d'])
    expect(assignments.agentsOf('shard-d')).toEqual(expect.arrayContaining(moved))
    for (const name of PEOPLE.filter((one) => !assignments.agentsOf('shard-d').includes(one))) {
      expect([name, assignments.shardOf(name)]).toEqual([name, before.get(name)])
    }
    expect(recorder.overlaps()).toEqual([])
  })

  it('moves the Agents of a killed member after twice the duration of its Lease; one that starts again under its name gets some', async () => {
    const moving = ring.assignments.agentsOf('shard-b')
    expect(moving).not.toEqual([])
    await Promise.all([member('shard-b').kill(), member('shard-a').restart()])
    const { renewTime } = (await ring.lease('shard-b')).spec
    const earlier = ring.recorder.reads.length
    await until('the sharder has taken the Lease', async () => {
      const { metadata, spec } = await ring.lease('shard-b')
      return (
        spec.holderIdentity === 'shardlease-controller' &&
        metadata.labels?.['alpha.sharding.timebertt.dev/state'] === 'dead'
      )
    })
    await ring.untilAvailable(3)
    await ring.untilSettled(PEOPLE, ['shard-a', 'shard-c', 'shard-d'])
    expect(ring.assignments.agentsOf('shard-a')).not.toEqual([])
    const reads = ring.recorder.reads
      .slice(earlier)
      .filter((read) => moving.some((name) => read.calendar === ring.calendarOf(name)))
    for (const { began } of reads) expect(began - Date.parse(renewTime ?? '')).toBeGreaterThanOrEqual(2 * LEASE_MS)
  })

  it('moves the Agents of a member that ends in order at once', async () => {
    const moving = ring.assignments.agentsOf('shard-c')
    expect(moving).not.toEqual([])
    const earlier = ring.recorder.reads.length
    await member('shard-c').end()
    expect(member('shard-c').ended).toBe('exit code 0')
    const { holderIdentity, renewTime } = (await ring.lease('shard-c')).spec
    expect(holderIdentity ?? '').toBe('')
    await ring.untilSettled(PEOPLE, ['shard-a', 'shard-d'])
    for (const name of moving) {
      const read = ring.recorder.reads
        .slice(earlier)
        .find(({ calendar, replica }) => calendar === ring.calendarOf(name) && replica !== 'shard-c')
      expect((read?.began ?? Infinity) - Date.parse(renewTime ?? '')).toBeLessThan(LEASE_MS)
    }
  })

  it('lets only the member that an Agent is assigned to read its calendar', async () => {
    const earlier = ring.recorder.reads.length
    await Promise.all(PEOPLE.map((name) => ring.fixture.ask(name, 'at the end')))
    await ring.fixture.untilReady(...PEOPLE)
    for (const name of PEOPLE) {
      const shard = ring.assignments.shardOf(name)
      expect([name, ring.readersOf(name, earlier)]).toEqual([name, [shard]])
      // Over the whole test: in the order of its assignments, and never one of the former members.
      const history = ['leader', ...ring.assignments.historyOf(name)]
      expect(
        isPartInOrder(ring.readersOf(name), history),
        `${name}: ${history.join()}: ${ring.readersOf(name).join()}`,
      ).toBe(true)
    }
    expect(ring.recorder.overlaps()).toEqual([])
  })

  it('forbids nothing that the sharder or the operator asked for', () => {
    const asked = ring.harness.kubernetes
      .auditEvents()
      .filter(({ user }) => [SHARDER.name, OPERATOR.name].includes(user.username))
      .filter((event) => Date.parse(event.requestReceivedTimestamp) >= installedAt)
    expect(asked).not.toEqual([])
    const forbidden = asked.filter(({ annotations }) => annotations?.['authorization.k8s.io/decision'] === 'forbid')
    expect(forbidden.map(({ user, requestURI, verb }) => `${user.username}: ${verb} ${requestURI}`)).toEqual([])
  })

  it('refuses new Agents after the end of the ring, until its webhook is removed', async () => {
    await ring.harness.kubernetes.kubectl('delete', 'controllerring', RING)
    await until(
      'a new Agent is refused',
      async () => (await tryToCreate('agents', agentManifest('zoe'))).status === 500,
    )
    // As the garbage collector does, which does not run here.
    await ring.harness.kubernetes.kubectl('delete', 'mutatingwebhookconfiguration', `controllerring-${RING}`)
    await until('a new Agent is taken', async () => (await tryToCreate('agents', agentManifest('zoe'))).status === 201)
  })
})

/** Whether the parts occur in the whole in this order; the whole may have others between them. */
function isPartInOrder(parts: readonly string[], whole: readonly string[]): boolean {
  let from = 0
  for (const part of parts) {
    const found = whole.indexOf(part, from)
    if (found < 0) return false
    from = found + 1
  }
  return true
}
