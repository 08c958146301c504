/** The step about bookings: an appointment is written into Alice's calendar, and follows when she moves it. */
import { conditionSays, expectThat, showTable, SLACK, type DemoContext } from './expectations.ts'
import type { DemoEnvironment } from './environment.ts'
import type { Expectation } from './narrator.ts'
import { addressOf } from './seed.ts'

const FIRST = 'demo/bookings/1-viewing.yaml'
const SECOND = 'demo/bookings/2-second-viewing.yaml'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A step: a Booking takes a free hour, a second one for it is refused, and Alice moves the event. */
export async function appointmentIsBooked(context: DemoContext): Promise<void> {
  const { narrator } = context
  narrator.heading("An appointment in Alice's calendar")
  const start = await book(context)
  await refuseSecond(context)
  await aliceMovesIt(context, start)
  await cancel(context)
}

/** Returns when the appointment starts, in ms since the epoch. */
async function book(context: DemoContext): Promise<number> {
  const { environment, narrator } = context
  const start = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS + 14 * HOUR_MS
  narrator.command(`kubectl apply -f ${FIRST}`)
  narrator.output(await applyForTomorrow(context, FIRST))
  const since = performance.now()
  const booked = await narrator.until(conditionSays(context, ['Booking', 'viewing', 'Booked'], 'Booked'), since)
  const published = await narrator.until(isBusy(environment, start, true), since)
  const events = standingEvents(environment)
  expectThat(events.length === 1, 'one event at Google', `${events.length} events`)
  narrator.happened(
    `Her calendar is checked, the hour is free, and the event stands at Google ${ms(booked.seconds)} later. busy.json has it ` +
      `${ms(published.seconds)} after the Booking was created, without a further read.`,
  )
  await showTable(context, 'bookings')
  return start
}

const ms = (seconds: number): string => `${Math.round(seconds * 1000)} ms`

async function refuseSecond(context: DemoContext): Promise<void> {
  const { narrator } = context
  narrator.command(`kubectl apply -f ${SECOND}`)
  narrator.output(await applyForTomorrow(context, SECOND))
  const name = 'second-viewing'
  const { value, seconds } = await narrator.until(conditionSays(context, ['Booking', name, 'Accepted'], 'SlotTaken'))
  narrator.happened('The slot is taken. This answer is final until the Booking asks for another time.', seconds)
  narrator.command(`kubectl get bookings/${name} -o jsonpath='{.status.conditions[?(@.type=="Accepted")].message}'`)
  narrator.quote(value.message)
}

async function aliceMovesIt(context: DemoContext, start: number): Promise<void> {
  const { environment, narrator } = context
  narrator.act('Alice moves the appointment by two hours, in Google Calendar.')
  const at = (instant: number) => ({ dateTime: new Date(instant).toISOString() })
  const changes = { start: at(start + 2 * HOUR_MS), end: at(start + 3 * HOUR_MS) }
  const [event] = standingEvents(environment)
  environment.google.changeEvent({ calendar: addressOf('alice'), id: event?.id ?? '', changes })
  const since = performance.now()
  const { seconds } = await narrator.until(conditionSays(context, ['Booking', 'viewing', 'Booked'], 'Moved'), since)
  narrator.happened('The next read of her calendar has found it, and the Booking says when it is now.', seconds)
  await showTable(context, 'bookings')
}

async function cancel(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  narrator.command('kubectl delete -f demo/bookings')
  narrator.output(await environment.deleteFolder('demo/bookings'))
  const { seconds } = await narrator.until({
    what: "no appointment is left in Alice's calendar",
    within: SLACK,
    look: () => standingEvents(environment).length === 0 && environment.object('Booking', 'viewing') === undefined,
    found: () => `${standingEvents(environment).length} events`,
  })
  narrator.happened('The event is deleted at Google, and her time is free again.', seconds)
}

const applyForTomorrow = ({ environment }: DemoContext, file: string): Promise<string[]> =>
  environment.applyFile(file, (text) =>
    text.replaceAll(/'[-\d]+T/g, `'${new Date(Date.now() + DAY_MS).toISOString().slice(0, 10)}T`),
  )

function isBusy(environment: DemoEnvironment, start: number, wanted: boolean): Expectation<true> {
  const busy = (): { start: string }[] => environment.busy('alice-calendar')?.busy ?? []
  return {
    what: 'busy.json has the appointment',
    within: SLACK,
    look: () => busy().some((one) => Date.parse(one.start) === start) === wanted,
    found: () => JSON.stringify(busy()),
  }
}

/** The events that Bookings have in Alice's calendar. */
const standingEvents = ({ google }: DemoEnvironment): { id: string }[] =>
  google.events({ calendar: addressOf('alice') }).filter((event) => event.status !== 'cancelled' && isOfBooking(event))

const isOfBooking = (event: object): boolean =>
  (event as { extendedProperties?: { private?: object } }).extendedProperties?.private !== undefined
