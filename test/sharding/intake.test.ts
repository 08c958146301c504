/** Which keys are let through, and how an Agent is handed over. */
import { beforeEach, describe, expect, test } from 'vitest'
import { done, wait } from '../../src/controller/outcome.ts'
import { ApiError, keyOf, type ApiFailure, type Key } from '../../src/kubernetes/port.ts'
import type { Agent } from '../../src/resources/types.ts'
import { handOver } from '../../src/sharding/hand-over.ts'
import { Intake } from '../../src/sharding/intake.ts'
import { shardingByRing } from '../../src/sharding/shard-ring.ts'
import { createCaches, type Caches } from '../../src/kubernetes/caches.ts'
import { ManualClock } from '../support/clock.ts'
import { silent } from '../support/log.ts'
import { anAgent } from '../support/resources.ts'

const SHARD = 'shard.alpha.sharding.timebertt.dev/ring'
const DRAIN = 'drain.alpha.sharding.timebertt.dev/ring'
const sharding = shardingByRing({ ring: 'ring', shard: 'pod-a', isKeeper: () => false })
const ALICE = 'booking/alice'

let caches: Caches
/** What was done, in order. */
let acts: string[]
let failure: ApiFailure | undefined
let isBusy: boolean
let version: number
/** What happens while the status is written. */
let whileReporting: () => void
/** The labels that the sharder's webhook puts on an Agent that was handed over. */
let assignedByWebhook: Record<string, string>

beforeEach(() => {
  ;[caches, acts, failure, isBusy, version] = [createCaches(silent), [], undefined, false, 1]
  whileReporting = () => undefined
  assignedByWebhook = { [SHARD]: 'pod-b' }
})

/** The API server shows the Agent with these labels. */
function show(labels: Record<string, string>): Agent {
  const { metadata, ...agent } = anAgent()
  const shown = { ...agent, metadata: { ...metadata, labels, resourceVersion: String(version++) } }
  caches.agents.put(shown)
  return shown
}

const forget = (key: Key): void => void acts.push(`forget ${key}`)
const patch = async (object: unknown, change: unknown): Promise<never> => {
  acts.push(`patch ${JSON.stringify(change)} of ${(object as Agent).metadata.resourceVersion}`)
  if (failure) throw new ApiError(failure, 'no')
  const { metadata } = object as Agent
  return { ...(object as Agent), metadata: { ...metadata, labels: assignedByWebhook } } as never
}

function reconciles(): (key: Key) => Promise<unknown> {
  const intake = new Intake({ cluster: caches, clock: new ManualClock(), sharding })
  const reconcile = async (key: Key) => (acts.push(`reconcile ${key}`), done())
  const resume = (key: Key): void => void acts.push(`resume ${key}`)
  const leaving = handOver({
    cluster: { agents: caches.agents, patch },
    sharding,
    isBusy: () => isBusy,
    report: async (key) => {
      acts.push(`report ${key}`)
      whileReporting()
    },
    forget,
    resume,
  })
  return intake.agents(reconcile, { forget, handOver: leaving })
}

describe('the key of an Agent', () => {
  test('is let through where the Agent is assigned, or is gone', async () => {
    const agent = show({ [SHARD]: 'pod-a' })
    const reconcile = reconciles()
    await reconcile(ALICE)
    caches.agents.remove(keyOf(agent))
    await reconcile(ALICE)
    expect(acts).toEqual([`reconcile ${ALICE}`, `reconcile ${ALICE}`])
  })

  test.each([{ [SHARD]: 'pod-b' }, {}, { [SHARD]: 'pod-b', [DRAIN]: 'true' }, { [DRAIN]: 'true' }])(
    'that waited while the labels became %o is dropped, and the Agent is forgotten',
    async (labels) => {
      show({ [SHARD]: 'pod-a' })
      const reconcile = reconciles()
      await reconcile(ALICE)
      show(labels as Record<string, string>)
      expect(await reconcile(ALICE)).toEqual(done())
      expect(acts).toEqual([`reconcile ${ALICE}`, `forget ${ALICE}`])
    },
  )

  test('that waited while the Agent was to be handed over removes both labels, in one patch of the version that it saw', async () => {
    show({ [SHARD]: 'pod-a' })
    const reconcile = reconciles()
    show({ [SHARD]: 'pod-a', [DRAIN]: 'true' })
    expect(await reconcile(ALICE)).toEqual(done())
    const change = JSON.stringify({ metadata: { labels: { [SHARD]: null, [DRAIN]: null } } })
    expect(acts).toEqual([`report ${ALICE}`, `forget ${ALICE}`, `patch ${change} of 2`])
  })
})

describe('a hand-over', () => {
  beforeEach(() => void show({ [SHARD]: 'pod-a', [DRAIN]: 'true' }))

  test('waits until nothing else runs for the Agent', async () => {
    const reconcile = reconciles()
    isBusy = true
    expect(await reconcile(ALICE)).toEqual(wait('work for this Agent still runs', 100))
    expect(acts).toEqual([])
    isBusy = false
    expect(await reconcile(ALICE)).toEqual(done())
  })

  test('that the sharder answers by assigning the Agent here again makes it and its Bookings reconciled', async () => {
    assignedByWebhook = { [SHARD]: 'pod-a' }
    await reconciles()(ALICE)
    expect(acts.at(-1)).toBe(`resume ${ALICE}`)
  })

  test('is tried again soon when somebody has written the Agent meanwhile', async () => {
    failure = 'Conflict'
    expect(await reconciles()(ALICE)).toEqual(wait('somebody else wrote it', 100))
  })

  test('removes the labels from the version that has the last report', async () => {
    whileReporting = () => void show({ [SHARD]: 'pod-a', [DRAIN]: 'true' })
    await reconciles()(ALICE)
    expect(acts.at(-1)).toMatch(/^patch .* of 2$/)
  })

  test('keeps what is remembered when the last report meets a conflict, and is tried again soon', async () => {
    whileReporting = () => {
      throw new ApiError('Conflict', 'no')
    }
    expect(await reconciles()(ALICE)).toEqual(wait('somebody else wrote it', 100))
    expect(acts).toEqual([`report ${ALICE}`])
  })

  test('ends when the Agent was assigned to another member during the last report', async () => {
    whileReporting = () => void show({ [SHARD]: 'pod-b' })
    expect(await reconciles()(ALICE)).toEqual(done(100))
    expect(acts).toEqual([`report ${ALICE}`])
  })

  // The controller reports it and repeats the hand-over with its backoff, as for each write.
  test('that the API server refuses is left to the controller', async () => {
    failure = 'Forbidden'
    await expect(reconciles()(ALICE)).rejects.toMatchObject({ failure: 'Forbidden' })
  })
})
