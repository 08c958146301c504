/** Checks of what Bookings need from other objects, and of what their schema cannot express. Pure. */
import { canonicalAccount } from '../resources/account.ts'
import { isTimeZone } from '../resources/time-zones.ts'
import type { Agent, Booking } from '../resources/types.ts'
import { asksForNoWriteScope, WRITE_SCOPE } from '../resources/write-scopes.ts'
import type { Remark } from './documents.ts'
import { identity, location, remark, title, type ValidatedManifest, type ValidManifest } from './manifest-remarks.ts'

/** Remarks on a Booking whose time zone is unknown, or whose Agent is missing or writes no calendar. */
export function bookingRemarks(one: ValidManifest, booking: Booking, all: readonly ValidatedManifest[]): Remark[] {
  return [...timeZoneRemarks(one, booking), ...agentRemarks(one, booking, all)]
}

function timeZoneRemarks(one: ValidManifest, { spec: { timeZone } }: Booking): Remark[] {
  if (timeZone === undefined || isTimeZone(timeZone)) return []
  const text = `is not a known time zone; write its IANA name, such as Europe/Paris, found ${JSON.stringify(timeZone)}`
  return [remark(one, ['spec', 'timeZone'], 'problem', text)]
}

function agentRemarks(one: ValidManifest, booking: Booking, all: readonly ValidatedManifest[]): Remark[] {
  const at = ['spec', 'agentRef', 'name']
  const { name } = booking.spec.agentRef
  const sought = { ...one, kind: 'Agent', name }
  const found = all.find((other) => identity(other) === identity(sought))
  if (!found) return [remark(one, at, 'note', `${title(sought)} is not in these files; it has to be in the cluster`)]
  if (found.object?.kind !== 'Agent' || found.object.spec.calendars.write !== undefined) return []
  const text = `${title(found)} (${location(found)}) writes no calendar; set its spec.calendars.write, for example to primary`
  return [remark(one, at, 'problem', text)]
}

/** Remarks on an Agent that writes through an integration whose scopes do not allow it. */
export function writeScopeRemarks(one: ValidatedManifest, agent: Agent, integration: ValidatedManifest): Remark[] {
  if (integration.object?.kind !== 'CalendarIntegration' || !asksForNoWriteScope(agent, integration.object)) return []
  const text = `no scope in spec.google.scopes of ${title(integration)} (${location(integration)}) allows writing events; add ${WRITE_SCOPE} there`
  return [remark(one, ['spec', 'calendars', 'write'], 'problem', text)]
}

/** Notes on an Agent that writes to calendars of an account to which an earlier Agent writes already. */
export function sharedWriterRemarks(one: ValidManifest, agent: Agent, earlier: readonly ValidManifest[]): Remark[] {
  if (agent.spec.calendars.write === undefined) return []
  const other = earlier.find(({ object }) => object.kind === 'Agent' && isWriterOf(object, agent.spec.account))
  if (!other || identity(other) === identity(one)) return []
  const text = `${title(other)} (${location(other)}) writes to calendars of the same account; give one Agent of an account calendars.write, because Bookings of two Agents are decided in one order only where one replica serves both`
  return [remark(one, ['spec', 'calendars', 'write'], 'note', text)]
}

const isWriterOf = ({ spec }: Agent, account: string): boolean =>
  spec.calendars.write !== undefined && canonicalAccount(spec.account) === canonicalAccount(account)
