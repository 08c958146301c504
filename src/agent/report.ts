/**
 * Writes the status: all of it at once, and only if it has changed. Times that change with every reading do not count: they are
 * written with other changes, or as a heartbeat after half of the time of trust.
 */
import { knownCalendars } from '../calendars/query.ts'
import { timeOfDay, type Clock } from '../platform/clock.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { isSameContent } from '../platform/same-content.ts'
import { conditionsFor, findCondition, timestamp, type Findings } from '../resources/conditions.ts'
import type { PushReport } from '../push/report.ts'
import { needsSignIn } from '../resources/reasons.ts'
import type { Agent, AgentStatus, CalendarIntegration } from '../resources/types.ts'
import { keyOf } from '../kubernetes/port.ts'
import { asWritten, isOverwritten, withOwnStatus, writeReport, type ReportResult } from '../kubernetes/status-report.ts'
import { grantEnd } from '../grants/grant-diagnosis.ts'
import { fromTimestamp } from '../resources/secret-encoding.ts'
import { consentedPart, type ObservedState } from './state.ts'
import type { AgentDeps } from './port.ts'
import { signInURL } from '../grants/advice.ts'

/** What the status is written from. */
export interface Report {
  agent: Agent
  observed: ObservedState
  /** The status that we wrote last. */
  written: AgentStatus | undefined
  /** The last request to reconcile that was acted upon. */
  handledRequest: string | undefined
  /** Undefined: the conditions stay as they are. */
  findings: Findings<'Agent'> | undefined
  integration: CalendarIntegration | undefined
  /** How long a reading is trusted, in ms; the heartbeat has half of that as its period. */
  staleAfter: number | undefined
}

/** A reading is never older than the one before: a status that is later than the current one by this was stamped by a wrong clock. */
const CLOCKS_DIFFER_MS = 5_000

/** What the status is written from, with what the push channels say. */
interface PushedReport extends Report {
  push: PushReport | undefined
}

type Conditions = AgentStatus['conditions']
type Authorization = AgentStatus['authorization']

/** Writes the status if it has changed, or if somebody else has written over it. */
export function report(deps: AgentDeps, given: Report): MaybePromise<ReportResult<AgentStatus>> {
  const { agent: reconciled, written, staleAfter } = given
  // The newest version: a preliminary status of ours, or somebody's label, may have been written in the meantime.
  const object = deps.cluster.agents.get(keyOf(reconciled))
  if (!object || object.metadata.uid !== reconciled.metadata.uid) return { written }
  const { generation } = reconciled.metadata
  const agent = withOwnStatus<'Agent'>(object, written)
  const push = deps.push.report(reconciled)
  const whole = statusOf(deps, { ...given, agent, findings: withWatching(given.findings, push), push }, generation)
  const isSame = (status: AgentStatus): boolean => !isNews(agent.status, status, staleAfter)
  const isUntouched = !isOverwritten(object, written)
  // Ours and the store's are equal: one copy is kept in memory.
  const unchanged = { written: written && object.status }
  // Fitting takes longer than comparing, and changes nothing in a status that was written before.
  if (isUntouched && isSame(whole)) return unchanged
  const status = asWritten('Agent', withoutEmpty(whole))
  if (isUntouched && isSame(status)) return unchanged
  const about = { kind: 'Agent', object, written, generation, refused } as const
  return writeReport(deps, about, status).finally(() => deps.reported(keyOf(object)))
}

function statusOf(deps: AgentDeps, what: PushedReport, generation: number | undefined): AgentStatus {
  const { agent, findings, observed, handledRequest } = what
  const before = { conditions: agent.status?.conditions, generation, now: deps.clock.now() }
  const conditions = findings ? conditionsFor('Agent', findings, before) : before.conditions
  return {
    observedGeneration: generation,
    conditions,
    lastHandledReconcileAt: (findings && handledRequest) ?? agent.status?.lastHandledReconcileAt,
    authorization: authorizationOf(what, urlOf(deps, what, conditions)),
    // Only what the person has consented to is read.
    sync: syncOf(deps, consentedPart(agent, observed), what),
  }
}

/** The status without empty fields, as the API server stores it. */
const withoutEmpty = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map(withoutEmpty) as T
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutEmpty(field as unknown)])) as T
}

/** Whether Google announces changes stands beside the other findings, and affects none of them. */
function withWatching(findings: Findings<'Agent'> | undefined, push: PushReport | undefined): typeof findings {
  if (!findings || !push?.watching) return findings
  if (push.watching === 'absent') return { ...findings, absent: ['Watching'] }
  return { ...findings, own: { ...findings.own, Watching: push.watching } }
}

/** The rest of the status stays; the condition says that it could not be written. */
function refused(message: string): Findings<'Agent'> {
  const finding = { status: 'False', reason: 'PublishFailed', message } as const
  return { ready: finding, own: { Synced: finding } }
}

function authorizationOf({ agent, observed, integration }: Report, url: string | undefined): Authorization {
  const { grant, refusal } = observed.grant
  // The grant was not loaded, or is gone: what was known about the last one still helps the person who has to act.
  if (!grant) return withURL(agent.status?.authorization, url)
  const end = integration && grantEnd(grant, integration)
  return {
    account: grant.account,
    scopes: grant.scopes && [...grant.scopes],
    grantedAt: timestamp(grant.grantedAt),
    // A grant that was revoked has no end that is still to come.
    expiresAt: end === undefined || refusal?.stepFailure.reason === 'GrantRevoked' ? undefined : timestamp(end),
    accessTokenExpiresAt: grant.accessToken ? timestamp(grant.expiresAt) : undefined,
    likelyCause: refusal?.likelyCause,
    url,
  }
}

/** The URL to sign in at; present exactly while somebody has to, so programs can go by it. */
function urlOf(deps: AgentDeps, { agent, findings, integration }: Report, conditions: Conditions): string | undefined {
  if (!findings) return agent.status?.authorization?.url
  const reason = findCondition(conditions, 'Authorized')?.reason
  const servesUs = integration && findings.ready.reason !== 'IntegrationNotAllowed'
  return servesUs && reason && needsSignIn(reason) ? signInURL(deps, agent, integration) : undefined
}

function withURL(known: Authorization, url: string | undefined): Authorization {
  const all = { ...known, url }
  return Object.values(all).some((value) => value !== undefined) ? all : undefined
}

function syncOf({ clock }: AgentDeps, agent: Agent, { observed, push }: PushedReport): AgentStatus['sync'] {
  const before = agent.status?.sync
  const calendars = knownCalendars(observed.calendars, agent, observed.grant.grant?.account)
  // After a restart, the status stays until the calendars were read.
  if (calendars.some(({ lastRead, failure }) => lastRead === undefined && !failure?.refused)) return before
  const read = calendars.filter(({ failure }) => !failure?.refused)
  const lastReads = read.map(({ lastRead }) => lastRead)
  const lastFulls = read.map(({ lastFull }) => lastFull)
  return {
    lastSyncTime: oldest(clock, lastReads) ?? before?.lastSyncTime,
    lastFullSyncTime: oldest(clock, lastFulls) ?? before?.lastFullSyncTime,
    busyIntervals: observed.publication.calendar?.busyIntervals,
    calendars: calendars.map(({ id, name, snapshot, lastRead, failure }) => ({
      id: name,
      events: snapshot?.events ?? 0,
      lastSyncTime: oldest(clock, [lastRead]),
      error: failure?.error,
      channel: push ? push.channelOf(id) : before?.calendars?.find((one) => one.id === name)?.channel,
    })),
  }
}

function oldest(clock: Clock, times: (number | undefined)[]): string | undefined {
  const given = times.filter((time) => time !== undefined)
  return given.length > 0 ? timestamp(timeOfDay(clock, Math.min(...given))) : undefined
}

/** Whether the status differs in more than times, or a heartbeat is due. */
function isNews(before: AgentStatus | undefined, status: AgentStatus, staleAfter = Infinity): boolean {
  if (!isSameButForTimes(status, before)) return true
  const last = fromTimestamp(before?.sync?.lastSyncTime)
  const current = fromTimestamp(status.sync?.lastSyncTime)
  if (current === undefined || last === undefined) return current !== undefined
  // After the time of day was set back, earlier stamps lie in the future.
  return current - last >= staleAfter / 2 || last - current >= CLOCKS_DIFFER_MS
}

/** The fields that are compared as a whole. */
const TIMELESS: Record<Exclude<keyof AgentStatus, 'sync'>, true> = {
  observedGeneration: true,
  conditions: true,
  lastHandledReconcileAt: true,
  authorization: true,
}
const TIMELESS_FIELDS = Object.keys(TIMELESS) as (keyof typeof TIMELESS)[]

function isSameButForTimes(status: AgentStatus, before: AgentStatus = {}): boolean {
  if (!TIMELESS_FIELDS.every((field) => isSameContent(status[field], before[field]))) return false
  const { busyIntervals, calendars = [] } = status.sync ?? {}
  const known = before.sync?.calendars ?? []
  return (
    busyIntervals === before.sync?.busyIntervals &&
    calendars.length === known.length &&
    calendars.every(({ id, error, channel }, index) => {
      const last = known[index]
      return id === last?.id && error === last.error && isSameContent(channel, last.channel)
    })
  )
}
