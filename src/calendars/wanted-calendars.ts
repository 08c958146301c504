/** Which calendars an Agent's spec names. */
import type { Agent } from '../resources/types.ts'

/**
 * The calendars that the spec names, each once: their ids at Google, with the first name that the spec has for them. E-mail
 * addresses are compared without regard to case.
 * @param account the account of the grant, which `primary` stands for; `spec.account` unless it is known.
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
