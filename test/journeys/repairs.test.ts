import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, withinMs, type World } from './support/world.ts'

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
  await world.objects.apply(agentManifest('alice'))
  await world.untilReady('alice')
  await world.clock.advance(5_000)
})

afterEach(() => world.stop())

const statusOf = async (kind: string, name: string): Promise<unknown> =>
  ((await world.objects.get(kind, name)) as { status?: unknown }).status

describe.each([
  ['Agent', 'alice'],
  ['CalendarIntegration', 'google'],
])('the status of %s %s that somebody writes over', (kind, name) => {
  test('is repaired at once, with one write and no request to Google', async () => {
    const before = await statusOf(kind, name)
    world.google.resetRequests()
    world.sandbox?.resetRequests()
    await world.objects.patch(kind, `${name}/status`, {
      status: { conditions: [ready] },
    })
    const start = world.clock.now()
    await world.until(
      'it is what it was',
      async () => JSON.stringify(await statusOf(kind, name)) === JSON.stringify(before),
    )
    expect(world.clock.now() - start).toBeLessThan(withinMs(2_000))
    await world.clock.advance(60_000)
    expect(world.google.requests().total).toBe(0)
    const writes = (world.sandbox?.requests() ?? []).filter(
      ({ verb, userAgent }) => verb === 'patch' && userAgent.startsWith('calendar-operator'),
    )
    if (world.sandbox) expect(writes.reduce((sum, { count }) => sum + count, 0)).toBe(1)
  })
})

const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: 'written by hand',
  lastTransitionTime: '2020-01-01T00:00:00Z',
  observedGeneration: 1,
}
