/** Resolves the calendars that an Agent's spec names. Pure. */
import type { Agent } from '../resources/types.ts'

/**
 * The calendars that the spec names, without duplicates, in its order: maps ids at Google to the names in the spec. E-mail addresses
 * are compared without regard to case.
 * @param account the account of the grant, which `primary` stands for; `spec.account` if it is not known.
 */
export function wantedCalendars(agent: Agent, account = agent.spec.account): Map<string, string> {
  const wanted = new Map<string, string>()
  for (const name of agent.spec.calendars.read) {
    const id = name === 'primary' ? account : name
    const isKnown = [...wanted.keys()].some((other) => other.toLowerCase() === id.toLowerCase())
    if (!isKnown) wanted.set(id, name)
  }
  return wanted
}
