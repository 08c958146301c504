/** The second half of the story: what goes wrong for everybody at once. */
import { clientSecretFile } from './people.ts'
import { allReady, conditionSays, expectReady, expectThat, INTERVAL, showTable, SLACK, type Scene } from './scene.ts'
import type { Expectation } from './teller.ts'

const INTEGRATION = ['CalendarIntegration', 'google'] as const
/** Alice's, Bob's and the team's; Carol's can't be read any more. */
const READ_CALENDARS = 3
const USER_AGENT = 'calendar-operator'
const READING = ['get', 'list', 'watch', 'other']

export async function clientSecretIsWrong(scene: Scene): Promise<void> {
  const { stage, teller } = scene
  const { google, furnished } = stage
  const apply = (secret?: string): void => {
    stage.applySecret({ name: 'google-oauth-client', values: clientSecretFile(google, furnished.clientId, secret) })
  }
  teller.heading('A wrong client secret is named as such')
  teller.act('Somebody pastes the client secret of another client into Secret google-oauth-client.')
  apply('GOCSPX-of-some-other-client')
  const wrong = await teller.until(conditionSays(scene, [...INTEGRATION, 'Ready'], 'InvalidClient'))
  expectReady(scene, ['alice', 'bob'])
  teller.happened(
    'Proved wrong at Google. Alice and Bob stay Ready: what was read is good for some time.',
    wrong.seconds,
  )
  await showTable(scene, 'calendarintegrations', { wide: true })
  teller.act('The right one is put back.')
  apply()
  const right = await teller.until(conditionSays(scene, [...INTEGRATION, 'CredentialsValid'], 'Proved'))
  await teller.until(allReady(scene, ['alice', 'bob']))
  teller.happened('Noticed by itself, proved, and everything goes on.', right.seconds)
}

export async function googleLimits(scene: Scene): Promise<void> {
  const { stage, teller } = scene
  teller.heading('Google limits the rate, and nobody suffers')
  teller.act('Google answers every reading of a calendar with 429.')
  stage.google.resetRequests()
  stage.google.addFault({ fault: '429', kind: 'events.list' })
  const limited = await teller.until(conditionSays(scene, [...INTEGRATION, 'WithinQuota'], 'RateLimited'))
  teller.happened(`WithinQuota=False, RateLimited: ${limited.value.message}`, limited.seconds)
  // Until the operator has come back once, and was refused again.
  const refused = (): number =>
    stage.google.requests({ kind: 'events.list' }).log.filter(({ status }) => status === 429).length
  const first = refused()
  const patience = await teller.until({
    what: 'the operator tries again after a pause',
    within: 30,
    look: () => refused() > first,
    found: () => `${refused()} requests refused`,
  })
  expectReady(scene, ['alice', 'bob'])
  teller.happened(
    'It pauses for all calendars and comes back with one request; Alice and Bob stay Ready.',
    patience.seconds,
  )
  teller.act('Google answers again.')
  stage.google.clearFaults()
  const over = await teller.until({
    ...conditionSays(scene, [...INTEGRATION, 'WithinQuota'], 'WithinQuota'),
    within: 40,
  })
  await teller.until(allReady(scene, ['alice', 'bob']))
  teller.happened(`WithinQuota=True. Google refused ${refused()} requests in all of that time.`, over.seconds)
}

export async function operatorIsKilled(scene: Scene): Promise<void> {
  const { stage, teller } = scene
  const { google, kubernetes, operator } = stage
  teller.heading('Killed and started again, it has lost nothing')
  teller.command(`kill -9 ${operator.pid}; node dist/main.js run …`)
  await operator.kill()
  google.resetRequests()
  kubernetes.resetRequests()
  operator.start()
  const read = (times: number): Expectation<true> => ({
    what: times === 1 ? 'every calendar is read' : 'every calendar is read once more',
    within: INTERVAL + SLACK,
    look: () => (google.requests().byKind['events.list'] ?? 0) >= times * READ_CALENDARS,
    found: () => JSON.stringify(google.requests().byKind),
  })
  const { seconds } = await teller.until(read(1))
  teller.happened('It has read every calendar, and has no more to do.', seconds)
  await teller.until(read(2))
  expectReady(scene, ['alice', 'bob'])
  const writes = kubernetes.requests({ userAgent: USER_AGENT }).filter(({ verb }) => !READING.includes(verb))
  const named = writes.map(({ verb, resource, count }) => `${count} × ${verb} ${resource}`)
  expectThat(writes.length === 0, 'no write to Kubernetes, since nothing has changed', named.join(', '))
  const requests = Object.entries(google.requests().byKind).map(([kind, count]) => `${count} × ${kind}`)
  teller.happened(
    `From the start until one interval later, of Google: ${requests.join(', ')}; of Kubernetes: no write.`,
  )
}
