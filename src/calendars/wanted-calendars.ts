/** Resolves the calendars that an Agent's spec names. Pure. */
import type { Agent } from '../resources/types.ts'

/**
 * The calendars that the spec names, without duplicates, those that are read in its order, then the one that is written: maps ids at Google to the names in the spec. E-mail addresses
 * are compared without regard to case.
 * @param account the account of the grant, which `primary` stands for; `spec.account` if it is not known.
 */
export function wantedCalendars(agent: Agent, account = agent.spec.account): Map<string, string> {
  const wanted = new Map<string, string>()
  const { read, write } = agent.spec.calendars
  for (const name of write === undefined ? read : [...read, write]) {
    const id = idOf(name, account)
    const isKnown = [...wanted.keys()].some((other) => isSameCalendar(other, id))
    if (!isKnown) wanted.set(id, name)
  }
  return wanted
}

/** The calendar that Bookings are written to. */
export interface WriteCalendar {
  /** Its id at Google. */
  readonly id: string
  /** The calendar, as the spec names it. */
  readonly name: string
  /** The spec does not name it among those that are read: only the events of Bookings in it count. */
  readonly onlyBookings: boolean
}

/** The calendar that Bookings of the Agent are written to; undefined if its spec names none. @param account as above. */
export function writeCalendar(agent: Agent, account = agent.spec.account): WriteCalendar | undefined {
  const { read, write } = agent.spec.calendars
  if (write === undefined) return undefined
  const id = idOf(write, account)
  const known = [...wantedCalendars(agent, account)].find(([other]) => isSameCalendar(other, id))
  const isRead = read.some((name) => isSameCalendar(idOf(name, account), id))
  return { id: known?.[0] ?? id, name: known?.[1] ?? write, onlyBookings: !isRead }
}

/** Whether two ids at Google name one calendar: that of a primary calendar is an e-mail address. */
export const isSameCalendar = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

const idOf = (name: string, account: string): string => (name === 'primary' ? account : name)
