import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Agent } from '../../src/resources/types.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const ALICE = 'alice@example.com'

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
})

afterEach(() => world.stop())

const deliver = (): void => void world.google.switches({ deliverTo: `http://127.0.0.1:${world.operator.webPort}` })

async function apply(sync: object = {}): Promise<void> {
  await world.objects.apply(integrationManifest({ sync: { push: 'Enabled', ...sync } }))
  await world.objects.apply(agentManifest('alice'))
}

const watchingOf = ({ status }: Agent): { status?: string; reason?: string; message?: string } =>
  status?.conditions?.find(({ type }) => type === 'Watching') ?? {}

const untilWatching = (reason: string, name = 'alice'): Promise<Agent> =>
  world.until(`${name} says ${reason}`, async () => {
    const agent = await world.agent(name)
    return watchingOf(agent).reason === reason && agent
  })

const addEvent = (hours: number, calendar = ALICE): { id: string } =>
  world.google.addEvent({
    calendar,
    event: {
      summary: 'x',
      start: { dateTime: world.inHours(hours) },
      end: { dateTime: world.inHours(hours + 1) },
    },
  })

const asked = (kind: string): number => world.google.requests().byKind[kind] ?? 0
const alive = (): { id: string }[] => world.google.channels().filter((channel) => channel.alive)

describe('a site that Google reaches', () => {
  beforeEach(deliver)

  test('proves the channel, and a change is published within a second', async () => {
    await apply()
    const agent = await untilWatching('Watching')
    expect(agent.status?.sync?.calendars?.[0]?.channel).toMatchObject({ id: alive()[0]?.id })
    expect(alive()).toHaveLength(1)
    await world.clock.advance(5_000)
    const before = asked('events.list')
    addEvent(3)
    const started = world.clock.now()
    await world.until('it is published', async () => (await world.busy('alice')).busy.length === 1)
    expect(world.clock.now() - started).toBeLessThanOrEqual(1_000)
    expect(asked('events.list')).toBe(before + 1)
  })
})
