/** The story, a function a step: something is done, and the operator's answer to it is waited for and shown. */
import { addressOf, BOB_CONSENTED_HOURS_AGO, onDay, ZONE } from './people.ts'
import { allReady, conditionSays, counts, expectThat, PEOPLE, showTable, INTERVAL, SLACK, type Scene } from './scene.ts'
import type { BusyDocument } from './stage.ts'
import { formatTable } from './table.ts'
import { personSignsIn } from './sign-in.ts'
import { clientSecretIsWrong, googleLimits, operatorIsKilled } from './trouble.ts'

export async function tell(scene: Scene): Promise<void> {
  introduce(scene)
  await agentsBecomeReady(scene)
  await personSignsIn(scene)
  await eventIsAdded(scene)
  await grantEndsSoon(scene)
  await grantIsRevoked(scene)
  await clientSecretIsWrong(scene)
  await googleLimits(scene)
  await operatorIsKilled(scene)
  await howItStands(scene)
}

function introduce({ teller, stage }: Scene): void {
  teller.line(
    teller.in('bold', "calendar-operator: people's Google calendars, for the programs in a Kubernetes cluster"),
  )
  teller.line()
  teller.paragraph(
    `The operator, as it ships, runs in a process of its own between a simulated Google and ${stage.backend.name} on this machine. Nothing leaves it. Below a command stands what the API server answers, laid out to fit; no kubectl is needed.`,
  )
}

async function agentsBecomeReady(scene: Scene): Promise<void> {
  const { stage, teller } = scene
  teller.heading('A manifest for the OAuth client, and one for each person')
  teller.command(`node dist/main.js ${stage.operatorArgs.join(' ')}`)
  stage.operator.start()
  teller.command('kubectl apply -f demo/manifests')
  teller.output(await stage.applyManifests())
  teller.act(
    "Their Secrets follow: the client file from Google's console, and the refresh tokens of Alice, Bob and Carol.",
  )
  const since = performance.now()
  for (const secret of stage.furnished.secrets) await stage.applySecret(secret)
  const { seconds } = await teller.until(allReady(scene, PEOPLE), since)
  teller.happened('The OAuth client is proved, every grant checked, every calendar read and published.', seconds)
  await teller.until(counts(scene, '3/3'))
  await showTable(scene, 'calendarintegrations')
  await showTable(scene, 'agents')
}

async function eventIsAdded({ stage, teller }: Scene): Promise<void> {
  teller.heading('An event at Google reaches the cluster')
  teller.act('Alice adds an event to her Google calendar: tomorrow, 14:00 to 15:30, "Dentist".')
  const day = Date.now()
  const at = (time: string) => ({ dateTime: onDay(day, 1, time), timeZone: ZONE })
  const event = stage.google.addEvent({
    calendar: addressOf('alice'),
    event: { summary: 'Dentist', start: at('14:00'), end: at('15:30') },
  })
  const start = Date.parse(event.start?.dateTime ?? '')
  const isNew = (one: BusyDocument['busy'][number]): boolean => Date.parse(one.start) === start
  const { value, seconds } = await teller.until({
    what: 'the new interval stands in busy.json',
    within: INTERVAL + SLACK,
    look: () => {
      const document = stage.busy('alice-calendar')
      return document?.busy.some(isNew) && document
    },
    found: () => JSON.stringify(stage.busy('alice-calendar')),
  })
  teller.happened(`Read within its interval of 10 s. The second of these is new; why she is busy is not told.`, seconds)
  teller.command("kubectl get configmap alice-calendar -o jsonpath='{.data.busy\\.json}'")
  showDocument(teller, value, isNew)
}

/** As it is, with line breaks. */
function showDocument(
  teller: Scene['teller'],
  { busy, ...rest }: BusyDocument,
  isNew: (one: BusyDocument['busy'][number]) => boolean,
): void {
  const fields = Object.entries(rest).map(([name, value]) => `"${name}": ${spaced(value)},`)
  teller.output([`{${fields.slice(0, 3).join(' ')}`, ...fields.slice(3).map((field) => ` ${field}`), ' "busy": ['])
  busy.forEach((one, index) => {
    const end = index < busy.length - 1 ? ',' : ']}'
    teller.output([`   ${spaced(one)}${end}`], isNew(one) ? 'green' : undefined)
  })
}

const spaced = (value: unknown): string => JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "')

async function grantEndsSoon(scene: Scene): Promise<void> {
  const { stage, teller } = scene
  teller.heading('A grant that nears its seventh day is warned about')
  teller.act(
    `Bob consented ${Math.floor(BOB_CONSENTED_HOURS_AGO / 24)} days and ${BOB_CONSENTED_HOURS_AGO % 24} hours ago. While an app is in Testing, Google ends every grant after seven days.`,
  )
  await teller.until(conditionSays(scene, ['Agent', 'bob', 'Authorized'], 'GrantExpiresSoon'))
  const events = await teller.until({
    what: 'there is an Event GrantExpiresSoon',
    within: SLACK,
    look: async () => {
      const found = await stage.table('events?fieldSelector=reason%3DGrantExpiresSoon', 'api/v1')
      return found.rows.length > 0 && found
    },
    found: () => 'none',
  })
  teller.happened('The status says so, and an Event; Bob stays Ready until then.')
  teller.command('kubectl get events --field-selector reason=GrantExpiresSoon')
  teller.output(formatTable(events.value, { width: 116 }))
}

async function grantIsRevoked(scene: Scene): Promise<void> {
  const { stage, teller } = scene
  teller.heading('A revoked grant is named, and the last calendar stays')
  const version = (): string | undefined => stage.object('Secret', 'carol-calendar')?.metadata.resourceVersion
  const before = version()
  teller.act('Carol removes the app from her Google account.')
  stage.google.revoke({ account: addressOf('carol') })
  const { value, seconds } = await teller.until(conditionSays(scene, ['Agent', 'carol', 'Ready'], 'GrantRevoked'))
  expectThat(before !== undefined && version() === before, 'Secret carol-calendar as it was', `version ${version()}`)
  teller.happened('Noticed with the next reading. Secret carol-calendar, as it was read last, is untouched.', seconds)
  await showTable(scene, 'agents/carol')
  teller.command(`kubectl get agents/carol -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}'`)
  teller.quote(value.message)
}

async function howItStands(scene: Scene): Promise<void> {
  const { teller, stage } = scene
  teller.heading('How it stands')
  await teller.until(counts(scene, '3/4'))
  await showTable(scene, 'calendarintegrations', { wide: true })
  await showTable(scene, 'agents', { wide: true })
  const { lines, leaks } = await stage.searchLog()
  expectThat(leaks.length === 0, 'no secret and no address in the log', leaks.join(', '))
  teller.happened(`The operator logged ${lines} lines: no token, no client secret and no address in any of them.`)
}
