/**
 * The connection to the API server is broken in each of the ways in which networks break, while people go on working. The
 * operator catches up with everything that they did meanwhile. The test moves the clock.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentManifest, integrationManifest } from '../../journeys/support/manifests.ts'
import { startWorld, type World } from '../../journeys/support/world.ts'
import { Proxy } from './support/proxy.ts'

/** Watches of Agents, integrations, Secrets and ConfigMaps in one namespace, and of the keys for sign-in. */
const WATCHES = 5
/** A new attempt comes after a second or two. */
const SOON_MS = 15_000
/** Within this time a watch ends by itself or is given up. */
const NOTICED_MS = 60_000

let world: World
let proxy: Proxy

beforeEach(async () => {
  world = await startWorld({
    breaksWatches: true,
    operatorIdentity: async ({ url }, path) => {
      proxy = await Proxy.before(url)
      return proxy.kubeconfig(path)
    },
  })
  await world.objects.apply(integrationManifest())
  for (const name of ['alice', 'carol', 'dora']) {
    await world.addPerson(name)
    await world.objects.apply(agentManifest(name, { deletionPolicy: name === 'carol' ? 'Revoke' : 'Retain' }))
  }
  for (const name of ['alice', 'carol', 'dora']) await world.untilReady(name)
})
afterEach(async () => {
  await world.stop()
  await proxy.close()
})

/** Makes a change for each of the watches. */
async function goOn(): Promise<void> {
  const formats = ['JSON', 'ICalendar']
  await world.objects.patch('Agent', 'alice', { spec: { publish: { calendar: { formats } } } })
  await world.addPerson('bob')
  await world.objects.apply(agentManifest('bob'))
  await world.objects.delete('Agent', 'carol')
  await world.objects.delete('ConfigMap', 'dora-calendar')
  await world.objects.patch('CalendarIntegration', 'google', { spec: { sync: { window: { futureDays: 30 } } } })
}

/** The result of each change, as a word. */
async function arrived(): Promise<string[]> {
  const { metadata, status } = await world.integration()
  const bob = (await world.agent('bob')).status?.conditions ?? []
  const came = {
    alice: (await world.objects.get('ConfigMap', 'alice-calendar')).data?.['busy.ics'] !== undefined,
    bob: bob.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    carol: (await world.objects.find('Agent', 'carol')) === undefined,
    dora: (await world.objects.find('ConfigMap', 'dora-calendar')) !== undefined,
    integration: status?.observedGeneration === metadata.generation,
  }
  return Object.entries(came).flatMap(([what, is]) => (is ? [what] : []))
}
const ALL = ['alice', 'bob', 'carol', 'dora', 'integration']
const untilAllArrived = (): Promise<boolean> =>
  world.until('all of it has arrived', async () => (await arrived()).length === ALL.length)

const isAlive = (name: string): boolean | undefined => world.google.grants({ account: `${name}@example.com` })[0]?.alive
const interruptions = (): number => world.lines.filter((line) => line.includes('"watch interrupted"')).length
const refused = (): string[] => world.lines.filter((line) => /"level":"(error|fatal)"/.test(line))

describe('a connection to the API server', () => {
  it.each<[string, () => number]>([
    ['is reset', () => proxy.reset()],
    ['is closed towards the operator only', () => proxy.halfClose('operator')],
  ])('that %s is connected anew at once', async (_, cut) => {
    proxy.hold()
    expect(cut()).toBeGreaterThanOrEqual(WATCHES)
    await goOn()
    expect(await arrived()).toEqual([])
    proxy.release()
    const releasedAt = world.clock.now()
    await untilAllArrived()
    expect(world.clock.now() - releasedAt).toBeLessThan(SOON_MS)
    expect(interruptions()).toBeGreaterThanOrEqual(WATCHES)
    expect(isAlive('carol')).toBe(false)
    expect(refused()).toEqual([])
  })

  it.each<[string, () => number]>([
    ['goes silent', () => proxy.forget()],
    ['is closed towards the API server only', () => proxy.halfClose('server')],
  ])('that %s is given up, and connected anew', async (_, cut) => {
    const before = interruptions()
    const cutAt = world.clock.now()
    expect(cut()).toBeGreaterThanOrEqual(WATCHES)
    await goOn()
    expect(await arrived()).toEqual([])
    expect(interruptions()).toBe(before)
    await untilAllArrived()
    expect(world.clock.now() - cutAt).toBeLessThan(NOTICED_MS + SOON_MS)
    await world.until('every watch was given up', () => interruptions() >= before + WATCHES)
    expect(world.clock.now() - cutAt).toBeLessThan(NOTICED_MS + SOON_MS)
    expect(isAlive('carol')).toBe(false)
  })
})
