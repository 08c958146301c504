/**
 * Decides on the conditions of an agent and on its next reconcile. Pure: facts in, findings and an outcome out.
 *
 * An agent that was ready stays ready while it fails for reasons that may pass, until the published calendar can no longer be
 * trusted. Its messages say since when it fails, and why. Only refusals that concern this agent or its calendars show at once.
 */
import { blocked, done, retry, wait, type Outcome } from '../controller/outcome.ts'
import { findCondition, timestamp, type Finding, type Findings } from '../resources/conditions.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import { formatDuration } from '../resources/durations.ts'
import { meaningOf as meaningFor, type ReadyReason, type ReasonOf } from '../resources/reasons.ts'
import type { Agent, Condition } from '../resources/types.ts'
import type { AccountShortage } from '../clients/port.ts'
import type { StepFailure } from '../failures/step-failure.ts'

/** What is decided on. */
export interface AgentFacts {
  /** The time of day, in ms since the epoch. */
  now: number
  /** The same instant by the monotonic clock. */
  monotonic: number
  /** When it was decided what to publish, by the time of day: an end of trust after that was not acted upon yet. */
  publishedAt: number
  /** The age beyond which a read is not trusted, in ms; undefined without an integration. */
  staleAfter?: number
  /** The sync interval, in ms: no backoff is longer. */
  interval?: number
  agent: Agent
  /** The failures, in the order of the steps. */
  failures: StepFailure[]
  /** The grant, if it was found valid in this reconcile. */
  grant?: {
    end: number | undefined
    /** Whether Google has accepted the grant after its recorded end, so that its end is not known. */
    isEndDisproved?: boolean
    grantedAt: number
    guess: boolean
    accountHidden: boolean
    advice: string
    /** A sentence about the supplied Secret. */
    remark?: string
  }
  /** Every calendar was read at least once, and all outputs are published. */
  synced?: { calendars: number; staleAfterRaised?: number; shortage?: AccountShortage }
  /** Until when readers can trust all outputs, by the time of day; -Infinity if an output is missing. */
  freshUntil?: number
  /** A calendar that the spec names was neither read nor refused since the start of the process. */
  unread?: boolean
  /** Since when the agent fails for a reason that may pass, by the time of day. */
  failingSince?: number
  /** When a reading, a renewal or a warning is due, by the monotonic clock. An instant in the past means: now. */
  due: number[]
}

/** The conditions, and when the agent is reconciled again. */
export interface Decision {
  findings: Findings<'Agent'>
  outcome: Outcome
}

type Authorized = Finding<ReasonOf<'Agent', 'Authorized'>>
type Synced = Finding<ReasonOf<'Agent', 'Synced'>>
type Ready = Finding<ReadyReason<'Agent'>>

/** Decides on the conditions and the outcome of a reconcile. */
export function decide(facts: AgentFacts): Decision {
  const tolerated = toleratedFailure(facts)
  const authorized = decideAuthorized(facts, tolerated)
  const synced = decideSynced(facts, tolerated)
  const ready = decideReady(facts, { authorized, synced, tolerated })
  const findings = { ready, own: { Authorized: authorized, Synced: synced } }
  return { findings, outcome: outcomeOf(facts) }
}

const meaningOf = (reason: string): string => meaningFor('Agent', reason)

const before = ({ agent }: AgentFacts, type: string): Condition | undefined =>
  findCondition(agent.status?.conditions, type)

/** The first failure that a ready agent tolerates, because its outputs can still be trusted; undefined if there is none. */
function toleratedFailure(facts: AgentFacts): StepFailure | undefined {
  const { failures, freshUntil, now } = facts
  if (failures.length === 0) return undefined
  const wasReady = before(facts, 'Ready')?.status === 'True'
  const trusted = freshUntil !== undefined && now < freshUntil
  const passing = failures.every(({ reason }) => meaningOf(reason) === 'passing' && reason !== 'AwaitingSignIn')
  return wasReady && sameWish(facts) && trusted && passing ? failures[0] : undefined
}

/** The condition as it was, with another message if one is given. */
function asBefore(condition: Condition | undefined, message?: string): Finding<never> | undefined {
  if (!condition) return undefined
  // The operator has written the status itself, with a reason from the same table.
  return { status: condition.status, reason: condition.reason as never, message: message ?? condition.message }
}

const toleratedMessage = ({ failingSince, now, freshUntil }: AgentFacts, tolerated: StepFailure): string =>
  `What was published is good until ${timestamp(freshUntil ?? now)}. There has been a problem since ${timestamp(failingSince ?? now)}: ${tolerated.message}`

function decideAuthorized(facts: AgentFacts, tolerated: StepFailure | undefined): Authorized {
  const own = facts.failures.find((one) => one.condition === 'Authorized')
  if (!own && facts.grant) return granted(facts.grant, facts.now)
  if (!own) return asBefore(before(facts, 'Authorized')) ?? notYet('The grant has not been looked at yet.')
  const nobodyAnswers = own.reason === 'GoogleUnreachable'
  // A grant that was known to be valid or invalid does not become unknown because Google does not answer.
  const kept = tolerated || nobodyAnswers ? keptAuthorized(facts, tolerated) : undefined
  return kept ?? { status: nobodyAnswers ? 'Unknown' : 'False', reason: own.reason, message: own.message }
}

function keptAuthorized(facts: AgentFacts, tolerated: StepFailure | undefined): Finding<never> | undefined {
  const previous = before(facts, 'Authorized')
  return previous?.status === 'Unknown'
    ? undefined
    : asBefore(previous, tolerated && toleratedMessage(facts, tolerated))
}

const notYet = (message: string): Authorized => ({ status: 'Unknown', reason: 'NotYetKnown', message })

function granted(grant: NonNullable<AgentFacts['grant']>, now: number): Authorized {
  const guess = grant.guess ? ' at the latest' : ''
  const since = `Access was granted ${timestamp(grant.grantedAt)}${guess}`
  const hidden = grant.accountHidden ? ' The scopes are too narrow to tell whose grant it is.' : ''
  const account = grant.remark === undefined ? hidden : `${hidden} ${grant.remark}`
  const doubt = grant.isEndDisproved ? `; ${END_DISPROVED}` : ''
  if (grant.end === undefined) return { status: 'True', reason: 'Granted', message: `${since}${doubt}.${account}` }
  const left = grant.end - now
  const message = `${since}; it ends ${timestamp(grant.end)}${guess}`
  if (left > 48 * HOUR_MS) return { status: 'True', reason: 'Granted', message: `${message}.${account}` }
  return {
    status: 'True',
    reason: 'GrantExpiresSoon',
    message: `${message}, ${stage(left)}: ${grant.advice}.${account}`,
  }
}

const END_DISPROVED =
  'Google has accepted it after the end that follows from that, so its end is not known: a clock was wrong when it was given, or the app is not in Testing any more'

/** How close the end of a grant is. Each stage is reported, and warned about, once. */
function stage(left: number): string {
  if (left <= 0) return 'which is past, so that any request may be refused'
  return left > 12 * HOUR_MS ? 'in less than 48 hours' : 'in less than 12 hours'
}

function decideSynced(facts: AgentFacts, tolerated: StepFailure | undefined): Synced {
  const previous = before(facts, 'Synced')
  if (tolerated && previous)
    return asBefore(previous, toleratedMessage(facts, tolerated)) ?? neverRead(tolerated.message)
  const own = ownFailure(facts, previous)
  if (own) return own
  // Also if the spec asks for more than the person consented to: the rest is read.
  if (facts.synced) return { status: 'True', reason: 'Synced', message: syncedMessage(facts.synced) }
  const other = facts.failures[0]
  if (other) return outdated(facts, other, previous)
  return asBefore(previous) ?? neverRead('The calendars have not been read yet.')
}

/** A failure of reading or publishing itself. */
function ownFailure(facts: AgentFacts, previous: Condition | undefined): Synced | undefined {
  const own = facts.failures.filter((one) => one.condition === 'Synced')
  const worst = own.find(isStuck) ?? own[0]
  if (!worst) return undefined
  const known = isStuck(worst) ? undefined : stillStuck(facts, previous)
  return known ?? { status: 'False', reason: worst.reason, message: worst.message }
}

const isStuck = ({ reason }: { reason: string }): boolean => meaningOf(reason) === 'stuck'

/** After a restart, a failure that a person has to repair stays until the calendars were read again. */
const stillStuck = (facts: AgentFacts, previous: Condition | undefined): Finding<never> | undefined =>
  facts.unread && sameWish(facts) && previous?.status === 'False' && isStuck(previous) ? asBefore(previous) : undefined

/** Whether the status is about the current spec. A deletion counts as a generation, too. */
const sameWish = ({ agent: { metadata, status } }: AgentFacts): boolean =>
  status?.observedGeneration === metadata.generation ||
  (metadata.deletionTimestamp !== undefined && (status?.observedGeneration ?? NaN) + 1 === metadata.generation)

const neverRead = (message: string): Synced => ({ status: 'Unknown', reason: 'NotYetSynced', message })

/** Nothing was read, because an earlier step failed. What was read before counts as long as it can be trusted. */
function outdated(facts: AgentFacts, other: StepFailure, previous: Condition | undefined): Synced {
  const { freshUntil, now } = facts
  const never = neverRead(`The calendars can't be read yet. ${other.message}`)
  if (!previous || previous.status === 'Unknown') return never
  const trusted = previous.status === 'True' && freshUntil !== undefined && now < freshUntil
  const stuck = previous.status === 'False' && isStuck(previous) && sameWish(facts)
  if (trusted || stuck) return asBefore(previous) ?? never
  return { status: 'False', reason: 'SyncFailed', message: `The calendars can't be read: ${other.message}` }
}

function syncedMessage({ calendars, staleAfterRaised, shortage }: NonNullable<AgentFacts['synced']>): string {
  const read = calendars === 1 ? 'The calendar is read' : `${calendars} calendars are read`
  const upToDate = `${read} and up to date.`
  const raised =
    staleAfterRaised === undefined
      ? ''
      : ` spec.publish.staleAfter is shorter than two sync intervals: ${formatDuration(staleAfterRaised)} is used instead.`
  return `${upToDate}${raised}${shortage ? shortageMessage(shortage) : ''}`
}

const shortageMessage = ({ needed, left, budget, enough }: AccountShortage): string =>
  ` Polling the calendars of this account, over all of its Agents, needs ${needed} requests a minute, and its budget leaves ${left} for that: at most nine tenths of spec.quota.requestsPerMinutePerAgent of the integration, ${budget}. So calendars are read late. Set that to ${enough} or more if Google allows each user of the project that many, set a longer spec.sync.interval, or read fewer calendars.`

function decideReady(
  facts: AgentFacts,
  found: { authorized: Authorized; synced: Synced; tolerated: StepFailure | undefined },
): Ready {
  const { tolerated } = found
  if (tolerated) return asBefore(before(facts, 'Ready'), toleratedMessage(facts, tolerated)) ?? found.synced
  const own = facts.failures.flatMap(({ condition, reason, message }): Ready[] =>
    condition === 'Ready' ? [{ status: 'False', reason, message }] : [],
  )
  const worst = worstOf([...own, found.authorized, found.synced].filter(({ status }) => status !== 'True'))
  if (worst) return worst
  // Such as an access token that could not be renewed: the calendars were read with it while it lasted.
  const ended = hasTrustEnded(facts) ? facts.failures[0] : undefined
  if (ended) return { status: 'False', reason: ended.reason, message: ended.message }
  const message = found.authorized.reason === 'GrantExpiresSoon' ? found.authorized.message : found.synced.message
  return { status: 'True', reason: 'Ready', message }
}

const hasTrustEnded = ({ freshUntil, now }: AgentFacts): boolean => freshUntil !== undefined && freshUntil <= now

/**
 * The condition that Ready repeats. A failure that a person has to repair comes before one that may pass, and a failed step
 * comes before a step that was skipped because of it.
 */
function worstOf(bad: Ready[]): Ready | undefined {
  const stuck = bad.find(isStuck)
  const failed = bad[0]?.reason === 'NotYetKnown' ? bad.find(({ status }) => status === 'False') : undefined
  return stuck ?? failed ?? bad[0]
}

/** The backoff of this key if a step is to be retried, otherwise the next instant that is due. */
function outcomeOf(facts: AgentFacts): Outcome {
  const { failures, interval } = facts
  const next = soonest(timesLeft(facts))
  const failed = failures.find(({ requeue }) => requeue.kind === 'retry')
  if (failed?.requeue.kind === 'retry') {
    // What is due already waits for the backoff: it has failed, or the failure prevented it.
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

/** In how many ms the agent is due for each reason; 0 or less means: now. */
function timesLeft({ agent, failures, due, freshUntil, ...at }: AgentFacts): number[] {
  // An Agent that is being deleted is not read, nor warned about.
  const isRead = agent.metadata.deletionTimestamp === undefined && !failures.some(preventsReading)
  const lefts = isRead ? due.map((instant) => instant - at.monotonic) : []
  // The end of trust is acted upon once, even while everything else waits: publishing does not need Google.
  if (freshUntil !== undefined && freshUntil > at.publishedAt) lefts.push(freshUntil - at.now)
  return lefts
}

/** Whether the failure prevents reading: then what is due waits for it. */
const preventsReading = ({ condition, reason, requeue }: StepFailure): boolean =>
  (condition !== 'Synced' && !(requeue.kind === 'wait' && requeue.readsOn)) ||
  (requeue.kind === 'retry' && !reason.startsWith('Publish'))

const soonest = (lefts: number[]): number | undefined => (lefts.length > 0 ? Math.min(...lefts) : undefined)
