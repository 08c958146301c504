/** What a replica does for Bookings and beside Agents, which objects it counts, and since when they are its own. */
import { beforeEach, describe, expect, test } from 'vitest'
import { done } from '../../src/controller/outcome.ts'
import { createCaches, type Caches } from '../../src/kubernetes/caches.ts'
import { keyOf, type Key, type KubernetesObject } from '../../src/kubernetes/port.ts'
import type { Agent, Booking } from '../../src/resources/types.ts'
import { NO_SHARDING, type Sharding } from '../../src/sharding/assignment.ts'
import { Intake } from '../../src/sharding/intake.ts'
import { shardingByRing } from '../../src/sharding/shard-ring.ts'
import { ManualClock } from '../support/clock.ts'
import { silent } from '../support/log.ts'
import { aBooking, anAgent, anIntegration } from '../support/resources.ts'

const SHARD = 'shard.alpha.sharding.timebertt.dev/ring'
const [ALICE, VIEWING] = ['booking/alice', 'booking/viewing']

let caches: Caches
let clock: ManualClock
let isKeeper: boolean
let version: number
/** What was done, in order. */
let acts: string[]

beforeEach(() => {
  ;[caches, clock, isKeeper, version, acts] = [createCaches(silent), new ManualClock(), false, 1, []]
})

const ring = shardingByRing({ ring: 'ring', shard: 'pod-a', isKeeper: () => isKeeper })

const intakeOf = (sharding: Sharding = ring): Intake => new Intake({ cluster: caches, clock, sharding })

function labelled<T extends KubernetesObject>({ metadata, ...rest }: T, shard?: string): T {
  const labels = shard === undefined ? {} : { [SHARD]: shard }
  return { ...rest, metadata: { ...metadata, labels, resourceVersion: String(version++) } } as T
}

/** The API server shows an Agent that is assigned to this replica, or to another one. */
function show(shard: string, name = 'alice'): Agent {
  const agent = labelled(anAgent({}, name), shard)
  caches.agents.put(agent)
  return agent
}

function book(agent = 'alice', name = 'viewing'): Booking {
  const booking = labelled(aBooking({ agentRef: { name: agent } }, name))
  caches.bookings.put(booking)
  return booking
}

const reconcile = async (key: Key) => (acts.push(`reconcile ${key}`), done())
const forget = (key: Key): void => void acts.push(`forget ${key}`)

const names = (objects: Iterable<KubernetesObject>): string[] => [...objects].map(({ metadata }) => metadata.name)

describe('a Booking', () => {
  test.each([
    ['here', 'pod-a', `reconcile ${VIEWING}`],
    ['elsewhere', 'pod-b', `forget ${VIEWING}`],
  ])('is decided where its Agent is: %s', async (_, shard, expected) => {
    show(shard)
    book()
    expect(await intakeOf().bookings(reconcile, forget)(VIEWING)).toEqual(done())
    expect(acts).toEqual([expected])
  })

  test.each([
    [true, `reconcile ${VIEWING}`],
    [false, `forget ${VIEWING}`],
  ])('without an Agent is decided by the keeper alone (this replica: %s)', async (keeps, expected) => {
    isKeeper = keeps
    book()
    await intakeOf().bookings(reconcile, forget)(VIEWING)
    expect(acts).toEqual([expected])
  })

  test('that is gone is let through everywhere, so that it is forgotten', async () => {
    await intakeOf().bookings(reconcile, forget)(VIEWING)
    expect(acts).toEqual([`reconcile ${VIEWING}`])
  })
})

describe('what runs beside the reconcile of an Agent', () => {
  test('runs here for own Agents, and for those that are gone', async () => {
    show('pod-a')
    await intakeOf().besideAgents(reconcile)(ALICE)
    await intakeOf().besideAgents(reconcile)('booking/gone')
    expect(acts).toEqual([`reconcile ${ALICE}`, 'reconcile booking/gone'])
  })

  test("does not run for another replica's", async () => {
    show('pod-b')
    expect(await intakeOf().besideAgents(reconcile)(ALICE)).toEqual(done())
    expect(acts).toEqual([])
  })
})

describe('the time since when an Agent is reconciled here', () => {
  test('begins when it is first seen to be assigned here, and anew when it comes back', () => {
    const intake = intakeOf()
    const start = clock.now()
    show('pod-a')
    expect(intake.ownedSince(ALICE)).toBe(start)
    clock.jump(5_000)
    expect(intake.ownedSince(ALICE)).toBe(start)
    show('pod-b')
    expect(intake.ownedSince(ALICE)).toBe(Infinity)
    show('pod-a')
    expect(intake.ownedSince(ALICE)).toBe(start + 5_000)
  })

  test('begins anew when another one of its name is created', () => {
    const intake = intakeOf()
    const agent = show('pod-a')
    const start = clock.now()
    expect(intake.ownedSince(ALICE)).toBe(start)
    caches.agents.remove(keyOf(agent))
    expect(intake.ownedSince(ALICE)).toBe(-Infinity)
    clock.jump(5_000)
    show('pod-a')
    expect(intake.ownedSince(ALICE)).toBe(start + 5_000)
  })

  test('has no beginning where all Agents belong to one replica', () => {
    show('pod-b')
    expect(intakeOf(NO_SHARDING).ownedSince(ALICE)).toBe(-Infinity)
    expect(intakeOf(NO_SHARDING).ownsAgent(ALICE)).toBe(true)
  })
})

describe('the objects that a replica counts', () => {
  beforeEach(() => {
    show('pod-a')
    show('pod-b', 'bob')
    book('alice', 'with-alice')
    book('bob', 'with-bob')
    book('nobody', 'with-nobody')
    caches.integrations.put(labelled(anIntegration()))
  })

  test('are its own Agents with their Bookings; every other one is still found by its key', () => {
    const own = intakeOf().ownObjects(caches)
    expect(names(own.agents.list())).toEqual(['alice'])
    expect(names(own.bookings.list())).toEqual(['with-alice'])
    expect(names(own.integrations.list())).toEqual([])
    expect(own.agents.get('booking/bob')?.metadata.name).toBe('bob')
  })

  test('are also the integrations, and the Bookings without an Agent, at the keeper', () => {
    isKeeper = true
    const own = intakeOf().ownObjects(caches)
    expect(names(own.bookings.list())).toEqual(['with-alice', 'with-nobody'])
    expect(names(own.integrations.list())).toEqual(['google'])
  })
})
