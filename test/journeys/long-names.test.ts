/** Names as long as the API server takes them. */
import { afterEach, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

let world: World

afterEach(() => world.stop())

test('an Agent with the longest name that is accepted gets its objects and its Events', async () => {
  world = await startWorld()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
  const spec = {
    account: 'alice@example.com',
    grantSecretRef: { name: 'alice-grant' },
    publish: { calendar: { name: `c${'a'.repeat(252)}` }, accessToken: { name: `t${'a'.repeat(252)}` } },
  }
  const name = 'a'.repeat(240)
  await expect(world.objects.apply(agentManifest(`${name}a`, spec))).rejects.toThrow('240 characters')
  await world.objects.apply(agentManifest(name, spec))
  await world.untilReady(name)
  expect(await world.objects.find('Secret', `${name}-google-grant`)).toBeDefined()
  await world.objects.patch('Agent', name, { spec: { calendars: { read: ['nothing@example.com'] } } })
  await world.untilReason(name, 'CalendarNotFound')
  await world.untilEvent('about it', ({ reason }) => reason === 'CalendarNotFound')
})
