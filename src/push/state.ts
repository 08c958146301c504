/**
 * The push channels of one Agent between two steps, as immutable values with pure transitions. A channel is asked for, is then
 * unproved, and is proved by the first message that arrives; the channel that it replaces is stopped after that. Instants are the
 * monotonic clock's, except for `expiresAt` and `renewAt`, which are compared with the time of day, as Google names them so.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../platform/time-units.ts'

/** A channel at Google. */
export interface Channel {
  readonly id: string
  readonly resourceId: string
  /** The time of day. */
  readonly expiresAt: number
  /** The time of day. */
  readonly renewAt: number
}

/** A channel on which no message has arrived yet. */
export interface UnprovedChannel extends Channel {
  readonly askedAt: number
  /** It was found in a status, which does not say whether a message has arrived on it. */
  readonly isRestored?: boolean
}

/** A channel on which a message has arrived. */
interface ProvedChannel extends Channel {
  readonly provedAt: number
}

/** Why a calendar has no channel. */
interface PushFailure {
  readonly reason: 'NotReachable' | 'WatchFailed'
  /** What Google answered. */
  readonly error?: string
}

/** The channels of one calendar. */
export interface CalendarPush {
  readonly proved?: ProvedChannel
  /** The channel that is to replace `proved`, or the first one. */
  readonly unproved?: UnprovedChannel
  readonly failure?: PushFailure
  /** How many attempts have failed in a row. */
  readonly attempts: number
  /** No channel is asked for before. */
  readonly retryAt: number
  /** Google does not announce changes of this calendar; that is tried again at this instant. */
  readonly notSupportedUntil?: number
  /** Its messages were missed, so another channel has to replace it. */
  readonly isSilent: boolean
}

/** A channel that is not needed any more. */
export interface StoppingChannel {
  readonly id: string
  readonly resourceId: string
  /** The time of day. */
  readonly expiresAt: number
  /** How many attempts to stop it have failed. */
  readonly attempts: number
  readonly retryAt: number
}

/** One moment, by both clocks. */
export interface Instants {
  /** By the monotonic clock. */
  monotonic: number
  /** The time of day. */
  now: number
}

/** The channels of one Agent. */
export interface PushState {
  /** By the ids of the calendars at Google. */
  readonly byCalendar: ReadonlyMap<string, CalendarPush>
  readonly stopping: readonly StoppingChannel[]
}

/** How long Google's first message may take. */
export const PROOF_TIMEOUT_MS = MINUTE_MS
const FIRST_RETRY_MS = 5 * MINUTE_MS
const FIRST_PASSING_RETRY_MS = 5_000
/** A failure that may pass is reported after so many attempts in a row. */
const REPORTED_ATTEMPTS = 2
const MAX_STOP_ATTEMPTS = 5
/** Whatever life Google names, a channel is not replaced sooner. */
const MIN_LIFE_MS = 10_000

/** An Agent without channels. */
export const newPushState = (): PushState => NO_CHANNELS

/** One for all: it never changes, and most Agents have no channels. */
const NO_CHANNELS: PushState = { byCalendar: new Map(), stopping: [] }

/** A calendar without a channel. */
export const newCalendarPush = (): CalendarPush => ({ attempts: 0, retryAt: -Infinity, isSilent: false })

/** The pause after a trial without a message: five minutes, doubling to an hour. */
export const pauseAfterTrial = (attempts: number): number => Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), HOUR_MS)

/**
 * When a channel is to be replaced: when about a quarter of its life is left.
 * @param chance between 0 and 1.
 */
export function renewalOf({ now, expiresAt }: { now: number; expiresAt: number }, chance: number): number {
  const quarter = 0.225 + chance * 0.05
  return Math.max(expiresAt - (expiresAt - now) * quarter, now + MIN_LIFE_MS)
}

/** Replaces one calendar. */
export const withCalendarPush = (state: PushState, id: string, calendar: CalendarPush): PushState => ({
  ...state,
  byCalendar: new Map(state.byCalendar).set(id, calendar),
})

/** The channel will be stopped. */
export const withStopping = (state: PushState, ...channels: (Channel | undefined)[]): PushState => {
  const more = channels.filter((channel) => channel !== undefined)
  const added = more.map(({ id, resourceId, expiresAt }) => ({
    ...{ id, resourceId, expiresAt, attempts: 0, retryAt: -Infinity },
  }))
  return added.length === 0 ? state : { ...state, stopping: [...state.stopping, ...added] }
}

/** Google has made a channel. */
export const asked = (calendar: CalendarPush, unproved: UnprovedChannel): CalendarPush => ({ ...calendar, unproved })

/** A message has arrived: a channel that was unproved is proved, and the one that it replaces is stopped. */
export function proved(state: PushState, id: string, now: number): PushState {
  const calendar = state.byCalendar.get(id)
  if (!calendar?.unproved) return state
  const { id: channelId, resourceId, expiresAt, renewAt } = calendar.unproved
  const channel = { id: channelId, resourceId, expiresAt, renewAt, provedAt: now }
  const next = { ...newCalendarPush(), proved: channel }
  return withStopping(withCalendarPush(state, id, next), calendar.proved)
}

/**
 * No message has arrived in time: the channel is stopped, and another one is tried later. The channel that it was to replace
 * stays, unless its messages were missed, too. A restored channel had its first message before the restart, as far as anybody can
 * tell: it stays if messages arrive at the site.
 */
export function timedOut(state: PushState, id: string, now: number, isReachable = () => false): PushState {
  const calendar = state.byCalendar.get(id)
  if (!calendar?.unproved || now < calendar.unproved.askedAt + PROOF_TIMEOUT_MS) return state
  if (calendar.unproved.isRestored && isReachable()) return proved(state, id, now)
  const { unproved, proved: former, isSilent } = calendar
  const attempts = calendar.attempts + 1
  const next: CalendarPush = {
    ...newCalendarPush(),
    ...{ attempts, failure: { reason: 'NotReachable' }, retryAt: now + pauseAfterTrial(attempts) },
    proved: isSilent ? undefined : former,
  }
  return withStopping(withCalendarPush(state, id, next), unproved, isSilent ? former : undefined)
}

/** How a request for a channel failed. */
export interface Refusal {
  /** What Google answered. */
  error: string
  /** Whether it may pass by itself: it is then tried again sooner. */
  isPassing: boolean
  retryAfterMs?: number
}

/** A request for a channel has failed. */
export function refused(
  calendar: CalendarPush,
  { error, isPassing, retryAfterMs }: Refusal,
  now: number,
): CalendarPush {
  const attempts = calendar.attempts + 1
  const first = isPassing ? FIRST_PASSING_RETRY_MS : FIRST_RETRY_MS
  const pause = Math.max(Math.min(first * 2 ** (attempts - 1), HOUR_MS), retryAfterMs ?? 0)
  const isReported = !isPassing || attempts >= REPORTED_ATTEMPTS
  const failure = isReported ? ({ reason: 'WatchFailed', error } as const) : calendar.failure
  return { ...calendar, attempts, failure, retryAt: now + pause }
}

/** Google does not announce changes of this calendar. */
export const notSupported = (now: number): CalendarPush => ({
  ...newCalendarPush(),
  notSupportedUntil: now + DAY_MS,
})

/** Somebody asked for a look: pauses after failures are over. */
export const withoutPauses = (state: PushState): PushState => ({
  ...state,
  byCalendar: new Map([...state.byCalendar].map(([id, calendar]) => [id, { ...calendar, retryAt: -Infinity }])),
})

/** Notifications are posted to another URL from now on: what failed at the former one says nothing about it. */
export const withoutFailures = (state: PushState): PushState => ({
  ...state,
  byCalendar: new Map(
    [...state.byCalendar].map(([id, calendar]) => [
      id,
      { ...calendar, failure: undefined, attempts: 0, retryAt: -Infinity },
    ]),
  ),
})

/** Forgets the calendars that are not watched any more, and stops their channels. */
export function onlyWatched(state: PushState, isWatched: (id: string) => boolean): PushState {
  const gone = [...state.byCalendar].filter(([id]) => !isWatched(id))
  if (gone.length === 0) return state
  const byCalendar = new Map([...state.byCalendar].filter(([id]) => isWatched(id)))
  return withStopping({ ...state, byCalendar }, ...gone.flatMap(([, { proved: old, unproved }]) => [old, unproved]))
}

/** Takes out the channels that are to be stopped now, and forgets those that have ended by themselves. */
export function takenStopping(state: PushState, at: Instants): { due: StoppingChannel[]; state: PushState } {
  const alive = state.stopping.filter(({ expiresAt }) => expiresAt > at.now)
  const isDue = ({ retryAt }: StoppingChannel): boolean => retryAt <= at.monotonic
  return { due: alive.filter(isDue), state: { ...state, stopping: alive.filter((one) => !isDue(one)) } }
}

/** Puts back a channel that could not be stopped, unless it is left to end by itself. */
export const withStillStopping = (state: PushState, again: StoppingChannel | undefined): PushState =>
  again ? { ...state, stopping: [...state.stopping, again] } : state

/** A channel could not be stopped; undefined if it is left to end by itself, because Google would refuse that again. */
export function stillStopping(
  channel: StoppingChannel,
  { isPassing, retryAfterMs }: Omit<Refusal, 'error'>,
  now: number,
): StoppingChannel | undefined {
  const attempts = channel.attempts + 1
  if (!isPassing && attempts >= MAX_STOP_ATTEMPTS) return undefined
  const pause = Math.min(FIRST_PASSING_RETRY_MS * 2 ** attempts, HOUR_MS)
  return { ...channel, attempts, retryAt: now + Math.max(pause, retryAfterMs ?? 0) }
}

/** Whether messages of a channel arrive and are accepted. */
export interface Validity {
  /** The time of day. */
  now: number
  /** Whether a key that is still accepted made the id, for the URL that is served now. */
  isAccepted: (id: string) => boolean
}

/** Whether the channel lives and its messages are accepted. */
export const isValid = (channel: Channel, { now, isAccepted }: Validity): boolean =>
  channel.expiresAt > now && isAccepted(channel.id)

/** Whether a channel is to be asked for as soon as `retryAt` allows. */
export function lacksChannel({ proved: current, unproved, isSilent }: CalendarPush, validity: Validity): boolean {
  if (unproved) return false
  return !current || isSilent || !isValid(current, validity) || current.renewAt <= validity.now
}

/** Drops channels that have ended, and stops those whose messages are not accepted any more. */
export function withoutInvalid(state: PushState, id: string, validity: Validity): PushState {
  const calendar = state.byCalendar.get(id)
  if (!calendar) return state
  const { unproved, proved: current } = calendar
  const former = [
    unproved && !isValid(unproved, validity) ? unproved : undefined,
    current && isOver(current, calendar, validity) ? current : undefined,
  ]
  if (former.every((channel) => channel === undefined)) return state
  const next = {
    ...calendar,
    unproved: former.includes(unproved) ? undefined : unproved,
    proved: former.includes(current) ? undefined : current,
    retryAt: Math.max(calendar.retryAt, afterShortLife(calendar, validity)),
  }
  return withStopping(withCalendarPush(state, id, next), ...former)
}

/** Until a channel has expired, it stays until another one replaces it, or until no message arrives on that one either. */
const isOver = (channel: Channel, { failure }: CalendarPush, validity: Validity): boolean =>
  channel.expiresAt <= validity.now || (failure?.reason === 'NotReachable' && !isValid(channel, validity))

/** When a channel may replace those that have expired: Google may name a life of seconds. */
function afterShortLife({ unproved, proved: current }: CalendarPush, { now }: Validity): number {
  const madeAt = (channel: Channel | undefined, at = -Infinity): number =>
    channel && channel.expiresAt <= now ? at : -Infinity
  return Math.max(madeAt(unproved, unproved?.askedAt), madeAt(current, current?.provedAt)) + MIN_LIFE_MS
}
