/** What a tenant writes into Secrets of their own harms nobody else. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AgentStatus, Condition } from '../../src/resources/types.ts'
import { agentOf, CLIENT_ID, clientSecretOf, grantOf, hostileOf, integrationOf } from '../memory/objects.ts'
import { MemoryWorld } from '../memory/world.ts'
import { MINUTE, PLAIN } from './support/one-agent.ts'

let world: MemoryWorld

beforeEach(async () => {
  world = new MemoryWorld()
  world.put(clientSecretOf('file'))
  world.put(grantOf())
  world.put(integrationOf(PLAIN))
  world.put(agentOf(PLAIN))
  await look()
  await look()
})

afterEach(() => world.close())

async function look(): Promise<void> {
  await world.reconcile('CalendarIntegration', 'booking/google')
  await world.reconcile('Agent', 'booking/alice')
}

test.each(['accessNotConfigured', 'rateLimitExceeded', 'dailyLimitExceeded'])(
  'another project’s %s, by an access token that a user put into a Secret, is not the client’s',
  async (reason) => {
    const text = {
      refresh_token: '1//of-bob',
      access_token: 'ya29.of-another-project',
      expires_at: '2026-11-23T10:59:00Z',
      account: 'bob@example.com',
      client_id: CLIENT_ID,
    }
    const data = Object.fromEntries(Object.entries(text).map(([key, value]) => [key, btoa(value)]))
    const labels = { 'app.kubernetes.io/managed-by': 'calendar-operator', 'app.kubernetes.io/component': 'grant' }
    const annotations = { 'calendar-operator.io/agent': 'bob' }
    const metadata = { name: 'bob-google-grant', namespace: 'booking', labels, annotations }
    world.put({ apiVersion: 'v1', kind: 'Secret', metadata, data })
    world.put(
      hostileOf({
        account: 'bob@example.com',
        calendars: ['primary'],
        calendarKind: 'ConfigMap',
        calendarName: 'bob-calendar',
        tokenName: undefined,
        grantName: undefined,
        revoke: false,
      }),
    )
    world.google.before = ({ headers = {} }) => {
      if (!headers.authorization?.includes('another-project')) return
      const error = { errors: [{ domain: 'usageLimits', reason, message: 'x' }], code: 403 }
      world.google.twist([{ do: 'refuse', status: 403, body: { error } }])
    }
    await world.clock.advance(6 * MINUTE)
    await world.reconcile('Agent', 'booking/bob')
    await look()
    const conditions = (kind: string, name: string): Condition[] =>
      (world.kubernetes.find(kind, name)?.status as AgentStatus).conditions ?? []
    const reasons = (kind: string, name: string): string[] => conditions(kind, name).map(({ reason }) => reason)
    expect(reasons('CalendarIntegration', 'google')).toEqual(expect.arrayContaining(['Enabled', 'WithinQuota']))
    expect(conditions('Agent', 'alice')[0]).toMatchObject({
      status: 'True',
      message: 'The calendar is read and up to date.',
    })
    expect(reasons('Agent', 'bob')).toContain('GrantRevoked')
  },
)

test('a Secret in another namespace that names an Agent as its controller is none of that Agent’s', async () => {
  const uid = world.kubernetes.find('Agent', 'alice')?.metadata.uid ?? ''
  const controller = {
    apiVersion: 'calendar-operator.io/v1alpha1',
    kind: 'Agent',
    name: 'alice',
    uid,
    controller: true,
  }
  const labels = { 'app.kubernetes.io/managed-by': 'calendar-operator', 'app.kubernetes.io/component': 'calendar' }
  const metadata = { name: 'old-calendar', namespace: 'mallory', labels, ownerReferences: [controller] }
  world.put({ apiVersion: 'v1', kind: 'Secret', metadata, data: {} })
  await world.clock.advance(6 * MINUTE)
  await look()
  expect(world.kubernetes.find('Secret', 'old-calendar', 'mallory')).toBeDefined()
})
