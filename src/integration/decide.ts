/** Decides on the conditions of an integration and on its next reconcile. Pure: facts in, findings and an outcome out. */
import type { APIState } from '../clients/api-state.ts'
import type { Limit } from '../google/port.ts'
import { blocked, done, retry, wait, type Outcome } from '../controller/outcome.ts'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { findCondition, timestamp } from '../resources/conditions.ts'
import { meaningOf } from '../resources/reasons.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import type { Demand, ExceededBudget } from './demand.ts'
import type {
  APIFinding,
  CompleteFindings,
  CredentialsFinding,
  QuotaFinding,
  ReadyFinding,
  SiteFinding,
} from './findings.ts'

const DAY = 24 * 60 * 60_000
const HOUR = 60 * 60_000
const SOON = 1_000

/** What is decided on. */
interface IntegrationFacts {
  /** The time of day, in ms since the epoch. */
  now: number
  /** The same instant by the monotonic clock: of `verification` and `api`. */
  monotonic: number
  integration: CalendarIntegration
  credentials: CredentialsFinding
  /** When the credentials were last verified, why a later attempt had no result, and when the next attempt may be made. */
  verification?: { at: number; notBefore: number; error?: Error }
  api: APIState | undefined
  limit: Limit | undefined
  /** What the polls of its Agents need. */
  demand: Demand
  site: SiteFinding
}

/** The conditions, and when the integration is reconciled again. */
export interface Decision {
  findings: CompleteFindings
  outcome: Outcome
  demand: Demand
}

/** Decides on the conditions and the outcome of a reconcile. */
export function decide(facts: IntegrationFacts): Decision {
  const api = decideAPI(facts)
  const quota = decideQuota(facts)
  const { credentials, site } = facts
  const ready = decideReady(credentials, api, site)
  const own = { CredentialsValid: credentials, CalendarAPIEnabled: api, WithinQuota: quota, SiteAccepted: site }
  return { findings: { ready, own }, outcome: outcomeOf(facts, ready), demand: facts.demand }
}

/** What a person has to fix is reported before what may pass by itself. */
function decideReady(credentials: CredentialsFinding, api: APIFinding, site: SiteFinding): ReadyFinding {
  const bad: ReadyFinding[] = [credentials, site].filter(({ status }) => status !== 'True')
  if (api.status === 'False') bad.splice(1, 0, api)
  const worst = bad.find(({ reason }) => meaningOf('CalendarIntegration', reason) === 'stuck') ?? bad[0]
  return worst ?? { status: 'True', reason: 'Ready', message: credentials.message }
}

function decideAPI({ api }: IntegrationFacts): APIFinding {
  if (api?.state === 'Enabled') {
    return { status: 'True', reason: 'Enabled', message: 'The Calendar API answers.' }
  }
  if (api?.state === 'Disabled') {
    const message =
      'The Calendar API is switched off in the Google Cloud project of this client: enable "Google Calendar API" there (APIs & Services, Library). It takes Google some minutes; the operator checks again by itself.'
    return { status: 'False', reason: 'APIDisabled', message }
  }
  return { status: 'Unknown', reason: 'NotYetKnown', message: 'No agent has used the Calendar API yet.' }
}

function decideQuota({ limit, demand: { exceeded } }: IntegrationFacts): QuotaFinding {
  if (!limit && exceeded) return { status: 'False', reason: 'OverBudget', message: overBudgetMessage(exceeded) }
  if (!limit) return { status: 'True', reason: 'WithinQuota', message: 'Google does not limit this client.' }
  const since = timestamp(limit.since)
  if (limit.failure === 'DailyQuotaExceeded') {
    const message = `Since ${since} the project's daily quota of the Calendar API is used up: calendars are read again when Google allows it. Ask for more in the Google Cloud console, or lengthen spec.sync.interval.`
    return { status: 'False', reason: 'DailyQuotaExceeded', message }
  }
  const message = `Since ${since} Google limits the rate of this client's requests: the operator slows down for all of its agents.`
  return { status: 'False', reason: 'RateLimited', message }
}

function overBudgetMessage({ needed, left, budget, enough, calendars, integrations }: ExceededBudget): string {
  const counted = `${calendars} ${calendars === 1 ? 'calendar' : 'calendars'}`
  const [whose, setting] =
    integrations === 1
      ? ["this integration's Agents", 'spec.quota.requestsPerMinute']
      : [
          `all Agents of this OAuth client, over ${integrations} integrations,`,
          'the largest spec.quota.requestsPerMinute of these integrations',
        ]
  return `Polling the calendars of ${whose} (${counted}) needs ${needed} requests a minute, and the budget leaves ${left} for that: at most nine tenths of ${setting}, ${budget}. So calendars are read late. Set spec.quota.requestsPerMinute to ${enough} or more if Google allows the project that many, set a longer spec.sync.interval, or read fewer calendars.`
}

function outcomeOf(facts: IntegrationFacts, ready: ReadyFinding): Outcome {
  const { monotonic, verification, limit } = facts
  if (verification?.error) {
    const pause = Math.max(verification.notBefore - monotonic, 0)
    // The verification may be due and delayed by a limit: a backoff of 0 ms would be a busy loop.
    return retry(verification.error, pause, undefined, Math.max(pause, SOON))
  }
  const limitEnds = limit ? Math.max(limit.leftMs, SOON) : Infinity
  if (ready.status === 'True')
    return done(Math.min(Math.max((verification?.at ?? monotonic) + DAY - monotonic, 0), limitEnds))
  if (facts.credentials.status === 'True' && facts.site.status === 'Unknown') return wait(ready.reason, SOON)
  if (meaningOf('CalendarIntegration', ready.reason) !== 'stuck') return wait(ready.reason, Math.min(HOUR, limitEnds))
  return blocked(ready.reason, checkAgainIn(facts, ready.reason))
}

/** An Agent probes an API that is switched off; everything else that a person has to fix is checked rarely. */
function checkAgainIn({ now, monotonic, api, integration }: IntegrationFacts, reason: string): number {
  if (reason === 'APIDisabled' && api) return Math.max(api.probeAt - monotonic, SOON)
  const stalled = findCondition(integration.status?.conditions, 'Stalled')
  return manualFixInterval(Math.min(stalled ? Date.parse(stalled.lastTransitionTime) : now, now), now)
}
