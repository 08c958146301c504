/**
 * Busy time computed again in the simplest way: minute by minute, by the words of the rules, with Intl for the dates.
 * It shares no code with the room that it checks, and is a thousand times slower.
 */
import type { EventResource } from '../../src/calendar/event-resource.ts'

interface OracleRules {
  tentative: 'Busy' | 'Free'
  allDay: 'Busy' | 'Free'
}

const MINUTE = 60_000

/** For each minute from `start` up to `end`, whether the person is busy in it. */
export function busyMinutes(
  events: EventResource[],
  rules: OracleRules,
  minutes: { start: number; end: number },
  dateOf: (instant: number) => string,
): boolean[] {
  const taking = events.filter((event) => takesTime(event, rules))
  const busy: boolean[] = []
  for (let minute = minutes.start; minute < minutes.end; minute += MINUTE)
    busy.push(taking.some((event) => isOn(event, minute, dateOf)))
  return busy
}

function isOn({ start, end }: EventResource, minute: number, dateOf: (instant: number) => string): boolean {
  if (start?.date && end?.date) {
    const date = dateOf(minute)
    return date === start.date || (start.date < date && date < end.date)
  }
  return Date.parse(String(start?.dateTime)) <= minute && minute < Date.parse(String(end?.dateTime))
}

function takesTime(event: EventResource, rules: OracleRules): boolean {
  const own = (event.attendees ?? []).filter(({ self }) => self).map(({ responseStatus }) => responseStatus)
  const reasonsToBeFree = [
    event.status === 'cancelled',
    event.transparency === 'transparent',
    event.eventType === 'workingLocation',
    event.eventType === 'birthday',
    own.includes('declined'),
    rules.tentative === 'Free' && (own.includes('tentative') || event.status === 'tentative'),
    rules.allDay === 'Free' && event.start?.date,
  ]
  return !reasonsToBeFree.some(Boolean)
}

/** The local date of an instant; cached, because Intl is slow. */
export function localDates(timeZone: string): (instant: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })
  const known = new Map<number, string>()
  return (instant) => {
    const date = known.get(instant) ?? format.format(instant)
    known.set(instant, date)
    return date
  }
}
