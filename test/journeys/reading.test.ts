import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MutationName } from '../../sandbox/google/state/garbling.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const ALICE = 'alice@example.com'
const MINUTE = 60_000

let world: World

beforeEach(async () => {
  world = await startWorld()
  await world.addPerson('alice')
})

afterEach(() => world.stop())

const addEvent = (hours: number, more: object = {}): { id: string } =>
  world.google.addEvent({
    calendar: ALICE,
    event: {
      summary: 'x',
      start: { dateTime: world.inHours(hours) },
      end: { dateTime: world.inHours(hours + 1) },
      ...more,
    },
  })

async function start(): Promise<void> {
  // Short, so that a read comes soon.
  await world.objects.apply(integrationManifest({ sync: { interval: '30s' } }))
  await world.objects.apply(agentManifest('alice'))
}

const busy = (): Promise<Awaited<ReturnType<World['busy']>>> => world.busy('alice')
const conditionOf = async (type: string): Promise<{ status?: string; reason?: string; message?: string }> =>
  (await world.agent('alice')).status?.conditions?.find((one) => one.type === type) ?? {}

describe('an account whose Google Calendar is switched off', () => {
  test('is stalled at once if it was never read, and says what to do', async () => {
    world.google.switchCalendar({ account: ALICE, on: false })
    await start()
    await world.untilReason('alice', 'CalendarDisabled')
    expect(await conditionOf('Stalled')).toMatchObject({ status: 'True' })
    expect((await conditionOf('Ready')).message).toContain('Admin console')
    world.google.switchCalendar({ account: ALICE, on: true })
    await world.clock.advance(5 * MINUTE)
    await world.untilReady('alice')
  })

  test('is stalled at once if it was read before; what is published stays, and so does Authorized', async () => {
    addEvent(3)
    await start()
    await world.untilReady('alice')
    const authorized = await conditionOf('Authorized')
    world.google.switchCalendar({ account: ALICE, on: false })
    await world.untilReason('alice', 'CalendarDisabled')
    expect(await conditionOf('Authorized')).toEqual(authorized)
    await world.until('it is published as incomplete', async () => !(await busy()).complete)
    expect((await busy()).busy).toHaveLength(1)
  })
})

describe('a garbled delta', () => {
  const mutations: MutationName[] = ['nullItem', 'zeroId', 'nullAttendee', 'objectDate', 'noItems', 'hugeSyncToken']

  test.each(mutations)('(%s) makes nobody free, stops nothing, and is corrected', async (mutation) => {
    addEvent(3)
    await start()
    await world.untilReady('alice')
    addEvent(6)
    world.google.addFault({ fault: 'garbled', kind: 'events.list', mutation, times: 1 })
    await world.until('both are there, and understood', async () => {
      const now = await busy()
      expect(now.busy[0]?.start).toBeDefined()
      return now.busy.length === 2 && now.complete
    })
    await world.untilReady('alice')
  })
})
