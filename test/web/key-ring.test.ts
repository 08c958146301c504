/** The sign-in keys, as several replicas create, share and rotate them. The cluster is a stub with resource versions. */
import { beforeEach, describe, expect, test } from 'vitest'
import { ApiError, type Secret } from '../../src/kubernetes/port.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { decode } from '../../src/resources/secret-encoding.ts'
import { labelsOf, MANAGED_BY } from '../../src/resources/names.ts'
import { KeyRing } from '../../src/web/key-ring.ts'
import type { WebDeps } from '../../src/web/port.ts'
import { ManualClock, settle } from '../support/clock.ts'

const DAY = 24 * 60 * 60_000

let clock: ManualClock
let stored: Secret | undefined
let version: number
let reads: number
let writes: number
let isDown: boolean
let warnings: string[]
let problems: string[]
let changes: number
let chance: number
type Listener = Parameters<WebDeps['cluster']['watchSecret']>[2]
let listeners: Listener[]
let watched: string[]

beforeEach(() => {
  clock = new ManualClock()
  stored = undefined
  version = 1
  reads = 0
  writes = 0
  isDown = false
  warnings = []
  problems = []
  changes = 0
  chance = 0
  listeners = []
  watched = []
})

const refuse = (failure: ApiError['failure']): never => {
  throw new ApiError(failure, failure)
}

interface Patch {
  data?: Record<string, string | null>
  metadata?: { labels: Record<string, string> }
}

/** Every write is delayed, so that replicas that start at once have all read before any has written. */
const cluster = {
  async readSecret() {
    reads++
    const seen = structuredClone(stored)
    await Promise.resolve()
    if (isDown) refuse('Unreachable')
    return seen
  },
  async create(secret: Secret) {
    await settle()
    if (stored) refuse('AlreadyExists')
    return (stored = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(++version) } })
  },
  async patch({ metadata }: Secret, { data, metadata: marks }: Patch) {
    await settle()
    writes++
    if (stored?.metadata.resourceVersion !== metadata.resourceVersion) refuse('Conflict')
    const merged = Object.entries({ ...stored?.data, ...data }).filter(([, value]) => value !== null)
    const labels = { ...stored?.metadata.labels, ...marks?.labels }
    const fresh = { ...stored?.metadata, labels, resourceVersion: String(++version) }
    return (stored = { ...stored, metadata: fresh, data: Object.fromEntries(merged) } as Secret)
  },
  watchSecret(namespace: string, name: string, listener: Listener) {
    listeners.push(listener)
    watched.push(`${namespace}/${name}`)
  },
}

function newKeys(by: Clock = clock): KeyRing {
  const keys = new KeyRing({
    cluster,
    clock: by,
    log: {
      warn({ error }: { error: Error }, message: string) {
        warnings.push(message)
        problems.push(error.message)
      },
    },
    randomBytes: (count: number) => Buffer.alloc(count, ++chance),
    namespace: 'operator',
  } as unknown as ConstructorParameters<typeof KeyRing>[0])
  keys.subscribe(() => {
    changes++
  })
  return keys
}

async function started(): Promise<KeyRing> {
  const keys = newKeys()
  await keys.start()
  return keys
}

/** The clock of a replica whose wall time is ahead. */
const otherClock = (aheadMs: () => number): Clock => ({
  now: () => clock.now() + aheadMs(),
  monotonic: () => clock.monotonic(),
  setTimer: (delayMs, fire) => clock.setTimer(delayMs, fire),
})

/** Reports a change, as the watch does. */
const tell = (): void => {
  for (const listener of listeners) listener({ after: structuredClone(stored) })
}

const ids = ({ all }: KeyRing): string[] => all.map(({ id }) => id)

describe('the keys', () => {
  test('are created if there are none, and labelled as ours', async () => {
    const keys = await started()
    expect(keys.all).toHaveLength(1)
    expect(stored?.metadata).toMatchObject({
      namespace: 'operator',
      name: 'calendar-operator-keys',
      labels: labelsOf('keys'),
    })
    expect(Buffer.from(decode(stored?.data).current ?? '', 'base64url')).toHaveLength(32)
  })

  test('are the same for all replicas that begin at once', async () => {
    const all = await Promise.all([started(), started(), started()])
    expect(new Set(all.map((keys) => ids(keys).join())).size).toBe(1)
  })

  test('of each purpose differ, and differ from what the Secret contains', async () => {
    const { current } = await started()
    const parts = [current?.link, current?.state, current?.form].map((one) =>
      Buffer.from(one ?? []).toString('base64url'),
    )
    expect(new Set([...parts, decode(stored?.data).current]).size).toBe(4)
  })

  test('change after thirty days, and those before stay good for as long again', async () => {
    const keys = await started()
    const [first] = ids(keys)
    await clock.advance(29 * DAY)
    expect(ids(keys)).toEqual([first])
    await clock.advance(2 * DAY)
    const [second] = ids(keys)
    expect(ids(keys)).toEqual([second, first])
    await clock.advance(30 * DAY)
    expect(ids(keys)).toHaveLength(2)
    expect(ids(keys)).not.toContain(first)
  })

  test('change once, however many replicas see that it is time', async () => {
    const all = await Promise.all([started(), started()])
    const [first = ''] = ids(all[0])
    clock.jump(31 * DAY)
    await Promise.all(all.map((keys) => keys.reload()))
    expect(ids(all[0])).toEqual(ids(all[1]))
    expect(ids(all[0])[1]).toBe(first)
  })

  test('that were damaged by hand are created again', async () => {
    await started()
    stored = { ...stored!, data: { current: 'x', rotated_at: 'x' } }
    const keys = await started()
    expect(keys.all).toHaveLength(1)
    expect(decode(stored.data).current).toMatch(/^[\w-]{43}$/)
  })

  const theirData = { current: Buffer.from(Buffer.alloc(32, 9).toString('base64url')).toString('base64') }
  const bob = { apiVersion: 'calendar-operator.io/v1alpha1', kind: 'Agent', name: 'bob', uid: 'b', controller: true }

  test.each([
    ['somebody else', {}, 'lacks the label'],
    ['an Agent', { labels: labelsOf('keys'), ownerReferences: [bob] }, 'Agent bob'],
    ['the operator, for something else', { labels: labelsOf('access-token') }, 'is not "keys"'],
  ])('of a Secret of %s are not used and never written, and it is said once', async (_, marks, said) => {
    const metadata = { name: 'calendar-operator-keys', resourceVersion: '1', ...marks }
    stored = { apiVersion: 'v1', kind: 'Secret', metadata, data: theirData }
    const before = structuredClone(stored)
    const keys = await started()
    expect(keys.current).toBeUndefined()
    await clock.advance(DAY / 4)
    expect(keys.current).toBeUndefined()
    expect(stored).toEqual(before)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('Secret calendar-operator-keys')
    expect(problems.join()).toContain(said)
  })

  test('that somebody else made a moment before us are not used either', async () => {
    const late = newKeys()
    const looking = late.reload()
    stored = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'calendar-operator-keys' }, data: theirData }
    await looking
    expect(late.current).toBeUndefined()
  })

  test('of 0.1.0 stay good, and their Secret gets its role', async () => {
    const [first] = ids(await started())
    stored = { ...stored!, metadata: { ...stored!.metadata, labels: MANAGED_BY } }
    writes = 0
    const keys = await started()
    expect(ids(keys)).toEqual([first])
    expect(stored.metadata.labels).toEqual(labelsOf('keys'))
    await keys.reload()
    expect(writes).toBe(1)
  })

  test.each([
    ['forward and back', 40 * DAY, -40 * DAY],
    ['back and forward', -40 * DAY, 40 * DAY],
  ])('outlive a clock that leaps %s', async (_, one, other) => {
    const keys = await started()
    const [first] = ids(keys)
    for (const leap of [one, other]) {
      clock.setTimeOfDay(leap)
      await keys.reload()
      await clock.advance(DAY / 2)
    }
    expect(ids(keys)).toContain(first)
    await clock.advance(2 * DAY)
    const settled = ids(keys)
    expect(settled).toContain(first)
    await clock.advance(27 * DAY)
    expect(ids(keys)).toEqual(settled)
    await clock.advance(5 * DAY)
    expect(ids(keys)[1]).toBe(settled[0])
  })

  test('are not fought over by replicas whose clocks differ', async () => {
    const keys = await started()
    let offset = 50 * DAY
    const wrong = newKeys(otherClock(() => offset))
    await wrong.start()
    writes = 0
    for (let turn = 0; turn < 50; turn++) {
      tell()
      await settle()
    }
    expect(writes).toBeLessThanOrEqual(2)
    offset = 0
    expect(keys.current).toBeDefined()
  })

  test('that can’t be read are asked for again a minute later, and the old ones serve meanwhile', async () => {
    isDown = true
    const keys = await started()
    expect(keys.current).toBeUndefined()
    isDown = false
    await clock.advance(60_000)
    const known = ids(keys)
    expect(known).toHaveLength(1)
    isDown = true
    await clock.advance(DAY)
    expect(ids(keys)).toEqual(known)
  })

  test('are read again for something unknown, but at most once a minute', async () => {
    const keys = await started()
    const before = reads
    for (let turn = 0; turn < 100; turn++) await keys.reloadIfDue()
    expect(reads).toBe(before)
    clock.jump(60_000)
    for (let turn = 0; turn < 100; turn++) await keys.reloadIfDue()
    expect(reads).toBe(before + 1)
  })

  test('are watched by their one name, and those of others taken at once', async () => {
    const [keys, other] = [await started(), await started()]
    expect(watched).toEqual(Array(2).fill('operator/calendar-operator-keys'))
    const [first] = ids(keys)
    stored = undefined
    tell()
    await settle()
    await settle()
    expect(ids(keys)).toHaveLength(1)
    expect(ids(keys)).not.toContain(first)
    expect(ids(other)).toEqual(ids(keys))
  })

  test('are not read again if the watch reports the known version', async () => {
    await started()
    const before = reads
    tell()
    await settle()
    expect(reads).toBe(before)
  })

  test('that change while they are being read are read once more', async () => {
    const keys = await started()
    const looking = keys.reload()
    stored = { ...stored!, metadata: { ...stored!.metadata, resourceVersion: String(++version) } }
    const before = reads
    tell()
    await looking
    await settle()
    expect(reads).toBe(before + 1)
  })

  test('tell that links have changed, and only then', async () => {
    const keys = await started()
    expect(changes).toBe(1)
    await keys.reload()
    expect(changes).toBe(1)
    stored = undefined
    await keys.reload()
    expect(changes).toBe(2)
  })

  test('are left alone once the operator ends', async () => {
    const keys = await started()
    keys.stop()
    expect(clock.pending).toEqual([])
  })
})
