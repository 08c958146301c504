/** The step about push: Google announces a change, then an announcement is lost. */
import { conditionSays, INTERVAL, showTable, SLACK, type DemoContext } from './expectations.ts'
import type { BusyDocument, DemoEnvironment } from './environment.ts'
import type { Expectation } from './narrator.ts'
import { addressOf, onDay, ZONE } from './seed.ts'

const FOLDER = 'demo/push'

/** A step: an event at Google reaches the cluster by push, and another one by polling. */
export async function eventReachesCluster(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  narrator.heading('An event at Google reaches the cluster')
  await startWatching(context)
  narrator.act('Frank adds an event to his Google calendar: tomorrow, 14:00 to 15:30, "Dentist".')
  const since = performance.now()
  const dentist = addEvent(environment, '14:00', '15:30')
  const published = await narrator.until(isPublished(environment, dentist, SLACK), since)
  narrator.happened(
    `Google announced it, and it was published ${Math.round(published.seconds * 1000)} ms later. The document does not say why he is busy.`,
  )
  narrator.command("kubectl get configmap frank-calendar -o jsonpath='{.data.busy\\.json}'")
  showDocument(narrator, published.value, (one) => Date.parse(one.start) === dentist)
  narrator.act('He adds another one, from 17:00 to 18:00, and Google loses the notification.')
  environment.google.addFault({ fault: 'lost', kind: 'notification.exists', account: addressOf('frank'), times: 1 })
  const visit = addEvent(environment, '17:00', '18:00')
  const found = await narrator.until(isPublished(environment, visit, INTERVAL + SLACK))
  narrator.happened('The next read has found it. Push replaces no read.', found.seconds)
  await stopWatching(context)
}

async function startWatching(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  await environment.applySecret(environment.seeded.grantOfFrank)
  narrator.command(`kubectl apply -f ${FOLDER}`)
  narrator.output(await environment.applyFolder(FOLDER))
  const since = performance.now()
  const { seconds } = await narrator.until(conditionSays(context, ['Agent', 'frank', 'Watching'], 'Watching'), since)
  narrator.happened("The operator has asked for a channel, and Google's first notification has arrived.", seconds)
  await showTable(context, 'agents/frank', { wide: true })
}

async function stopWatching({ environment, narrator }: DemoContext): Promise<void> {
  narrator.command(`kubectl delete -f ${FOLDER}`)
  narrator.output(await environment.deleteFolder(FOLDER))
  const alive = (): number => environment.google.channels().filter((channel) => channel.alive).length
  const { seconds } = await narrator.until({
    what: 'no channel is left at Google',
    within: SLACK,
    look: () => alive() === 0,
    found: () => `${alive()} channels`,
  })
  narrator.happened('His channel at Google is stopped.', seconds)
}

/** Adds an event for tomorrow. Returns when it starts, in ms since the epoch. */
function addEvent({ google }: DemoEnvironment, from: string, to: string): number {
  const day = Date.now()
  const at = (time: string) => ({ dateTime: onDay(day, 1, time), timeZone: ZONE })
  const event = google.addEvent({
    calendar: addressOf('frank'),
    event: { summary: 'Dentist', start: at(from), end: at(to) },
  })
  return Date.parse(event.start?.dateTime ?? '')
}

function isPublished(environment: DemoEnvironment, start: number, within: number): Expectation<BusyDocument> {
  const document = (): BusyDocument | undefined => environment.busy('frank-calendar')
  return {
    what: 'busy.json has the new interval',
    within,
    look: () => (document()?.busy.some((one) => Date.parse(one.start) === start) ? document() : undefined),
    found: () => JSON.stringify(document()),
  }
}

/** Shows the document as it is, with line breaks. */
function showDocument(
  narrator: DemoContext['narrator'],
  { busy, ...rest }: BusyDocument,
  isNew: (one: BusyDocument['busy'][number]) => boolean,
): void {
  const fields = Object.entries(rest).map(([name, value]) => `"${name}": ${spaced(value)},`)
  narrator.output([`{${fields.slice(0, 3).join(' ')}`, ...fields.slice(3).map((field) => ` ${field}`), ' "busy": ['])
  busy.forEach((one, index) => {
    const end = index < busy.length - 1 ? ',' : ']}'
    narrator.output([`   ${spaced(one)}${end}`], isNew(one) ? 'green' : undefined)
  })
}

const spaced = (value: unknown): string => JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "')
