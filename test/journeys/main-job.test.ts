import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.stop())

describe('the main job', () => {
  test('a manifest becomes a token, events, a busy.json and a status', async () => {
    await world.addPerson('alice')
    const start = world.inHours(3)
    const end = world.inHours(4)
    world.google.addEvent({
      calendar: 'alice@example.com',
      event: { summary: 'Dentist', start: { dateTime: start }, end: { dateTime: end } },
    })
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice'))
    const agent = await world.untilReady('alice')
    expect(agent.status?.observedGeneration).toBe(agent.metadata.generation)
    const busy = await world.busy('alice')
    expect(busy.busy).toEqual([{ start, end }])
    expect(busy.complete).toBe(true)
    expect(busy.agent).toBe(`${world.namespace}/alice`)
  })
})
