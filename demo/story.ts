/** The steps of the demo, one function each: do something, wait for what the operator makes of it, and show that. */
import { addressOf, BOB_CONSENTED_HOURS_AGO } from './seed.ts'
import {
  allReady,
  conditionSays,
  counts,
  expectThat,
  PEOPLE,
  showTable,
  SLACK,
  type DemoContext,
} from './expectations.ts'
import { appointmentIsBooked } from './bookings.ts'
import { eventReachesCluster } from './push.ts'
import { formatTable } from './table.ts'
import { personSignsIn } from './sign-in.ts'
import { clientSecretIsWrong, googleLimits, operatorIsKilled } from './failures.ts'

/** Runs all steps of the demo in order. */
export async function tell(context: DemoContext): Promise<void> {
  introduce(context)
  await agentsBecomeReady(context)
  await personSignsIn(context)
  await eventReachesCluster(context)
  await appointmentIsBooked(context)
  await grantEndsSoon(context)
  await grantIsRevoked(context)
  await clientSecretIsWrong(context)
  await googleLimits(context)
  await operatorIsKilled(context)
  await showFinalState(context)
}

function introduce({ narrator, environment }: DemoContext): void {
  narrator.line(
    narrator.in('bold', "calendar-operator: people's Google calendars, for the programs in a Kubernetes cluster"),
  )
  narrator.line()
  narrator.paragraph(
    `The operator runs as it ships, in its own process, between a simulated Google and ${environment.backend.name} on this machine. Nothing leaves the machine. Below each command is the API server's answer, wrapped to fit; you do not need kubectl.`,
  )
}

async function agentsBecomeReady(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  narrator.heading('One manifest for the OAuth client, and one for each person')
  narrator.command(`node dist/main.js ${environment.operatorArgs.join(' ')}`)
  environment.operator.start()
  narrator.command('kubectl apply -f demo/manifests')
  narrator.output(await environment.applyManifests())
  narrator.act(
    "Their Secrets follow: the client file from Google's console, and the refresh tokens of Alice, Bob and Carol.",
  )
  const since = performance.now()
  for (const secret of environment.seeded.secrets) await environment.applySecret(secret)
  const { seconds } = await narrator.until(allReady(context, PEOPLE), since)
  narrator.happened(
    'The operator has verified the client, checked every grant, and read and published every calendar.',
    seconds,
  )
  await narrator.until(counts(context, '3/3'))
  await showTable(context, 'calendarintegrations')
  await showTable(context, 'agents')
}

async function grantEndsSoon(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  narrator.heading('A warning before a grant ends')
  narrator.act(
    `Bob consented ${Math.floor(BOB_CONSENTED_HOURS_AGO / 24)} days and ${BOB_CONSENTED_HOURS_AGO % 24} hours ago. While an app is in Testing, Google ends every grant after seven days.`,
  )
  await narrator.until(conditionSays(context, ['Agent', 'bob', 'Authorized'], 'GrantExpiresSoon'))
  const events = await narrator.until({
    what: 'there is an Event GrantExpiresSoon',
    within: SLACK,
    look: async () => {
      const found = await environment.table('events?fieldSelector=reason%3DGrantExpiresSoon', 'api/v1')
      return found.rows.length > 0 && found
    },
    found: () => 'none',
  })
  narrator.happened('The status and an Event say so. Bob stays Ready until then.')
  narrator.command('kubectl get events --field-selector reason=GrantExpiresSoon')
  narrator.output(formatTable(events.value, { width: 116 }))
}

async function grantIsRevoked(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  narrator.heading('A revoked grant: the status says so, and the published calendar stays')
  const version = (): string | undefined => environment.object('Secret', 'carol-calendar')?.metadata.resourceVersion
  const before = version()
  narrator.act('Carol removes the app from her Google account.')
  environment.google.revoke({ account: addressOf('carol') })
  const { value, seconds } = await narrator.until(conditionSays(context, ['Agent', 'carol', 'Ready'], 'GrantRevoked'))
  expectThat(before !== undefined && version() === before, 'Secret carol-calendar as it was', `version ${version()}`)
  narrator.happened(
    'Noticed at the next read. Secret carol-calendar still holds the calendar as it was last read.',
    seconds,
  )
  await showTable(context, 'agents/carol')
  narrator.command(`kubectl get agents/carol -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}'`)
  narrator.quote(value.message)
}

async function showFinalState(context: DemoContext): Promise<void> {
  const { narrator, environment } = context
  narrator.heading('The final state')
  await narrator.until(counts(context, '3/4'))
  await showTable(context, 'calendarintegrations', { wide: true })
  await showTable(context, 'agents', { wide: true })
  const { lines, leaks } = await environment.searchLog()
  expectThat(leaks.length === 0, 'no secret and no address in the log', leaks.join(', '))
  narrator.happened(
    `The operator logged ${lines} lines. None of them contains a token, a client secret or an e-mail address.`,
  )
}
