/** Others write into what the operator writes, again and again: it neither gives up nor loops, and nobody else notices. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { isReal, startWorld, type World } from './support/world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

let world: World

beforeEach(async () => {
  world = await startWorld()
  for (const name of ['alice', 'bob']) await world.addPerson(name)
  await world.objects.apply(integrationManifest({ sync: { interval: '1m' } }))
  for (const name of ['alice', 'bob']) await world.objects.apply(agentManifest(name))
  for (const name of ['alice', 'bob']) await world.untilReady(name)
})

afterEach(() => world.stop())

/** Does this after each write of an object that is not its own answer to one. */
function afterEachWrite(kind: string, name: string, act: (n: number) => Promise<unknown>): { count: () => number } {
  let writes = 0
  let own = false
  world.sandbox!.onWrite(({ current }) => {
    const object = current.object as unknown as { kind: string; metadata: { name: string } }
    if (object.kind !== kind || object.metadata.name !== name || own) return
    writes += 1
    own = true
    void act(writes)
      .catch(() => undefined)
      .finally(() => (own = false))
  })
  return { count: () => writes }
}

const ready = async (name: string): Promise<unknown> =>
  (await world.agent(name)).status?.conditions?.find(({ type }) => type === 'Ready')?.status

const message = async (name: string): Promise<string> =>
  (await world.agent(name)).status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? ''

const listings = (account: string): number =>
  world.google.requests().log.filter(({ kind, path }) => kind === 'events.list' && path.includes(account)).length

describe.skipIf(isReal)('somebody who answers each of our writes', () => {
  test('with a label of his own causes no further one', async () => {
    const seen = afterEachWrite('ConfigMap', 'alice-calendar', (n) =>
      world.objects.patch('ConfigMap', 'alice-calendar', { metadata: { labels: { stamp: String(n) } } }),
    )
    await world.clock.advance(20 * MINUTE)
    expect(seen.count()).toBeGreaterThan(1)
    expect(seen.count()).toBeLessThan(6)
    expect(await ready('alice')).toBe('True')
  })

  test('by an edit of the data is answered at a bounded rate, and bob is read on time', async () => {
    const seen = afterEachWrite('ConfigMap', 'alice-calendar', (n) =>
      world.objects.patch('ConfigMap', 'alice-calendar', { data: { 'busy.json': `{"busy":[],"n":${n}}` } }),
    )
    await world.objects.patch('ConfigMap', 'alice-calendar', { data: { 'busy.json': '{}' } })
    world.google.resetRequests()
    await world.clock.advance(10 * MINUTE)
    expect(seen.count()).toBeLessThan(600)
    expect(await ready('bob')).toBe('True')
    expect(listings('bob')).toBeGreaterThanOrEqual(9)
    expect(listings('alice')).toBeLessThanOrEqual(12)
  })

  test('of a status is answered at a bounded rate', async () => {
    const path = (n: number): object => ({ status: { sync: { busyIntervals: n } } })
    const seen = afterEachWrite('Agent', 'alice', (n) => world.objects.patch('Agent', 'alice/status', path(n)))
    await world.objects.patch('Agent', 'alice/status', path(77))
    world.google.resetRequests()
    await world.clock.advance(10 * MINUTE)
    expect(seen.count()).toBeLessThan(1_200)
    expect(await ready('bob')).toBe('True')
    expect(listings('bob')).toBeGreaterThanOrEqual(9)
    expect(listings('alice')).toBeLessThanOrEqual(12)
  })
})

test('the statuses of two Agents, swapped by hand, are put right', async () => {
  const [alice, bob] = [(await world.agent('alice')).status!, (await world.agent('bob')).status!]
  await world.objects.patch('Agent', 'alice/status', { status: bob })
  await world.objects.patch('Agent', 'bob/status', { status: alice })
  for (const [name, own] of [
    ['alice', alice],
    ['bob', bob],
  ] as const) {
    await world.until(
      `${name} has its own`,
      async () => (await world.agent(name)).status?.authorization?.account === own.authorization?.account,
    )
  }
})

test('the controllers of two published objects, swapped by hand, make conflicts that end with the swap', async () => {
  const [ofAlice, ofBob] = await Promise.all(
    ['alice', 'bob'].map(
      async (name) => (await world.objects.get('ConfigMap', `${name}-calendar`)).metadata.ownerReferences,
    ),
  )
  const give = (name: string, ownerReferences: unknown): Promise<unknown> =>
    world.objects.patch('ConfigMap', `${name}-calendar`, { metadata: { ownerReferences } })
  // An Agent whose own calendar is published removes a second one that it controls. So another object has bob's meanwhile.
  const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } }
  const { uid } = (await world.objects.apply(other)).metadata
  const ofOther = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid, controller: true }]
  await give('bob', ofOther)
  await world.untilReason('bob', 'PublishConflict')
  await give('alice', ofBob)
  await world.untilReason('alice', 'PublishConflict')
  await give('bob', ofAlice)
  await world.until('bob sees that his is the one of alice', async () => /Agent alice/.test(await message('bob')))
  await give('bob', ofOther)
  await give('alice', ofAlice)
  await world.untilReady('alice')
  await give('bob', ofBob)
  await world.untilReady('bob')
})

test('a published object that a foreign finalizer keeps while it is deleted is made again afterwards', async () => {
  await world.objects.patch('ConfigMap', 'alice-calendar', { metadata: { finalizers: ['example.com/keep'] } })
  await world.objects.delete('ConfigMap', 'alice-calendar')
  await world.clock.advance(5 * MINUTE)
  await world.objects.patch('ConfigMap', 'alice-calendar', { metadata: { finalizers: null } })
  await world.until('it is made again', async () => {
    const found = await world.objects.find('ConfigMap', 'alice-calendar')
    return found !== undefined && !('deletionTimestamp' in found.metadata)
  })
  await world.untilReady('alice')
})
