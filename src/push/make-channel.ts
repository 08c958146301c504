/** Makes a push channel: the request, and what its answer means for the Agent. */
import { GoogleError } from '../google/port.ts'
import type { Clock, Random } from '../platform/clock.ts'
import { announcementsOf, withChannels, type AgentPush, type PushAccess } from './agent-push.ts'
import { calendarTag, channelCheck, channelToken, newChannelId, type ChannelKey } from './channel-token.ts'
import { refusalOf } from './refusals.ts'
import {
  asked,
  newCalendarPush,
  notSupported,
  proved,
  refused,
  renewalOf,
  withStopping,
  type UnprovedChannel,
} from './state.ts'

/** What the request needs. */
export interface RequestDeps {
  clock: Clock
  random: Random
  /** Cryptographically secure. */
  randomBytes: (count: number) => Uint8Array
}

/** Which channel is asked for. */
export interface ChannelRequest {
  /** The uid of the Agent. */
  uid: string
  calendarId: string
  /** The URL that notifications are posted to. */
  address: string
  /** The current key. */
  key: ChannelKey
  access: PushAccess
}

/** What Google answers to a request for a channel. */
type ChannelAnswer =
  | { kind: 'made'; channel: UnprovedChannel }
  /** @property at by the monotonic clock. */
  | { kind: 'refused'; error: GoogleError; at: number }

/** With a wrong time of day, each channel would seem to have ended, and another one would be asked for at once. */
const ENDED = 'the channel that Google made has ended already: check the time of day of the node'

/** Asks Google for a channel. Never rejects because of an answer. */
export async function requestChannel(deps: RequestDeps, request: ChannelRequest): Promise<ChannelAnswer> {
  const { uid, calendarId, address, key, access } = request
  const id = newChannelId(key, { uid, address }, { randomBytes: deps.randomBytes, now: deps.clock.now() })
  const token = channelToken(key, id, calendarTag(uid, calendarId))
  try {
    const made = await access.client.watch(
      access.accessToken,
      { calendarId, channelId: id, token, address },
      { payer: access.payer },
    )
    if (made.expiresAt <= deps.clock.now()) throw new GoogleError('Unknown', ENDED)
    const renewAt = renewalOf({ now: deps.clock.now(), expiresAt: made.expiresAt }, deps.random())
    return { kind: 'made', channel: { id, ...made, renewAt, askedAt: deps.clock.monotonic() } }
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    return { kind: 'refused', error, at: deps.clock.monotonic() }
  }
}

/** Google has answered a request for a channel of a calendar. */
export function withAnswer(push: AgentPush, calendarId: string, answer: ChannelAnswer): AgentPush {
  const before = push.state.byCalendar.get(calendarId) ?? newCalendarPush()
  if (answer.kind === 'refused') return withRefusal(push, calendarId, answer)
  const { channel } = answer
  const after = withChannels(push, calendarId, asked(before, channel))
  // The first message may have come before the answer.
  const isProved = announcementsOf(push, calendarId).synced.includes(channelCheck(channel.id))
  return isProved ? { ...after, state: proved(after.state, calendarId, channel.askedAt) } : after
}

function withRefusal(
  push: AgentPush,
  calendarId: string,
  { error, at }: { error: GoogleError; at: number },
): AgentPush {
  const before = push.state.byCalendar.get(calendarId) ?? newCalendarPush()
  if (error.failure !== 'PushNotSupported') return withChannels(push, calendarId, refused(before, refusalOf(error), at))
  const after = withChannels(push, calendarId, notSupported(at))
  return { ...after, state: withStopping(after.state, before.proved) }
}
