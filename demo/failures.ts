/** The steps of the demo in which something fails for everybody at once. */
import { clientSecretFile } from './seed.ts'
import {
  allReady,
  conditionSays,
  expectReady,
  upToDate,
  expectThat,
  INTERVAL,
  showTable,
  SLACK,
  type DemoContext,
} from './expectations.ts'
import type { Expectation } from './narrator.ts'

const INTEGRATION = ['CalendarIntegration', 'google'] as const
/** Those of Alice, Bob, the team and Dora; Carol's cannot be read any more. */
const READ_CALENDARS = 4
/** People whose grants are good. Once all of them are up to date, the operator writes nothing more about them. */
const SIGNED_IN = ['alice', 'bob', 'dora']
const USER_AGENT = 'calendar-operator'
const READING = ['get', 'list', 'watch', 'other']

/** A step: the client secret is wrong, and then right again. */
export async function clientSecretIsWrong(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  const { google, seeded } = environment
  const apply = (secret?: string): Promise<void> =>
    environment.applySecret({ name: 'google-oauth-client', values: clientSecretFile(google, seeded.clientId, secret) })
  narrator.heading('A wrong client secret')
  narrator.act("Somebody pastes another client's secret into Secret google-oauth-client.")
  await apply('GOCSPX-of-some-other-client')
  const wrong = await narrator.until(conditionSays(context, [...INTEGRATION, 'Ready'], 'InvalidClient'))
  expectReady(context, ['alice', 'bob'])
  narrator.happened(
    'Google refuses it, and the status says so. Alice and Bob stay Ready: what was read is good for 15 minutes.',
    wrong.seconds,
  )
  await showTable(context, 'calendarintegrations', { wide: true })
  narrator.act('The right secret is put back.')
  await apply()
  const right = await narrator.until(conditionSays(context, [...INTEGRATION, 'CredentialsValid'], 'Proved'))
  await narrator.until(allReady(context, ['alice', 'bob']))
  narrator.happened('The operator notices, verifies it, and continues.', right.seconds)
}

/** A step: Google limits the rate of requests for a while. */
export async function googleLimits(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  narrator.heading('Google limits the rate of requests')
  narrator.act('Google answers every read of a calendar with 429.')
  environment.google.resetRequests()
  environment.google.addFault({ fault: '429', kind: 'events.list' })
  const limited = await narrator.until(conditionSays(context, [...INTEGRATION, 'WithinQuota'], 'RateLimited'))
  narrator.happened(`WithinQuota=False, RateLimited: ${limited.value.message}`, limited.seconds)
  const refused = (): number =>
    environment.google.requests({ kind: 'events.list' }).log.filter(({ status }) => status === 429).length
  const first = refused()
  const patience = await narrator.until({
    what: 'the operator tries again after a pause',
    within: 30,
    look: () => refused() > first,
    found: () => `${refused()} requests refused`,
  })
  const again = refused() - first
  expectReady(context, ['alice', 'bob'])
  narrator.happened(
    `It pauses all reads, and then tries again with ${again === 1 ? 'one request' : `${again} requests`}.`,
    patience.seconds,
  )
  const message = (): string => environment.condition('Agent', 'alice', 'Ready')?.message ?? ''
  await narrator.until({
    what: 'Agent alice says until when its calendar is good',
    within: INTERVAL + SLACK,
    look: () => message().startsWith('What was published is good until'),
    found: message,
  })
  narrator.command(`kubectl get agents/alice -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}'`)
  narrator.quote(message())
  narrator.act('Google answers again.')
  environment.google.clearFaults()
  const since = performance.now()
  await narrator.until({ ...conditionSays(context, [...INTEGRATION, 'WithinQuota'], 'WithinQuota'), within: 40 })
  const over = await narrator.until(upToDate(context, SIGNED_IN), since)
  narrator.happened(
    `WithinQuota=True, and every calendar is up to date. Google refused ${refused()} requests in total.`,
    over.seconds,
  )
}

/** A step: the operator is killed and restarted. */
export async function operatorIsKilled(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  const { google, backend, operator } = environment
  narrator.heading('Killed and restarted, it has lost nothing')
  narrator.command(`kill -9 ${operator.pid}; node dist/main.js run …`)
  await operator.kill()
  google.resetRequests()
  backend.resetRequests()
  operator.start()
  const read = (times: number): Expectation<true> => ({
    what: times === 1 ? 'every calendar is read' : 'every calendar is read once more',
    within: INTERVAL + SLACK,
    look: () => (google.requests().byKind['events.list'] ?? 0) >= times * READ_CALENDARS,
    found: () => JSON.stringify(google.requests().byKind),
  })
  const { seconds } = await narrator.until(read(1))
  narrator.happened('It has verified the client again and read every calendar.', seconds)
  await narrator.until(read(2))
  await narrator.until(upToDate(context, SIGNED_IN))
  const sent = backend.requests(USER_AGENT)
  expectThat(sent.length > 0, 'requests of the operator to Kubernetes', 'none')
  const writes = sent.filter(({ verb }) => !READING.includes(verb))
  const named = writes.map(({ verb, resource, count }) => `${count} × ${verb} ${resource}`)
  expectThat(writes.length === 0, 'no write to Kubernetes, since nothing has changed', named.join(', '))
  const { 'token.refresh': tokens = 0, 'events.list': readings = 0, ...others } = google.requests().byKind
  const asked = JSON.stringify(google.requests().byKind)
  expectThat(tokens === 2 && Object.keys(others).length === 0, 'two token requests, and reads', asked)
  narrator.happened(
    `One interval later it has sent Google 2 token requests (one to verify the client, one for Carol's dead grant) and ${readings} reads of ${READ_CALENDARS} calendars, and has written nothing to Kubernetes.`,
  )
}
