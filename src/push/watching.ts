/** What the status of an Agent says about push: the condition `Watching`, and the channels. Pure. */
import { timestamp, type Finding } from '../resources/conditions.ts'
import type { ReasonOf } from '../resources/reasons.ts'
import type { AgentStatus } from '../resources/types.ts'
import type { CalendarPush, PushState } from './state.ts'

/** Whether an Agent's calendars are to be watched. */
export type PushMode =
  /** Nothing is known about the integration: everything stays as it is. */
  | { kind: 'unknown' }
  /** `spec.sync.push` is Disabled, or the integration is gone. */
  | { kind: 'disabled' }
  /** Google could not reach the pages. */
  | { kind: 'unreachable'; message: string }
  /** @property address the URL that notifications are posted to. */
  | { kind: 'enabled'; address: string }

/** A calendar that the spec names, as far as push needs it. */
export interface WatchedCalendar {
  /** The calendar's id at Google. */
  id: string
  /** The calendar, as the spec names it. */
  name: string
  /** When the last successful reading began, by the monotonic clock; undefined until it was read. */
  lastRead: number | undefined
  /** When the last reading began that found a change since the one before. */
  changedAt: number | undefined
  /** The last read failed because of this calendar. */
  hasFailed: boolean
  /** Google refuses it, so it is not read. */
  isRefused: boolean
}

/** What the condition is decided on. */
export interface WatchingFacts {
  mode: PushMode
  calendars: readonly WatchedCalendar[]
  state: PushState
  /** Whether a channel lives and its messages are accepted. */
  isValid: (calendar: CalendarPush) => boolean
  /** Another Agent finds out whether notifications arrive. */
  waitsForOther: boolean
}

/** The condition `Watching`; `absent` without push, and `unknown` if it stays as it is. */
export type Watching = Finding<ReasonOf<'Agent', 'Watching'>> | 'absent' | 'unknown'

/** How the message of a failed trial at this URL begins, by which it is recognised after a restart. */
export const trialFailedAt = (address: string): string => `No message from Google arrived at ${address} `

type Step = (facts: WatchingFacts) => Watching | undefined

/** Decides on the condition: the first step that has an answer counts. */
export function decideWatching(facts: WatchingFacts): Watching {
  const steps: Step[] = [withoutPush, nothingRead, unsupported, failing, pending]
  for (const step of steps) {
    const finding = step(facts)
    if (finding) return finding
  }
  const count = supported(facts).length
  const others = watchedOf(facts).length - count
  const rest =
    others === 0 ? '' : ` Google does not announce changes of the other ${others}, which are read at every interval.`
  const message = `Google announces changes of ${count === 1 ? 'the calendar' : `${count} calendars`}.${rest}`
  return { status: 'True', reason: 'Watching', message }
}

const watchedOf = ({ calendars }: WatchingFacts): WatchedCalendar[] => calendars.filter(({ isRefused }) => !isRefused)

const pushOf = ({ state }: WatchingFacts, { id }: WatchedCalendar): CalendarPush | undefined => state.byCalendar.get(id)

const supported = (facts: WatchingFacts): WatchedCalendar[] =>
  watchedOf(facts).filter((one) => pushOf(facts, one)?.notSupportedUntil === undefined)

function unwatched(facts: WatchingFacts): WatchedCalendar[] {
  return supported(facts).filter((one) => {
    const push = pushOf(facts, one)
    return !push || !facts.isValid(push)
  })
}

const withoutPush: Step = ({ mode }) => {
  if (mode.kind === 'disabled') return 'absent'
  if (mode.kind === 'unknown') return 'unknown'
  return mode.kind === 'unreachable' ? { status: 'False', reason: 'NotReachable', message: mode.message } : undefined
}

const nothingRead: Step = (facts) =>
  watchedOf(facts).length === 0 ? notYet('No calendar can be read yet.') : undefined

const unsupported: Step = (facts) =>
  supported(facts).length > 0
    ? undefined
    : {
        status: 'False',
        reason: 'NotSupported',
        message: 'Google does not announce changes of these calendars: they are read at every interval.',
      }

const failing: Step = (facts) => {
  const failures = unwatched(facts).map((one) => ({ name: one.name, failure: pushOf(facts, one)?.failure }))
  const unreachable = failures.find(({ failure }) => failure?.reason === 'NotReachable')
  if (unreachable && facts.mode.kind === 'enabled') {
    const message = `${trialFailedAt(facts.mode.address)}within a minute: route this path from the internet to the operator's pages, with a valid certificate. Calendars are read at every interval meanwhile; the operator tries again.`
    return { status: 'False', reason: 'NotReachable', message }
  }
  const refused = failures.find(({ failure }) => failure?.reason === 'WatchFailed')
  if (!refused) return undefined
  const message = `Google does not announce changes of calendar ${refused.name} (${refused.failure?.error ?? 'unknown'}): it is read at every interval meanwhile; the operator tries again.`
  return { status: 'False', reason: 'WatchFailed', message }
}

const pending: Step = (facts) => {
  if (unwatched(facts).length === 0) return undefined
  if (!facts.waitsForOther)
    return notYet('Google was asked to announce changes; its first message has not arrived yet.')
  return notYet('Another Agent of this integration finds out whether messages from Google arrive.')
}

const notYet = (message: string): Watching => ({ status: 'Unknown', reason: 'NotYetWatching', message })

/** A channel, as the status shows it. */
export type ChannelStatus = NonNullable<NonNullable<NonNullable<AgentStatus['sync']>['calendars']>[number]['channel']>

/** The channel of a calendar, as the status shows it: the one in use, until another one has replaced it. */
export function channelStatus(calendar: CalendarPush | undefined): ChannelStatus | undefined {
  const channel = calendar?.proved ?? calendar?.unproved
  return channel && { id: channel.id, resourceID: channel.resourceId, expiresAt: timestamp(channel.expiresAt) }
}
