/** Identifies the calendar that an Agent's Bookings are written to, whichever Agents share it. Pure. */
import { canonicalAccount } from './account.ts'
import type { AgentSpec } from './types.ts'

/** The same for all Agents that write to one calendar of one account; undefined if the spec names no calendar to write to. */
export function writeCalendarKey({
  account,
  calendars: { write },
}: Pick<AgentSpec, 'account' | 'calendars'>): string | undefined {
  if (write === undefined) return undefined
  const owner = canonicalAccount(account)
  const calendar = write === 'primary' ? owner : canonicalAccount(write)
  return `${owner} ${calendar}`
}
