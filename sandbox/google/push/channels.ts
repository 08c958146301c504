/**
 * Push channels (docs/google-behaviour.md#push-notifications): events.watch makes them; channels.stop, a control operation or
 * time ends them. A channel cannot be renewed, and its id stays taken when it has ended.
 */
import { createHash } from 'node:crypto'
import { openCalendar } from '../state/calendars.ts'
import { backEnd, ControlError, json, type Reply } from '../http/errors.ts'
import type { Caller } from '../oauth/access.ts'
import type { Call } from '../http/call.ts'
import type { GoogleState } from '../state/state.ts'
import { channelIdNotUnique, pushNotSupported, readChannelRequest } from './channel-request.ts'
import { isAlive } from './delivery.ts'
import { sendNotification } from './notifications.ts'
import type { Channel } from '../state/push-records.ts'

/** How many channels are kept before those that ended are forgotten. */
const MOST_CHANNELS = 50_000

/** Answers events.watch. */
export function watchEvents(state: GoogleState, call: Call, caller: Caller): Reply {
  const { calendar } = openCalendar(state, call.params[0]!, caller.account)
  const { acceptedOrigins, channelLifetime, syncFirst } = state.switches
  const request = readChannelRequest(call.json(), { now: state.now(), acceptedOrigins })
  const project = projectOf(state, caller)
  if (state.push.channels.has(keyOf(project, request.id))) throw channelIdNotUnique(request.id)
  if (!calendar.pushSupported) throw pushNotSupported()
  const { lifeMs, ...asked } = request
  const { account, client } = caller
  // Google's expirations have whole seconds.
  const expiration = Math.floor((state.now() + Math.min(lifeMs, channelLifetime * 1000)) / 1000) * 1000
  const times = { expiration, endsAt: expiration }
  const resource = { calendar: calendar.id, ...resourceOf(calendar.id, call.query) }
  const channel: Channel = { ...asked, ...resource, ...times, project, account, client, messages: 0, held: [] }
  keep(state, channel)
  // At Google the sync message and the answer are on their way at the same time, and either may come first.
  const synced = sendNotification(state, channel, 'sync')
  const answer = json(answerOf(channel))
  return syncFirst ? { ...answer, ready: synced } : answer
}

function answerOf({ id, resourceId, resourceUri, token, expiration }: Channel): object {
  const echoed = token === undefined ? {} : { token }
  return { kind: 'api#channel', id, resourceId, resourceUri, ...echoed, expiration: String(expiration) }
}

const keyOf = (project: string, id: string): string => `${project} ${id}`

function projectOf(state: GoogleState, { client }: Caller): string {
  const project = state.projects.get(state.clients.get(client)?.project ?? '')
  return project?.number ?? ''
}

function keep(state: GoogleState, channel: Channel): void {
  const { push } = state
  if (push.channels.size >= MOST_CHANNELS) {
    for (const [key, one] of push.channels) if (!isAlive(one, state.now())) push.channels.delete(key)
  }
  push.channels.set(keyOf(channel.project, channel.id), channel)
  const others = push.byCalendar.get(channel.calendar) ?? new Set()
  push.byCalendar.set(channel.calendar, others.add(channel))
}

/** Parameters of a request that do not choose what is watched. */
const STANDARD_PARAMETERS = new Set(['alt', 'fields', 'key', 'oauth_token', 'access_token', 'prettyPrint', 'quotaUser'])

/** The watched resource: the same calendar and parameters have the same id, whoever watches them. */
function resourceOf(calendar: string, query: URLSearchParams): Pick<Channel, 'resourceId' | 'resourceUri'> {
  const chosen = new URLSearchParams([...query].filter(([name]) => !STANDARD_PARAMETERS.has(name)))
  chosen.sort()
  const path = `/calendar/v3/calendars/${encodeURIComponent(calendar)}/events`
  const resourceId = createHash('sha256').update(`${path}?${chosen.toString()}`).digest().subarray(0, 20)
  chosen.append('alt', 'json')
  return {
    resourceId: resourceId.toString('base64url'),
    resourceUri: `https://www.googleapis.com${path}?${chosen.toString()}`,
  }
}

/** Answers channels.stop. Only the account and client that made a channel can stop it. */
export function stopChannel(state: GoogleState, call: Call, caller: Caller): Reply {
  const { id, resourceId } = call.json()
  if (typeof id !== 'string' || typeof resourceId !== 'string') throw backEnd(400, 'required', 'Required')
  const project = projectOf(state, caller)
  const channel = state.push.channels.get(keyOf(project, id))
  const mine = channel?.account === caller.account && channel.client === caller.client
  if (!mine || channel.resourceId !== resourceId || !isAlive(channel, state.now())) {
    throw backEnd(404, 'notFound', `Channel '${id}' not found for project '${project}'`)
  }
  end(channel, 'stopped', state.now() + state.switches.stopDelay * 1000)
  return { status: 204, body: '' }
}

/** Ends the channels with an id without notice, before their expiration. @throws ControlError if there is none */
export function endSilently(state: GoogleState, id: string): void {
  const found = [...state.push.channels.values()].filter((channel) => channel.id === id)
  if (found.length === 0) throw new ControlError(`there is no channel ${id}`)
  for (const channel of found) end(channel, 'silently', state.now())
}

function end(channel: Channel, how: NonNullable<Channel['ended']>, at: number): void {
  if (at >= channel.endsAt) return
  channel.endsAt = at
  channel.ended = how
}

/** A channel as control operations show it. */
export type ChannelInfo = Omit<Channel, 'held' | 'endsAt'> & {
  alive: boolean
  /** How many messages a fault holds back. */
  held: number
}

/** Returns all channels, also those that ended. */
export function listChannels(state: GoogleState): ChannelInfo[] {
  return [...state.push.channels.values()].map(({ held, endsAt, ...channel }) => ({
    ...channel,
    alive: endsAt > state.now(),
    held: held.length,
  }))
}
