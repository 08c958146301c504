/** Requests that make and stop channels, one at a time for each Agent. */
import { GoogleError, type GoogleFailure } from '../google/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import type { AgentPush, PushAccess } from './agent-push.ts'
import { calendarTag, channelToken, newChannelId, type ChannelKey } from './channel-token.ts'
import {
  asked,
  newCalendarPush,
  notSupported,
  proved,
  refused,
  renewalOf,
  stillStopping,
  withCalendarPush,
  withStopping,
  type CalendarPush,
  type Refusal,
} from './state.ts'

/** What the requests need. */
export interface RequestDeps {
  clock: Clock
  random: Random
  /** Cryptographically secure. */
  randomBytes: (count: number) => Uint8Array
}

/** Which channel is asked for. */
export interface ChannelRequest {
  calendarId: string
  /** The URL that notifications are posted to. */
  address: string
  /** The current key. */
  key: ChannelKey
  access: PushAccess
}

/** Failures that may pass by themselves, or that other parts of the status report. */
const PASSING: readonly GoogleFailure[] = [
  ...(['Unreachable', 'RateLimited', 'DailyQuotaExceeded', 'Unauthenticated', 'APIDisabled', 'NotFound'] as const),
]

/** Asks Google for a channel, and notes what it answers. Never rejects because of an answer. */
export async function requestChannel(deps: RequestDeps, push: AgentPush, request: ChannelRequest): Promise<void> {
  const { calendarId, address, key, access } = request
  const id = newChannelId(key, push.uid, deps.randomBytes)
  const token = channelToken(key, id, calendarTag(push.uid, calendarId))
  const startedAt = deps.clock.monotonic()
  const current = (): CalendarPush => push.state.byCalendar.get(calendarId) ?? newCalendarPush()
  try {
    const made = await access.client.watch(
      access.accessToken,
      { calendarId, channelId: id, token, address },
      { payer: access.payer },
    )
    const renewAt = renewalOf({ now: deps.clock.now(), expiresAt: made.expiresAt }, deps.random())
    const channel = { id, ...made, address, renewAt, askedAt: deps.clock.monotonic() }
    push.state = withCalendarPush(push.state, calendarId, asked(current(), channel))
    // The first message may have come before the answer.
    const isProved = (push.announcements.get(calendarId)?.lastSync ?? -Infinity) >= startedAt
    if (isProved) push.state = proved(push.state, calendarId, deps.clock.monotonic())
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    push.state = afterRefusal(push, calendarId, error, deps.clock.monotonic())
  }
}

function afterRefusal(push: AgentPush, calendarId: string, error: GoogleError, now: number): AgentPush['state'] {
  const before = push.state.byCalendar.get(calendarId) ?? newCalendarPush()
  if (error.failure === 'PushNotSupported') {
    return withStopping(withCalendarPush(push.state, calendarId, notSupported(now)), before.proved)
  }
  return withCalendarPush(push.state, calendarId, refused(before, refusalOf(error), now))
}

const refusalOf = ({ failure, message, retryAfterMs }: GoogleError): Refusal => ({
  error: message,
  isPassing: PASSING.includes(failure),
  retryAfterMs,
})

/**
 * Stops the channels that are to be stopped and due, each with one request.
 * @param access of the Agent, or its last one if it is gone.
 */
export async function stopChannels(deps: RequestDeps, push: AgentPush, access: PushAccess | undefined): Promise<void> {
  const now = deps.clock.monotonic()
  const due = push.state.stopping.filter(({ retryAt }) => retryAt <= now)
  // Taken out first: another caller must not stop them, too.
  push.state = { ...push.state, stopping: push.state.stopping.filter((channel) => !due.includes(channel)) }
  for (const channel of due) {
    const isStopped = access && (await stop(access, channel))
    const again = isStopped ? undefined : stillStopping(channel, deps.clock.monotonic())
    if (again) push.state = { ...push.state, stopping: [...push.state.stopping, again] }
  }
}

async function stop(
  { client, accessToken, payer }: PushAccess,
  channel: { id: string; resourceId: string },
): Promise<boolean> {
  try {
    await client.stopChannel(accessToken, { channelId: channel.id, resourceId: channel.resourceId }, { payer })
    return true
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    return false
  }
}
