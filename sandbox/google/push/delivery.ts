/**
 * Delivers messages (docs/google-behaviour.md#notifications): a POST without a body, and further attempts with exponential
 * backoff after 500, 502, 503 and 504. Any other answer is final. Every attempt stands in a log of limited length.
 */
import { setMaxListeners } from 'node:events'
import type { GoogleState } from '../state/state.ts'
import type { Channel, Delivery, Message, Notification, Outcome, Post, PushState } from '../state/push-records.ts'

const RECEIVED = new Set([102, 200, 201, 202, 204])
const RETRIED = new Set([500, 502, 503, 504])
const MOST_ATTEMPTS = 5
const FIRST_RETRY_MS = 1000
/** How many deliveries the log keeps at least; it is shortened at twice as many. */
const KEPT = 10_000

/** Makes the state of push without channels. */
export function newPush(post: Post): PushState {
  const closing = new AbortController()
  // Every request under way listens to this signal.
  setMaxListeners(0, closing.signal)
  return {
    channels: new Map(),
    byCalendar: new Map(),
    deliveries: { entries: [], total: 0 },
    post,
    underWay: new Set(),
    timers: new Set(),
    closing,
  }
}

/** Cancels what waits and what is under way. Resolves when nothing is left. */
export async function closePush(push: PushState): Promise<void> {
  push.closing.abort()
  for (const cancel of push.timers) cancel()
  push.timers.clear()
  await Promise.all(push.underWay)
}

const isClosing = (push: PushState): boolean => push.closing.signal.aborted

/** Whether a channel still sends messages. */
export const isAlive = (channel: Channel, now: number): boolean => channel.endsAt > now

/** Runs something later, unless the server is closed before. */
export function later(state: GoogleState, ms: number, fire: () => void): void {
  const { timers } = state.push
  const cancel = state.setTimer(ms, () => {
    timers.delete(cancel)
    fire()
  })
  timers.add(cancel)
}

/** Sends a message, and again later if the answer asks for it. Resolves when the first attempt is answered. */
export function deliver(state: GoogleState, message: Message): Promise<void> {
  return tracked(state.push, attempt(state, message, 1))
}

function tracked(push: PushState, work: Promise<void>): Promise<void> {
  const done = work.finally(() => push.underWay.delete(done))
  push.underWay.add(done)
  return done
}

async function attempt(state: GoogleState, message: Message, count: number): Promise<void> {
  const { push } = state
  if (isClosing(push)) return
  const { channel } = message
  const entry = logDelivery(state, message, count)
  const status = await push.post(notificationOf(state, message), push.closing.signal).catch(() => 0)
  channel.lastStatus = status
  const again = RETRIED.has(status) && count < MOST_ATTEMPTS && isAlive(channel, state.now())
  Object.assign(entry, { status, outcome: outcomeOf(status, again) })
  if (!again || isClosing(push)) return
  later(state, FIRST_RETRY_MS * 2 ** (count - 1), () => void tracked(push, attempt(state, message, count + 1)))
}

function outcomeOf(status: number, again: boolean): Outcome {
  if (again) return 'retried'
  return RECEIVED.has(status) ? 'received' : 'failed'
}

function notificationOf(state: GoogleState, { channel, number, state: resourceState }: Message): Notification {
  const headers = {
    // Whatever origin stands in for the address, the receiver sees the host that the client named.
    Host: new URL(channel.address).host,
    Accept: '*/*',
    'User-Agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    'Content-Length': '0',
    'X-Goog-Channel-ID': channel.id,
    'X-Goog-Channel-Expiration': new Date(channel.expiration).toUTCString(),
    'X-Goog-Resource-State': resourceState,
    'X-Goog-Message-Number': String(number),
    'X-Goog-Resource-ID': channel.resourceId,
    'X-Goog-Resource-URI': channel.resourceUri,
    ...(channel.token === undefined ? {} : { 'X-Goog-Channel-Token': channel.token }),
  }
  return { address: targetOf(state, channel.address), headers }
}

/** Where a notification is sent: the channel's address, or the same path at the origin that the switch `deliverTo` puts in its place. */
function targetOf(state: GoogleState, address: string): string {
  const { deliverTo } = state.switches
  const { origin, pathname, search } = new URL(address)
  const instead = typeof deliverTo === 'string' ? deliverTo : deliverTo[origin]
  return instead ? `${instead}${pathname}${search}` : address
}

/** Logs a message that is never sent. */
export function logLost(state: GoogleState, message: Message): void {
  logDelivery(state, message, 0).outcome = 'lost'
}

function logDelivery(state: GoogleState, message: Message, count: number): Delivery {
  const { id, calendar, account, client } = message.channel
  const entry: Delivery = {
    at: new Date(state.now()).toISOString(),
    channel: id,
    calendar,
    account,
    client,
    number: message.number,
    state: message.state,
    attempt: count,
    status: 0,
    outcome: 'waiting',
    ...(message.fault === undefined ? {} : { fault: message.fault }),
  }
  const log = state.push.deliveries
  log.total += 1
  log.entries.push(entry)
  if (log.entries.length >= 2 * KEPT) log.entries = log.entries.slice(-KEPT)
  return entry
}

/** Which deliveries to return. */
export interface DeliveryFilter {
  channel?: string
  calendar?: string
  account?: string
  client?: string
  /** Only so many of the newest ones. */
  last?: number
}

/** The number of deliveries since the last reset, and those of the newest 10,000 or more that pass a filter, oldest first. */
export function listDeliveries(push: PushState, filter: DeliveryFilter = {}): { total: number; log: Delivery[] } {
  const { last, ...wanted } = filter
  const names = Object.keys(wanted) as (keyof typeof wanted)[]
  const passes = (entry: Delivery): boolean =>
    names.every((name) => wanted[name] === undefined || entry[name] === wanted[name])
  const found = push.deliveries.entries.filter(passes)
  const log = last === undefined ? found : found.slice(-last)
  return { total: push.deliveries.total, log: log.map((entry) => ({ ...entry })) }
}

/** Empties the log. */
export function resetDeliveries(push: PushState): void {
  push.deliveries = { entries: [], total: 0 }
}
