/**
 * Alerts fired by the metrics of a real run: the operator on the sandbox, scraped minute by minute of a clock that stops
 * still in between. In each chapter exactly the alerts fire that the one who is woken would expect.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BookingsWorld } from '../journeys/support/bookings.ts'
import { agentManifest, integrationManifest } from '../journeys/support/manifests.ts'
import { startWorld, type World } from '../journeys/support/world.ts'
import { shippedAlerts } from '../support/alerts.ts'
import { scrapeText } from '../journeys/support/scrape.ts'
import { promtool } from './support/promtool.ts'
import { Timeline } from './support/timeline.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const alice = (world: World) => ({ namespace: world.namespace, agent: 'alice' })
const google = (world: World) => ({ namespace: world.namespace, integration: 'google' })
const calendarOf = (world: World) => ({ ...alice(world), output: 'calendar' })
const job = { job: 'calendar-operator' }

/** No fault of Google's or of a person's leads to them. */
const NOT_IN_THE_STORY = ['CalendarOperatorWorkerStuck', 'CalendarOperatorMetricsBroken', 'CalendarOperatorBacklog']
const told = new Set<string>()

let world: World

beforeEach(async () => {
  world = await startWorld({ flags: { 'leader-elect': 'true' } })
  site = new BookingsWorld(world)
})

afterEach(() => world.stop())

async function begin(...names: string[]): Promise<void> {
  world.google.setProject({ publishing: 'Testing' })
  await world.objects.apply(integrationManifest())
  for (const name of names) {
    await world.addPerson(name)
    await world.objects.apply(agentManifest(name))
    await world.untilReady(name)
  }
}

const write = (calendar: string | null): Promise<unknown> =>
  world.objects.patch('Agent', 'alice', { spec: { calendars: { write: calendar } } })

let site: BookingsWorld

const book = (name: string, hours: number, agent = 'alice'): Promise<void> =>
  site.book(name, { agentRef: { name: agent }, ...site.times(hours, hours + 1) })

async function expectFiring(timeline: Timeline, fires: Record<string, Record<string, string>>): Promise<void> {
  for (const alert of Object.keys(fires)) told.add(alert)
  const { ok, output } = await timeline.judge(fires)
  expect(output).toContain('SUCCESS')
  expect(ok).toBe(true)
}

describe('of a run', () => {
  test('in which all is well, nothing fires', async () => {
    await begin('alice', 'bob')
    const timeline = new Timeline(world)
    await timeline.pass(40)
    await expectFiring(timeline, {})
  })

  test.each([
    [47, 'CalendarGrantExpiresSoon'],
    [11, 'CalendarGrantExpiresNow'],
  ])('in which a grant has %i hours left, %s fires', async (hours, alert) => {
    await begin('alice')
    const end = Date.parse((await world.agent('alice')).status?.authorization?.expiresAt ?? '')
    world.clock.jump(end - hours * HOUR - world.clock.now())
    await world.until('it is warned about', async () => {
      const { status } = await world.agent('alice')
      return status?.conditions?.some(({ reason }) => reason === 'GrantExpiresSoon')
    })
    const timeline = new Timeline(world)
    await timeline.pass(3)
    await expectFiring(timeline, { [alert]: alice(world) })
  })

  test('in which a grant is revoked, the agent is reported, and that programs see old times; nothing of the other one', async () => {
    await begin('alice', 'bob')
    const { refresh_token: refreshToken = '' } = await world.objects.secretText('alice-google-grant')
    world.google.revoke({ refreshToken })
    await world.untilReason('alice', 'GrantRevoked')
    const timeline = new Timeline(world)
    await timeline.pass(5)
    await expectFiring(timeline, {})
    await timeline.pass(8)
    await expectFiring(timeline, { CalendarOutputExpired: calendarOf(world) })
    await timeline.pass(6)
    await expectFiring(timeline, {
      CalendarOutputExpired: calendarOf(world),
      CalendarAgentNotReady: alice(world),
      CalendarAgentStale: alice(world),
    })
  })

  test('in which the calendar that is written is taken back, its Bookings are reported, and a taken slot is not', async () => {
    await begin('alice')
    await write('primary')
    await book('viewing', 24)
    await site.untilReason('viewing', 'Ready')
    await book('second-viewing', 24)
    await site.untilReason('second-viewing', 'SlotTaken')
    await write(null)
    await world.untilReady('alice')
    await book('tasting', 48)
    await site.untilReason('tasting', 'NoWriteCalendar')
    const timeline = new Timeline(world)
    await timeline.pass(18)
    await expectFiring(timeline, { CalendarBookingStalled: { ...alice(world), reason: 'NoWriteCalendar' } })
  })

  test('in which a Booking names an agent that nobody makes, it is reported', async () => {
    await begin('alice')
    await book('viewing', 24, 'bob')
    await site.untilReason('viewing', 'AgentNotFound')
    const timeline = new Timeline(world)
    await timeline.pass(18)
    await expectFiring(timeline, { CalendarBookingWaiting: { namespace: world.namespace, agent: 'bob' } })
  })

  test('in which notifications stop arriving, the agent is reported, and stays ready', async () => {
    await world.objects.apply(integrationManifest({ sync: { push: 'Enabled', interval: '1m' } }))
    world.google.switches({ deliverTo: `http://127.0.0.1:${world.operator.webPort}` })
    await world.addPerson('alice')
    await world.objects.apply(agentManifest('alice'))
    const watching = async (): Promise<string | undefined> =>
      (await world.agent('alice')).status?.conditions?.find(({ type }) => type === 'Watching')?.status
    await world.until('a notification has arrived', async () => (await watching()) === 'True')
    const timeline = new Timeline(world)
    await timeline.pass(3)
    world.google.switches({ deliverTo: 'http://127.0.0.1:9' })
    for (let hour = 1; (await watching()) === 'True' && hour < 12; hour++) {
      const event = { start: { dateTime: world.inHours(2 * hour) }, end: { dateTime: world.inHours(2 * hour + 1) } }
      world.google.addEvent({ calendar: 'alice@example.com', event })
      await timeline.pass(4)
    }
    await timeline.pass(35)
    await expectFiring(timeline, { CalendarAgentNotWatching: alice(world) })
  })

  test('in which nobody signs in for a day, that fires and nothing else', async () => {
    // A Lease that is renewed every two seconds would make it a long day.
    await world.stopOperator()
    await world.startOperator()
    await begin()
    await world.objects.apply(agentManifest('alice', { grantSecretRef: null }))
    await world.untilReason('alice', 'AwaitingSignIn')
    const timeline = new Timeline(world, 30)
    await timeline.pass(25 * 60)
    await expectFiring(timeline, { CalendarAgentAwaitsSignIn: alice(world) })
  })

  test('in which Google limits the client, the integration is reported, and what follows from it', async () => {
    await begin('alice')
    world.google.addFault({ fault: '429', kind: '*', retryAfter: 30 })
    await world.until('the limit shows', async () => {
      const { status } = await world.integration()
      return status?.conditions?.some(({ reason }) => reason === 'RateLimited')
    })
    const timeline = new Timeline(world)
    await timeline.pass(40)
    await expectFiring(timeline, {
      CalendarIntegrationRateLimited: google(world),
      CalendarAgentNotReady: alice(world),
      CalendarAgentStale: alice(world),
      CalendarOutputExpired: calendarOf(world),
      CalendarOperatorReconcileErrors: { ...job, controller: 'agent' },
    })
  })

  test('in which Google refuses the client, its integration is reported before its agents', async () => {
    await begin('alice')
    const other = world.google.addClient({})
    world.addSecret(other.clientSecret)
    const file = world.google.clientFile(world.client.clientId)
    const text = JSON.stringify(file).replaceAll(world.client.clientSecret, other.clientSecret)
    await world.objects.secret('google-oauth-client', { 'client_secret.json': text })
    await world.until('it is refused', async () => {
      const { status } = await world.integration()
      return status?.conditions?.some(({ reason }) => reason === 'InvalidClient')
    })
    const timeline = new Timeline(world)
    await timeline.pass(12)
    await expectFiring(timeline, { CalendarIntegrationNotReady: google(world) })
  })

  test('in which Google does not answer, the way to Google is reported, and what follows from it', async () => {
    await begin('alice')
    const timeline = new Timeline(world)
    await timeline.pass(15)
    world.google.addFault({ fault: '503', kind: '*' })
    await timeline.pass(32)
    await expectFiring(timeline, {
      CalendarOperatorGoogleUnreachable: job,
      CalendarOperatorReconcileErrors: { ...job, controller: 'agent' },
      CalendarAgentNotReady: alice(world),
      CalendarAgentStale: alice(world),
      CalendarOutputExpired: calendarOf(world),
    })
  })

  test('in which a published object is deleted and may not be made again, it is reported missing', async () => {
    await begin('alice')
    world.sandbox?.failNext({ method: 'POST', path: '/configmaps', status: 403, times: Infinity })
    await world.objects.delete('ConfigMap', 'alice-calendar')
    await world.untilReason('alice', 'PublishFailed')
    const timeline = new Timeline(world)
    await timeline.pass(8)
    await expectFiring(timeline, { CalendarOutputMissing: calendarOf(world) })
  })

  test('in which the operator ends, its absence fires', async () => {
    await begin('alice')
    const timeline = new Timeline(world)
    await timeline.pass(5)
    await world.stopOperator()
    timeline.operatorRuns = false
    await timeline.pass(12)
    await expectFiring(timeline, { CalendarOperatorDown: { name: 'calendar-operator' } })
  })

  test('in which no replica may write the Lease, nobody leads', async () => {
    await world.stopOperator()
    world.sandbox?.failNext({ path: '/leases', status: 403, times: Infinity })
    await world.startOperator({ 'leader-elect': 'true' })
    const timeline = new Timeline(world)
    await timeline.pass(4)
    await expectFiring(timeline, { CalendarOperatorNoLeader: job })
  })
})

test('a scrape is what promtool takes for one, and our own metrics are named as Prometheus’ practice asks', async () => {
  await begin('alice')
  const { output } = await promtool(['check', 'metrics'], await scrapeText(world))
  // What Node's and controller-runtime's libraries call theirs is not for us to change.
  expect(output.split('\n').filter((line) => line.startsWith('calendar_operator_'))).toEqual([])
  expect(output).not.toContain('error while linting')
})

test('the story tells of every alert but those that no such run leads to', () => {
  const others = shippedAlerts()
    .map(({ alert }) => alert)
    .filter((alert) => !NOT_IN_THE_STORY.includes(alert))
  expect([...told].sort()).toEqual(others.sort())
})
