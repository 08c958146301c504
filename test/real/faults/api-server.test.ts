/**
 * The API server is killed while everybody works, and comes back at once, after a while, or after the Lease has expired. One
 * namespace has an operator that holds a Lease, another one an operator without a Lease. Both must end in the state of a third
 * namespace, which nothing disturbed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../support/seeded-random.ts'
import { acceptedWritesOf, told, type Write } from './support/audit.ts'
import { endState, untilEndState } from './support/end-state.ts'
import type { Replica } from './support/replica.ts'
import { Harness } from './support/harness.ts'
import type { NamespaceFixture } from './support/namespace-fixture.ts'
import { until } from './support/until.ts'

const PEOPLE = Array.from({ length: 20 }, (_, n) => `agent-${n + 10}`)
const FORGOTTEN = PEOPLE.slice(0, 4)
const STAYING = PEOPLE.slice(4)
/** The longest time between the start of a step and the kill. */
const KILLED_AFTER_MS = 1_000
/** A leader that cannot renew its Lease gives up after ten seconds. */
const PAST_THE_LEASE_MS = 10_000
/** The longer the API server was away, the longer watches wait between two attempts: up to a minute. */
const PATIENCE_MS = 600_000

const each = (names: string[], what: (name: string) => unknown) => Promise.all(names.map(what))

/** What people do, and for how many ms the API server is away meanwhile. */
const STEPS: [what: string, awayMs: number, step: (fixture: NamespaceFixture) => Promise<unknown>][] = [
  [
    'everybody comes',
    0,
    (fixture) =>
      each(PEOPLE, async (name) => {
        await fixture.addPerson(name, FORGOTTEN.includes(name) ? { deletionPolicy: 'Revoke' } : {})
        fixture.addEvent(name, 1)
      }),
  ],
  [
    'everybody’s token ends and is rotated',
    3_000,
    (fixture) =>
      each(PEOPLE, (name) => {
        fixture.expireAccess(name)
        fixture.addEvent(name, 3)
        return fixture.ask(name, 'once')
      }),
  ],
  [
    'some are forgotten, and others change their minds',
    PAST_THE_LEASE_MS,
    async (fixture) => {
      await each(FORGOTTEN, (name) => fixture.objects.delete('Agent', name))
      await each(STAYING, (name) =>
        fixture.objects.patch('Agent', name, { spec: { publish: { calendar: { formats: ['JSON', 'ICalendar'] } } } }),
      )
      await each(STAYING.slice(8), (name) => fixture.bringGrant(name))
    },
  ],
]

let harness: Harness
let calm: NamespaceFixture, led: NamespaceFixture, single: NamespaceFixture
let leader: Replica, loner: Replica
let running: Promise<void> | undefined

beforeAll(async () => {
  harness = await Harness.start({ controllerManager: true })
  harness.google.switches({ rotateRefreshTokens: true, rotationOverlap: true })
  calm = await harness.namespace('calm')
  led = await harness.namespace('led')
  single = await harness.namespace('single')
  const undisturbed = await harness.replica('undisturbed', { namespace: 'calm' })
  for (const [, , step] of STEPS) {
    await step(calm)
    await calm.untilReady(...STAYING)
  }
  await calm.untilStill()
  await undisturbed.end()
  leader = await harness.replica('leader', { namespace: 'led', leaderElect: true })
  loner = await harness.replica('loner', { namespace: 'single' })
  running = keepRunning()
})
afterAll(async () => {
  stopped = true
  await running
  await harness.stop()
})

/** How the leader ended, each time. */
const ends: string[] = []
let stopped = false

/** Restarts an operator that has ended, as Kubernetes does: a leader loses its Lease if the API server is away for long. */
async function keepRunning(): Promise<void> {
  for (; !stopped; await sleep(100)) {
    if (leader.ended === undefined) continue
    const why = leader.tail().includes('the lease is lost') ? 'the lease is lost' : leader.tail()
    ends.push(`${leader.ended}: ${why}`)
    await leader.restart()
  }
}

const successes = (user: string): Write[] => acceptedWritesOf(harness.kubernetes, user)

describe('an API server that is killed under the operator', () => {
  const chance = seededRandom(5)

  it.each(STEPS)(
    'while %s (away for %i ms)',
    async (_, awayMs, step) => {
      // A replica that still waits for the last Lease has nothing to lose.
      await Promise.all([leader.untilAtWork(), loner.untilAtWork()])
      const fault = (async () => {
        await sleep(chance() * KILLED_AFTER_MS)
        await harness.kubernetes.killApiServer()
        await sleep(awayMs)
        if (awayMs >= PAST_THE_LEASE_MS) await until('the leader gives up', async () => !leader.isAtWork)
        await harness.kubernetes.restartApiServer()
      })()
      await Promise.all([step(led), step(single), fault])
      // Whoever is forgotten before the checks of the grant have passed has nothing that may be revoked.
      const ready = awayMs < PAST_THE_LEASE_MS ? PEOPLE : STAYING
      await Promise.all([led.untilReady(...ready), single.untilReady(...ready)])
      expect(loner.ended, loner.tail()).toBeUndefined()
      expect(ends.filter((end) => end !== 'exit code 1: the lease is lost')).toEqual([])
      if (awayMs >= PAST_THE_LEASE_MS) expect(ends.length).toBeGreaterThan(0)
    },
    PATIENCE_MS,
  )

  it(
    'comes to the same end as if nothing had happened',
    async () => {
      harness.google.switches({ rotateRefreshTokens: false })
      // What failed meanwhile is retried after pauses, also by Kubernetes' own garbage collector.
      await Promise.all([led.untilGone(...FORGOTTEN), single.untilGone(...FORGOTTEN)])
      const expected = await endState(calm)
      for (const fixture of [led, single]) {
        await untilEndState(fixture, expected)
        await fixture.untilStill()
        const found = await endState(fixture)
        expect(found).toEqual(expected)
        const grants = Object.entries(found).filter(([name]) => name.endsWith('-google-grant'))
        expect(grants.map(([, grant]) => (grant as { use: string }).use)).toEqual(STAYING.map(() => 'good'))
        const alive = FORGOTTEN.flatMap((name) => harness.google.grants({ account: fixture.account(name) }))
        expect(alive.filter((grant) => grant.alive)).toEqual([])
      }
    },
    PATIENCE_MS,
  )

  it.each(['leader', 'loner'])('has nothing made twice by the %s, and little written that need not be', (user) => {
    const made = successes(user).filter(({ what }) => what.startsWith('create'))
    const names = made.map(({ what }) => what)
    expect(names.filter((what, index) => names.indexOf(what) !== index)).toEqual([])
    const writes = successes(user)
    expect(writes.length, told(writes).slice(-50).join('\n')).toBeLessThan(successes('undisturbed').length * 1.25)
  })
})
