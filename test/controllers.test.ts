/** What adds many keys to the controllers at once, and what counts as work that still runs for an Agent. */
import { beforeEach, describe, expect, test } from 'vitest'
import { done, type Outcome } from '../src/controller/outcome.ts'
import {
  createControllers,
  isBusy,
  reconcileAll,
  reconcileAwaitingSignIn,
  reconcileKept,
  type Controllers,
} from '../src/controllers.ts'
import { createCaches, type Caches } from '../src/kubernetes/caches.ts'
import type { Agent } from '../src/resources/types.ts'
import { ManualClock, settle } from './support/clock.ts'
import { keepLog } from './support/log.ts'
import { silent } from './support/log.ts'
import { aBooking, anAgent, anIntegration } from './support/resources.ts'

const ALICE = 'booking/alice'

let clock: ManualClock
let caches: Caches
let log: ReturnType<typeof keepLog>
let controllers: Controllers

beforeEach(() => {
  clock = new ManualClock()
  caches = createCaches(silent)
  log = keepLog('debug', clock)
  controllers = createControllers({ ...common(), settings: { workers: 4 }, metrics: { controller } as never })
})

/** Nobody asks here what is measured. */
const controller = (): undefined => undefined

const common = () => ({ clock, log, random: () => 0.5, cluster: caches })

/** Starts the controllers, and returns what they reconcile, in order. */
function start(): () => Promise<string[]> {
  const reconciled: string[] = []
  for (const name of ['integrations', 'agents', 'bookings'] as const) {
    controllers[name].start(async (key) => (reconciled.push(`${name} ${key}`), done()))
  }
  return async () => {
    await settle()
    return reconciled.splice(0).sort()
  }
}

function putAgent(name: string, authorized?: string): void {
  const condition = { type: 'Authorized', status: 'False', reason: authorized, message: '', lastTransitionTime: '' }
  const status = authorized === undefined ? undefined : { conditions: [condition] }
  caches.agents.put({ ...anAgent({}, name), status } as Agent)
}

const putBooking = (name: string, agent: string): void =>
  caches.bookings.put(aBooking({ agentRef: { name: agent } }, name))

describe('an Agent is busy', () => {
  beforeEach(() => {
    putAgent('alice')
    putAgent('bob')
    putBooking('of-alice', 'alice')
    putBooking('of-bob', 'bob')
  })

  test.each([
    ['agentDeadlines', ALICE],
    ['agentChannels', ALICE],
    ['bookings', 'booking/of-alice'],
    ['bookingDeadlines', 'booking/of-alice'],
  ] as const)('while one of its %s runs, and no other Agent is', async (name, key) => {
    let end = (): void => undefined
    controllers[name].start(() => new Promise<Outcome>((resolve) => (end = () => resolve(done()))))
    controllers[name].add(key)
    expect(isBusy(caches, controllers, ALICE)).toBe(false)
    await settle()
    expect(isBusy(caches, controllers, ALICE)).toBe(true)
    expect(isBusy(caches, controllers, 'booking/bob')).toBe(false)
    end()
    await settle()
    expect(isBusy(caches, controllers, ALICE)).toBe(false)
  })
})

test('a replica that begins to look after what belongs to nobody reconciles integrations, and Bookings without an Agent', async () => {
  putAgent('alice')
  putBooking('of-alice', 'alice')
  putBooking('of-nobody', 'nobody')
  caches.integrations.put(anIntegration())
  const reconciled = start()
  reconcileKept(caches, controllers)
  expect(await reconciled()).toEqual(['bookings booking/of-nobody', 'integrations booking/google'])
})

test('after the keys of links have changed, the Agents whose status shows a link are reconciled', async () => {
  putAgent('new')
  putAgent('awaits', 'AwaitingSignIn')
  putAgent('revoked', 'GrantRevoked')
  putAgent('blocked', 'BlockedByAdmin')
  putAgent('granted', 'Granted')
  const reconciled = start()
  reconcileAwaitingSignIn(caches, controllers)
  expect(await reconciled()).toEqual(['agents booking/awaits', 'agents booking/revoked'])
})

test('after the time of day was set, all objects are reconciled within half a minute, which the log says', async () => {
  putAgent('alice')
  putBooking('of-alice', 'alice')
  caches.integrations.put(anIntegration())
  const reconciled = start()
  reconcileAll(common(), controllers, -3_600_400)
  expect(log.lines).toMatchObject([{ level: 'warn', seconds: -3_600 }])
  await clock.advance(14_900)
  expect(await reconciled()).toEqual([])
  await clock.advance(200)
  expect(await reconciled()).toEqual([`agents ${ALICE}`, 'bookings booking/of-alice', 'integrations booking/google'])
})
