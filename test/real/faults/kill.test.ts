/**
 * The operator as it ships is killed again and again in the middle of its work. A second one works undisturbed in another
 * namespace, where the same people do the same. In the end, both namespaces have the same state, and nothing changes any more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../support/seeded-random.ts'
import { acceptedWritesOf, told, type Write } from './support/audit.ts'
import { endState, untilEndState } from './support/end-state.ts'
import type { Replica } from './support/replica.ts'
import { Harness } from './support/harness.ts'
import type { NamespaceFixture } from './support/namespace-fixture.ts'

const PEOPLE = Array.from({ length: 40 }, (_, n) => `agent-${n + 10}`)
/** The longest time between the start of work and the kill. */
const KILLED_AFTER_MS = 1_200

type Step = (fixture: NamespaceFixture) => Promise<unknown>

const FORGOTTEN = PEOPLE.slice(24, 30)
const STAYING = PEOPLE.filter((name) => !FORGOTTEN.includes(name))

const each = (names: string[], what: (name: string) => unknown) => Promise.all(names.map(what))
const newcomers =
  (from: number, spec: Record<string, unknown> = {}): Step =>
  (fixture) =>
    each(PEOPLE.slice(from, from + 10), async (name) => {
      await fixture.addPerson(name, spec)
      fixture.addEvent(name, 1)
    })
const askAll = (fixture: NamespaceFixture, what: (name: string) => void, when: string) => {
  PEOPLE.forEach(what)
  return each(PEOPLE, (name) => fixture.ask(name, when))
}

/** What people do. The operator is killed once in each step. */
const STEPS: Record<string, Step> = {
  'ten people come': newcomers(0),
  'ten more come': newcomers(10),
  'ten more who want to be forgotten one day': newcomers(20, { deletionPolicy: 'Revoke' }),
  'the last ten come': newcomers(30),
  'everybody has an appointment': (fixture) => askAll(fixture, (name) => fixture.addEvent(name, 3), 'once'),
  'everybody’s token ends, and is rotated': (fixture) => askAll(fixture, (name) => fixture.expireAccess(name), 'twice'),
  'half of them want iCalendar': (fixture) =>
    each(PEOPLE.slice(0, 20), (name) =>
      fixture.objects.patch('Agent', name, { spec: { publish: { calendar: { formats: ['JSON', 'ICalendar'] } } } }),
    ),
  'some sign in again': (fixture) => each(PEOPLE.slice(5, 15), (name) => fixture.bringGrant(name)),
  'some publish under another name': (fixture) =>
    each(PEOPLE.slice(10, 20), (name) =>
      fixture.objects.patch('Agent', name, { spec: { publish: { calendar: { name: `${name}-diary` } } } }),
    ),
  'some are forgotten': async (fixture) => {
    // Waits, because the operator would never know an Agent that is deleted before it sees it.
    await fixture.untilReady(...FORGOTTEN)
    await each(FORGOTTEN, (name) => fixture.objects.delete('Agent', name))
  },
  'everybody’s token ends again': async (fixture) => {
    PEOPLE.forEach((name) => fixture.expireAccess(name))
    await each(PEOPLE.slice(0, 20), (name) => fixture.ask(name, 'thrice'))
  },
  'the last ones have one more appointment': (fixture) =>
    each(PEOPLE.slice(30), (name) => {
      fixture.addEvent(name, 5)
      return fixture.ask(name, 'a last time')
    }),
}

let harness: Harness
let calm: NamespaceFixture, rough: NamespaceFixture
let killed: Replica

beforeAll(async () => {
  harness = await Harness.start({ controllerManager: true })
  harness.google.switches({ rotateRefreshTokens: true, rotationOverlap: true })
  calm = await harness.namespace('calm')
  rough = await harness.namespace('rough')
  await harness.replica('undisturbed', { namespace: 'calm' })
  killed = await harness.replica('killed', { namespace: 'rough' })
})
afterAll(() => harness.stop())

const creations = (user: string): Write[] =>
  acceptedWritesOf(harness.kubernetes, user).filter(({ what }) => what.startsWith('create'))

describe('an operator that is killed in the middle of everything', () => {
  const chance = seededRandom(8)

  it.each(Object.entries(STEPS))('while %s', async (_, step) => {
    await killed.untilAtWork()
    const kill = sleep(chance() * KILLED_AFTER_MS).then(() => killed.restart())
    await Promise.all([step(calm), step(rough), kill])
  })

  it('reaches the same state as an undisturbed one', async () => {
    await Promise.all([calm.untilReady(...STAYING), rough.untilReady(...STAYING)])
    await Promise.all([calm.untilGone(...FORGOTTEN), rough.untilGone(...FORGOTTEN)])
    await calm.untilStill()
    harness.google.switches({ rotateRefreshTokens: false })
    const expected = await endState(calm)
    await untilEndState(rough, expected)
    await rough.untilStill()
    const found = await endState(rough)
    expect(found).toEqual(expected)
    const grants = Object.entries(found).filter(([name]) => name.endsWith('-google-grant'))
    expect(grants.map(([, grant]) => (grant as { use: string }).use)).toEqual(STAYING.map(() => 'good'))
    const alive = FORGOTTEN.flatMap((name) => harness.google.grants({ account: rough.account(name) }))
    expect(alive.filter((grant) => grant.alive)).toEqual([])
  })

  it('creates nothing twice, and writes little more than the undisturbed one', () => {
    const made = creations('killed').map(({ what }) => what)
    const twice = made.filter((what, index) => made.indexOf(what) !== index)
    expect(twice).toEqual([])
    const [few, many] = ['undisturbed', 'killed'].map((user) => acceptedWritesOf(harness.kubernetes, user))
    expect(many!.length, told(many!).slice(-50).join('\n')).toBeLessThan(few!.length * 1.25)
  })

  it('writes nothing after one more kill, with nothing to do', async () => {
    const before = await rough.untilStill()
    await killed.restart()
    await killed.untilAtWork()
    expect(await rough.untilStill()).toEqual(before)
  })
})
