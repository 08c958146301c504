/** Which calendars an Agent's spec names. */
import type { Agent } from '../resources/types.ts'

/**
 * The calendars to read under their real ids, each once, with the name that the spec first gives it.
 * @param account of the grant; `spec.account` counts where it is not known.
 */
export function wantedCalendars(agent: Agent, account = agent.spec.account): Map<string, string> {
  const wanted = new Map<string, string>()
  for (const name of agent.spec.calendars.read) {
    const id = name === 'primary' ? account : name
    const known = [...wanted.keys()].some((other) => other.toLowerCase() === id.toLowerCase())
    if (!known) wanted.set(id, name)
  }
  return wanted
}
