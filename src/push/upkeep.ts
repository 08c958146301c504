/** Which channels of an Agent are dropped, and which are to be made now. Pure. */
import { hasUnproved, withChannels, type AgentPush } from './agent-push.ts'
import { lacksChannel, newCalendarPush, onlyWatched, timedOut, withoutInvalid, type Validity } from './state.ts'
import type { WatchedCalendar } from './watching.ts'

/** What decides whether channels live. */
export interface UpkeepFacts {
  /** By the monotonic clock. */
  now: number
  validity: Validity
  /** Whether a message has arrived at the site. */
  isReachable: () => boolean
}

/** Stops the channels of calendars that are not watched any more. */
export function withoutUnwatched(push: AgentPush): AgentPush {
  const watched = new Set(push.calendars.map(({ id }) => id))
  return { ...push, state: onlyWatched(push.state, (id) => watched.has(id)) }
}

/** Drops the channels that no message has proved in time, and those whose messages are not accepted any more. */
export function withoutDead(
  push: AgentPush,
  { now, validity, isReachable }: UpkeepFacts,
): { push: AgentPush; hasTimedOut: boolean } {
  let { state } = push
  let hasTimedOut = false
  for (const { id } of push.calendars) {
    const after = timedOut(state, id, now, isReachable)
    hasTimedOut ||= after !== state && after.byCalendar.get(id)?.failure !== undefined
    state = withoutInvalid(after, id, validity)
  }
  return { push: { ...push, state }, hasTimedOut }
}

/** Whether a calendar is to have another channel, and may ask for it now. */
export function isDue(push: AgentPush, { id, lastRead, isRefused }: WatchedCalendar, facts: UpkeepFacts): boolean {
  if (lastRead === undefined || isRefused) return false
  const calendar = push.state.byCalendar.get(id) ?? newCalendarPush()
  if ((calendar.notSupportedUntil ?? -Infinity) > facts.now || calendar.retryAt > facts.now) return false
  return lacksChannel(calendar, facts.validity)
}

/** No channel is asked for before the next trial. @param until by the monotonic clock. */
export function paused(push: AgentPush, id: string, until: number): AgentPush {
  const calendar = push.state.byCalendar.get(id) ?? newCalendarPush()
  return withChannels(push, id, { ...calendar, failure: { reason: 'NotReachable' }, retryAt: until })
}

/** Whether the Agent finds out whether notifications arrive. It keeps doing so after a trial has failed. */
export const isTrying = (push: AgentPush): boolean =>
  hasUnproved(push) || [...push.state.byCalendar.values()].some(({ failure }) => failure?.reason === 'NotReachable')
