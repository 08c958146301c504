/**
 * Push channels (docs/google-behaviour.md#push-notifications): events.watch makes them, channels.stop or time ends them. Each
 * change of the calendar is a POST without a body to the channel's address. Message numbers grow with gaps, switches make
 * messages get lost or arrive twice, and 5xx answers are retried.
 */
import { backEnd, invalid, json, notFound, type Reply } from '../http/errors.ts'
import type { Caller } from '../oauth/access.ts'
import type { Call } from '../http/call.ts'
import type { GoogleState } from '../state/state.ts'
import { openCalendar } from '../state/calendars.ts'
import type { Calendar, Channel } from '../state/calendar-records.ts'

const DEFAULT_LIFE = 604_800_000
const RETRIED = new Set([500, 502, 503, 504])
const TRIES = 5

/** Answers events.watch. */
export function watchEvents(state: GoogleState, call: Call, caller: Caller): Reply {
  const { calendar } = openCalendar(state, call.params[0]!, caller.account)
  const { id, address, token, expiration } = checkChannel(state, call.json())
  if (!calendar.pushSupported) {
    throw backEnd(400, 'pushNotSupportedForRequestedResource', 'Push notifications are not supported by this resource.')
  }
  const latest = state.now() + DEFAULT_LIFE
  const channel: Channel = {
    id,
    resourceId: Buffer.from(`events ${calendar.id}`).toString('base64url'),
    resourceUri: `https://www.googleapis.com/calendar/v3/calendars/${encodeURIComponent(calendar.id)}/events?alt=json`,
    calendar: calendar.id,
    account: caller.account,
    client: caller.client,
    address,
    ...(token === undefined ? {} : { token }),
    expiration: Math.min(expiration ?? latest, latest),
    messages: 0,
  }
  state.channels.set(id, channel)
  // At Google the sync message may come before the answer to this call. Here it is always sent first.
  sendNotification(state, channel, 'sync')
  const { resourceId, resourceUri } = channel
  return json({
    kind: 'api#channel',
    id,
    resourceId,
    resourceUri,
    ...(token === undefined ? {} : { token }),
    expiration: String(channel.expiration),
  })
}

interface ChannelRequest {
  id: string
  address: string
  token?: string
  expiration?: number
}

function checkChannel(state: GoogleState, body: Record<string, unknown>): ChannelRequest {
  const { id, type, address, token } = body
  if (!isText(id) || !isText(address)) throw backEnd(400, 'required', 'Required')
  if (type !== 'web_hook') throw invalid('Unknown channel type')
  if (!/^[A-Za-z0-9\-_+/=]{1,64}$/.test(id)) throw backEnd(400, 'channelIdInvalid', 'Invalid channel id')
  if (state.channels.has(id)) throw backEnd(400, 'channelIdNotUnique', `Channel id ${id} not unique`)
  if (!address.startsWith('https://')) {
    throw backEnd(400, 'push.webhookUrlNotHttps', `WebHook callback must be HTTPS: ${address}`)
  }
  const expiration = body.expiration === undefined ? undefined : Number(body.expiration)
  return { id, address, ...tokenOf(token), ...(expiration === undefined ? {} : { expiration }) }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function tokenOf(token: unknown): { token?: string } {
  if (typeof token !== 'string' || token === '') return {}
  if (token.length > 256) throw invalid('Channel token is too long.')
  return { token }
}

/** Stops a channel. Only the account and client that made it can do so. */
export function stopChannel(state: GoogleState, call: Call, caller: Caller): Reply {
  const { id, resourceId } = call.json()
  const channel = state.channels.get(String(id))
  const mine = channel?.account === caller.account && channel.client === caller.client
  if (!mine || channel.resourceId !== resourceId || channel.expiration <= state.now()) throw notFound()
  state.channels.delete(channel.id)
  return { status: 204, body: '' }
}

/** Notifies every live channel of the calendar of a change. */
export function notifyWatchers(state: GoogleState, calendar: Calendar): void {
  if (state.channels.size === 0) return
  for (const channel of state.channels.values()) {
    if (channel.calendar === calendar.id && channel.expiration > state.now()) sendNotification(state, channel, 'exists')
  }
}

function sendNotification(state: GoogleState, channel: Channel, resourceState: 'sync' | 'exists'): void {
  channel.messages += resourceState === 'sync' ? 1 : 1 + Math.floor(state.random() * 3)
  const mode = resourceState === 'sync' ? 'normal' : state.switches.notifications
  if (mode === 'drop') return
  const message = { channel, headers: headersOf(channel, resourceState) }
  deliver(state, message, 1)
  if (mode === 'duplicate') deliver(state, message, 1)
}

function headersOf(channel: Channel, resourceState: string): Record<string, string> {
  return {
    'x-goog-channel-id': channel.id,
    'x-goog-message-number': String(channel.messages),
    'x-goog-resource-id': channel.resourceId,
    'x-goog-resource-state': resourceState,
    'x-goog-resource-uri': channel.resourceUri,
    'x-goog-channel-expiration': new Date(channel.expiration).toUTCString(),
    ...(channel.token === undefined ? {} : { 'x-goog-channel-token': channel.token }),
  }
}

interface Message {
  channel: Channel
  headers: Record<string, string>
}

function deliver(state: GoogleState, message: Message, attempt: number): void {
  const { channel, headers } = message
  const target = targetOf(state, channel.address)
  fetch(target, { method: 'POST', headers, redirect: 'manual', signal: AbortSignal.timeout(10_000) })
    .then(async ({ status, body }) => {
      await body?.cancel()
      return status
    })
    .catch(() => 0)
    .then((status) => {
      channel.lastStatus = status
      if (!RETRIED.has(status) || attempt >= TRIES) return
      state.setTimer(1000 * 2 ** (attempt - 1), () => deliver(state, message, attempt + 1))
    })
    .catch(() => undefined)
}

/** Where a notification is sent: the channel's address, or the same path at the loopback origin of the `deliverTo` switch. */
function targetOf(state: GoogleState, address: string): string {
  const { deliverTo } = state.switches
  if (deliverTo === '') return address
  const { pathname, search } = new URL(address)
  return `${deliverTo}${pathname}${search}`
}
