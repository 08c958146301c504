/**
 * From what the steps found to what the status says, and when to look again. Pure: facts and `now` in, findings and the
 * outcome out.
 *
 * One rule deserves a word: an agent that was ready stays ready, as it was, while what fails is of a kind that may pass,
 * until the published calendar can no longer be trusted. Only refusals that are about this very agent or calendar show at
 * once. The messages say since when, and why.
 */
import { blocked, done, retry, wait, type Outcome } from '../controller/outcome.ts'
import { findCondition, timestamp, type Finding, type Findings } from '../resources/conditions.ts'
import { formatDuration } from '../resources/durations.ts'
import { meaningOf as meaningFor, type ReadyReason, type ReasonOf } from '../resources/reasons.ts'
import type { Agent, Condition } from '../resources/types.ts'
import type { StepFailure } from '../failures/step-failure.ts'

const HOUR = 60 * 60_000

export interface Facts {
  /** The time of day. */
  now: number
  /** The same instant by the monotonic clock. */
  monotonic: number
  /** The time of day at which what is published was judged: an end of trust since then has yet to be acted upon. */
  publishedAt: number
  /** The interval at which the calendars are read, in ms: no failure keeps an agent away for longer. */
  interval?: number
  agent: Agent
  /** What went wrong, in the order of the steps. */
  failures: StepFailure[]
  /** The grant in use, once it has proved itself in this reconcile. */
  grant?: {
    end: number | undefined
    grantedAt: number
    guess: boolean
    accountHidden: boolean
    advice: string
    /** A sentence about the supplied Secret. */
    remark?: string
  }
  /** Every calendar was read at least once, and what is to be published stands there. */
  synced?: { calendars: number; staleAfterRaised?: number }
  /** Until when a reader can trust all that stands in the cluster; -Infinity where something wanted does not stand there. */
  freshUntil?: number
  /** A calendar that is wanted has been neither read nor refused since the start. */
  unread?: boolean
  /** Since when something of the passing kind has been going wrong. */
  failingSince?: number
  /** Instants at which a reading, a renewal or a warning falls due, by the monotonic clock. One that has passed means now. */
  due: number[]
}

export interface Decision {
  findings: Findings<'Agent'>
  outcome: Outcome
}

type Authorized = Finding<ReasonOf<'Agent', 'Authorized'>>
type Synced = Finding<ReasonOf<'Agent', 'Synced'>>
type Ready = Finding<ReadyReason<'Agent'>>

export function decide(facts: Facts): Decision {
  const trouble = toleratedFailure(facts)
  const authorized = decideAuthorized(facts, trouble)
  const synced = decideSynced(facts, trouble)
  const ready = decideReady(facts, { authorized, synced, trouble })
  const findings = { ready, own: { Authorized: authorized, Synced: synced } }
  return { findings, outcome: outcomeOf(facts) }
}

const meaningOf = (reason: string): string => meaningFor('Agent', reason)

const before = ({ agent }: Facts, type: string): Condition | undefined => findCondition(agent.status?.conditions, type)

/** The trouble that an agent which was ready, and can still be trusted, sits out; undefined where there is none such. */
function toleratedFailure(facts: Facts): StepFailure | undefined {
  const { failures, freshUntil, now } = facts
  const wasReady = before(facts, 'Ready')?.status === 'True'
  const trusted = freshUntil !== undefined && now < freshUntil
  const passing = failures.every(({ reason }) => meaningOf(reason) === 'passing' && reason !== 'AwaitingSignIn')
  return wasReady && sameWish(facts) && trusted && passing ? failures[0] : undefined
}

/** What a condition said before; with a word about the trouble at hand, where one is given. */
function asBefore(condition: Condition | undefined, message?: string): Finding<never> | undefined {
  if (!condition) return undefined
  // What stands in the status was written by us, out of the same table of reasons.
  return { status: condition.status, reason: condition.reason as never, message: message ?? condition.message }
}

const patience = ({ failingSince, now, freshUntil }: Facts, trouble: StepFailure): string =>
  `Good until ${timestamp(freshUntil ?? now)}, but since ${timestamp(failingSince ?? now)}: ${trouble.message}`

function decideAuthorized(facts: Facts, trouble: StepFailure | undefined): Authorized {
  const previous = before(facts, 'Authorized')
  const own = facts.failures.find((one) => one.condition === 'Authorized')
  if (!own && facts.grant) return granted(facts.grant, facts.now)
  if (!own) return asBefore(previous) ?? notYet('The grant has not been looked at yet.')
  const nobodyAnswers = own.reason === 'GoogleUnreachable'
  // A grant that was known to be good or bad doesn't become unknown because nobody answers.
  const kept = trouble || nobodyAnswers ? keptAuthorized(facts, trouble) : undefined
  return kept ?? { status: nobodyAnswers ? 'Unknown' : 'False', reason: own.reason, message: own.message }
}

function keptAuthorized(facts: Facts, trouble: StepFailure | undefined): Finding<never> | undefined {
  const previous = before(facts, 'Authorized')
  return previous?.status === 'Unknown' ? undefined : asBefore(previous, trouble && patience(facts, trouble))
}

const notYet = (message: string): Authorized => ({ status: 'Unknown', reason: 'NotYetKnown', message })

function granted(grant: NonNullable<Facts['grant']>, now: number): Authorized {
  const guess = grant.guess ? ' at the latest' : ''
  const since = `Access was granted ${timestamp(grant.grantedAt)}${guess}`
  const hidden = grant.accountHidden ? ' The scopes are too narrow to tell whose grant it is.' : ''
  const account = grant.remark === undefined ? hidden : `${hidden} ${grant.remark}`
  if (grant.end === undefined) return { status: 'True', reason: 'Granted', message: `${since}.${account}` }
  const left = grant.end - now
  const message = `${since}; it ends ${timestamp(grant.end)}${guess}`
  if (left > 48 * HOUR) return { status: 'True', reason: 'Granted', message: `${message}.${account}` }
  return {
    status: 'True',
    reason: 'GrantExpiresSoon',
    message: `${message}, ${stage(left)}: ${grant.advice}.${account}`,
  }
}

/** How close the end of a grant is; each stage is said, and warned about, once. */
function stage(left: number): string {
  if (left <= 0) return 'which is past, so that any request may be refused'
  return left > 12 * HOUR ? 'in less than 48 hours' : 'in less than 12 hours'
}

function decideSynced(facts: Facts, trouble: StepFailure | undefined): Synced {
  const previous = before(facts, 'Synced')
  if (trouble && previous) return asBefore(previous, patience(facts, trouble)) ?? neverRead(trouble.message)
  const own = ownFailure(facts, previous)
  if (own) return own
  // Also where the person is to be asked for more: what they agreed to is read.
  if (facts.synced) return { status: 'True', reason: 'Synced', message: syncedMessage(facts.synced) }
  const other = facts.failures[0]
  if (other) return outdated(facts, other, previous)
  return asBefore(previous) ?? neverRead('The calendars have not been read yet.')
}

/** What is wrong with the calendars or their publishing itself. */
function ownFailure(facts: Facts, previous: Condition | undefined): Synced | undefined {
  const own = facts.failures.filter((one) => one.condition === 'Synced')
  const worst = own.find(isStuck) ?? own[0]
  if (!worst) return undefined
  const known = isStuck(worst) ? undefined : stillStuck(facts, previous)
  return known ?? { status: 'False', reason: worst.reason, message: worst.message }
}

const isStuck = ({ reason }: { reason: string }): boolean => meaningOf(reason) === 'stuck'

/** After a restart, what a person has to repair is not forgotten because something else fails before it is looked at again. */
const stillStuck = (facts: Facts, previous: Condition | undefined): Finding<never> | undefined =>
  facts.unread && sameWish(facts) && previous?.status === 'False' && isStuck(previous) ? asBefore(previous) : undefined

const sameWish = ({ agent }: Facts): boolean => agent.status?.observedGeneration === agent.metadata.generation

const neverRead = (message: string): Synced => ({ status: 'Unknown', reason: 'NotYetSynced', message })

/** Another step failed, so that nothing was read: what was read before counts for as long as it can be trusted. */
function outdated(facts: Facts, other: StepFailure, previous: Condition | undefined): Synced {
  const { freshUntil, now } = facts
  const never = neverRead(`The calendars can't be read yet. ${other.message}`)
  if (!previous || previous.status === 'Unknown') return never
  const trusted = previous.status === 'True' && freshUntil !== undefined && now < freshUntil
  const stuck = previous.status === 'False' && isStuck(previous) && sameWish(facts)
  if (trusted || stuck) return asBefore(previous) ?? never
  return { status: 'False', reason: 'SyncFailed', message: `The calendars can't be read: ${other.message}` }
}

function syncedMessage({ calendars, staleAfterRaised }: NonNullable<Facts['synced']>): string {
  const read = calendars === 1 ? 'The calendar is read' : `${calendars} calendars are read`
  if (staleAfterRaised === undefined) return `${read} and up to date.`
  const counted = formatDuration(staleAfterRaised)
  return `${read} and up to date. spec.publish.staleAfter is shorter than two sync intervals: ${counted} counts instead.`
}

function decideReady(
  facts: Facts,
  found: { authorized: Authorized; synced: Synced; trouble: StepFailure | undefined },
): Ready {
  const previous = before(facts, 'Ready')
  if (found.trouble && previous) return asBefore(previous, patience(facts, found.trouble)) ?? found.synced
  const own = facts.failures.flatMap(({ condition, reason, message }): Ready[] =>
    condition === 'Ready' ? [{ status: 'False', reason, message }] : [],
  )
  const worst = worstOf([...own, found.authorized, found.synced].filter(({ status }) => status !== 'True'))
  if (worst) return worst
  const message = found.authorized.reason === 'GrantExpiresSoon' ? found.authorized.message : found.synced.message
  return { status: 'True', reason: 'Ready', message }
}

/** What somebody has to repair comes before what may pass by itself, and what failed before what was not come to for that. */
function worstOf(bad: Ready[]): Ready | undefined {
  const stuck = bad.find(isStuck)
  const failed = bad[0]?.reason === 'NotYetKnown' ? bad.find(({ status }) => status === 'False') : undefined
  return stuck ?? failed ?? bad[0]
}

/** This key's backoff where something has to be tried again, else the soonest of what falls due. */
function outcomeOf(facts: Facts): Outcome {
  const { failures, interval } = facts
  const next = soonest(timesLeft(facts))
  const failed = failures.find(({ requeue }) => requeue.kind === 'retry')
  if (failed?.requeue.kind === 'retry') {
    // What has fallen due already waits for the backoff: it is what failed, or it stood behind that.
    const atLatest = soonest(timesLeft(facts).filter((left) => left > 0))
    const longest = Math.min(failed.requeue.longest ?? Infinity, interval ?? Infinity)
    return retry(failed.requeue.error, failed.requeue.notBefore, atLatest, longest)
  }
  const sooner = (ms: number): number => Math.max(Math.min(ms, next ?? ms), 0)
  const stuck = failures.find(({ requeue }) => requeue.kind === 'blocked')
  if (stuck?.requeue.kind === 'blocked') return blocked(stuck.reason, sooner(stuck.requeue.at - facts.monotonic))
  const waiting = failures.find(({ requeue }) => requeue.kind === 'wait')
  if (waiting?.requeue.kind === 'wait') return wait(waiting.reason, sooner(waiting.requeue.for))
  return done(next === undefined ? undefined : Math.max(next, 0))
}

/** In how many ms each thing falls due that this agent has to be looked at for; 0 or less: now. */
function timesLeft({ failures, due, freshUntil, ...at }: Facts): number[] {
  const lefts = failures.some(bars) ? [] : due.map((instant) => instant - at.monotonic)
  // The end of trust is acted upon once, and also while everything else has to wait: blocking needs nothing of Google.
  if (freshUntil !== undefined && freshUntil > at.publishedAt) lefts.push(freshUntil - at.now)
  return lefts
}

/** Whether the way to the calendars is barred: then what falls due has to wait with it. */
const bars = ({ condition, reason, requeue }: StepFailure): boolean =>
  (condition !== 'Synced' && !(requeue.kind === 'wait' && requeue.readsOn)) ||
  (requeue.kind === 'retry' && !reason.startsWith('Publish'))

const soonest = (lefts: number[]): number | undefined => (lefts.length > 0 ? Math.min(...lefts) : undefined)
