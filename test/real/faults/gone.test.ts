/**
 * What happens to the operator's objects when their owner or namespace is deleted, with the real garbage collector and namespace
 * controller, which work asynchronously and in an unknown order.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { startWorld, type World } from '../../journeys/support/world.ts'

const REVOKED = ['alice', 'bob', 'carol', 'dora']
const RETAINED = ['emil', 'frida']
const A_MINUTE = 60_000
const PEOPLE = [...REVOKED, ...RETAINED]

let world: World

beforeEach(async () => {
  // The roles of a namespace are deleted with it, in any order. An operator for all namespaces keeps its rights.
  world = await startWorld({
    operatorIdentity: (kubernetes) => kubernetes.kubeconfig(),
    flags: { 'watch-namespaces': '' },
  })
  await world.objects.apply(integrationManifest())
  for (const name of PEOPLE) await settle(name)
  for (const name of PEOPLE) await world.untilReady(name)
})
afterEach(() => world.stop())

async function settle(name: string): Promise<void> {
  await world.addPerson(name)
  const publish = { calendar: { name: `${name}-calendar` }, accessToken: { name: `${name}-token` } }
  const deletionPolicy = REVOKED.includes(name) ? 'Revoke' : 'Retain'
  await world.objects.apply(agentManifest(name, { publish, deletionPolicy }))
}

/** Lets real time pass for the controllers of Kubernetes, together with the operator's time. */
const slowly =
  (look: () => Promise<boolean>): (() => Promise<boolean>) =>
  async () => {
    await sleep(20)
    return look()
  }
const isGone = (kind: string, name: string) => slowly(async () => (await world.objects.find(kind, name)) === undefined)
const isAlive = (name: string): boolean =>
  world.google.grants({ account: `${name}@example.com` }).some(({ alive }) => alive)
const names = async (kind: string): Promise<string[]> =>
  (await world.objects.listAll(kind)).map(({ metadata }) => metadata.name)
/** All objects of one kind of these people. */
const of = (people: string[], sort: string): string[] => people.map((name) => `${name}-${sort}`)
const troubles = (): string[] => world.lines.filter((line) => /"level":"(error|fatal)"/.test(line))

/** Deletes the Secrets before the Agents, as the namespace controller may do. */
async function loseGrants(people: string[]): Promise<void> {
  for (const name of people) await world.objects.delete('Secret', `${name}-grant`)
  const missed = async (name: string) => JSON.stringify((await world.agent(name)).status).includes('There is no Secret')
  for (const name of people) await world.until(`${name} misses its Secret`, () => missed(name))
  for (const name of people) await world.objects.delete('Secret', `${name}-google-grant`)
  await world.clock.advance(5_000)
  expect(await names('Secret')).not.toContain(`${people[0] ?? ''}-google-grant`)
}

const areLeaving = async (): Promise<boolean> =>
  (await world.objects.listAll('Agent')).every(({ metadata }) => metadata.deletionTimestamp !== undefined)

describe('a namespace that is deleted with everything in it', () => {
  test('is gone soon, and grants with Revoke are revoked, in whatever order objects are deleted', async () => {
    await loseGrants(REVOKED.slice(0, 2))
    await world.objects.delete('Namespace', world.namespace)
    await world.until('the namespace is gone', isGone('Namespace', world.namespace))
    expect(PEOPLE.filter(isAlive)).toEqual(RETAINED)
    expect(troubles()).toEqual([])
  })

  test('is gone after a wait although Google is unreachable', async () => {
    world.google.addFault({ fault: '503', kind: '*' })
    await world.objects.delete('Namespace', world.namespace)
    await world.until('they are all to go', slowly(areLeaving))
    expect(await names('Agent')).toEqual(REVOKED)
    await world.clock.advance(A_MINUTE)
    await world.until('the namespace is gone', isGone('Namespace', world.namespace))
    expect(PEOPLE.filter(isAlive)).toEqual(PEOPLE)
    expect(troubles()).toEqual([])
  })
})

describe('the garbage collector', () => {
  test('deletes what was published, and keeps grants and objects of others', async () => {
    await world.objects.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'alice-notes' } })
    for (const name of PEOPLE) await world.objects.delete('Agent', name)
    for (const name of of(PEOPLE, 'calendar')) await world.until(`${name} is gone`, isGone('ConfigMap', name))
    for (const name of of(PEOPLE, 'token')) await world.until(`${name} is gone`, isGone('Secret', name))
    expect(PEOPLE.filter(isAlive)).toEqual(RETAINED)
    const kept = [...of(PEOPLE, 'grant'), ...of(RETAINED, 'google-grant'), 'google-oauth-client']
    expect((await names('Secret')).sort()).toEqual(kept.sort())
    expect(await names('ConfigMap')).toContain('alice-notes')
    expect(await names('CalendarIntegration')).toEqual(['google'])
  })
})
