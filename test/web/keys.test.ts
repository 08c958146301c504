/** The keys of sign-in, as several replicas make, share and change them. The cluster here has versions, and nothing else. */
import { beforeEach, describe, expect, test } from 'vitest'
import { ApiError, type Secret } from '../../src/kubernetes/port.ts'
import { decode } from '../../src/resources/encoding.ts'
import { MANAGED_BY } from '../../src/resources/names.ts'
import { Keys } from '../../src/web/keys.ts'
import type { WebDeps } from '../../src/web/port.ts'
import { ManualClock, settle } from '../support/clock.ts'

const DAY = 24 * 60 * 60_000

let clock: ManualClock
let stored: Secret | undefined
let version: number
let reads: number
let isDown: boolean
let warnings: string[]
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
  isDown = false
  warnings = []
  changes = 0
  chance = 0
  listeners = []
  watched = []
})

const refuse = (failure: ApiError['failure']): never => {
  throw new ApiError(failure, failure)
}

/** Every write takes a turn, so that replicas that begin at once all have read before any has written. */
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
  async patch({ metadata }: Secret, { data }: { data: Record<string, string | null> }) {
    await settle()
    if (stored?.metadata.resourceVersion !== metadata.resourceVersion) refuse('Conflict')
    const merged = Object.entries({ ...stored?.data, ...data }).filter(([, value]) => value !== null)
    const fresh = { ...stored?.metadata, resourceVersion: String(++version) }
    return (stored = { ...stored, metadata: fresh, data: Object.fromEntries(merged) } as Secret)
  },
  watchSecret(namespace: string, name: string, listener: Listener) {
    listeners.push(listener)
    watched.push(`${namespace}/${name}`)
  },
}

const newKeys = (): Keys =>
  new Keys({
    cluster,
    clock,
    log: { warn: (_: object, message: string) => void warnings.push(message) },
    randomBytes: (count: number) => Buffer.alloc(count, ++chance),
    namespace: 'operator',
    linksChanged() {
      changes++
    },
  } as unknown as WebDeps)

async function started(): Promise<Keys> {
  const keys = newKeys()
  await keys.start()
  return keys
}

/** As the watch tells it. */
const tell = (): void => {
  for (const listener of listeners) listener({ after: structuredClone(stored) })
}

const ids = ({ all }: Keys): string[] => all.map(({ id }) => id)

describe('the keys', () => {
  test('are made where there are none, and marked as ours', async () => {
    const keys = await started()
    expect(keys.all).toHaveLength(1)
    expect(stored?.metadata).toMatchObject({
      namespace: 'operator',
      name: 'calendar-operator-keys',
      labels: MANAGED_BY,
    })
    expect(Buffer.from(decode(stored?.data).current ?? '', 'base64url')).toHaveLength(32)
  })

  test('are the same for all replicas that begin at once', async () => {
    const all = await Promise.all([started(), started(), started()])
    expect(new Set(all.map((keys) => ids(keys).join())).size).toBe(1)
  })

  test('of each purpose are told apart, and are not what stands in the Secret', async () => {
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
    await Promise.all(all.map((keys) => keys.look()))
    expect(ids(all[0])).toEqual(ids(all[1]))
    expect(ids(all[0])[1]).toBe(first)
  })

  test('that were spoiled by hand are made anew', async () => {
    await started()
    stored = { ...stored!, data: { current: 'x', rotated_at: 'x' } }
    const keys = await started()
    expect(keys.all).toHaveLength(1)
    expect(decode(stored.data).current).toMatch(/^[\w-]{43}$/)
  })

  test('of a Secret that is not ours are not used, and it is said', async () => {
    const theirs = { current: Buffer.from(Buffer.alloc(32).toString('base64url')).toString('base64') }
    stored = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'calendar-operator-keys' }, data: theirs }
    expect((await started()).current).toBeUndefined()
    expect(stored.data).toEqual(theirs)
    expect(warnings[0]).toContain('Secret calendar-operator-keys')
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
    for (let turn = 0; turn < 100; turn++) await keys.lookAgain()
    expect(reads).toBe(before)
    clock.jump(60_000)
    for (let turn = 0; turn < 100; turn++) await keys.lookAgain()
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

  test('are not read again where the watch tells what is known', async () => {
    await started()
    const before = reads
    tell()
    await settle()
    expect(reads).toBe(before)
  })

  test('that change while they are being read are read once more', async () => {
    const keys = await started()
    const looking = keys.look()
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
    await keys.look()
    expect(changes).toBe(1)
    stored = undefined
    await keys.look()
    expect(changes).toBe(2)
  })

  test('are left alone once the operator ends', async () => {
    const keys = await started()
    keys.stop()
    expect(clock.pending).toEqual([])
  })
})
