/** How many requests a minute the polls of an OAuth client's Agents need, compared with its budget. Pure: the caches are only read. */
import { wantedCalendars } from '../calendars/wanted-calendars.ts'
import type { IntegrationRegistry } from '../clients/port.ts'
import { keyOf, type Cluster } from '../kubernetes/port.ts'
import { MINUTE_MS } from '../platform/time-units.ts'
import { canonicalAccount } from '../resources/account.ts'
import { isAllowed } from '../resources/allowed-namespaces.ts'
import { durationMs } from '../resources/durations.ts'
import { largestQuota, quotaOf, type Quota } from '../resources/quota.ts'
import type { Agent, CalendarIntegration } from '../resources/types.ts'
import { shortageOf, shortagesIn, type ReservedShare, type Shortage } from './budget-share.ts'

/** The polls of some integrations. */
export interface Polls {
  calendars: number
  perMinute: number
}

/** What the polls of an integration, and of those that share its client, need. */
export interface Demand {
  /** The integration's own quota. */
  quota: Quota
  /** How many requests a minute the integration's own polls need. */
  pollsPerMinute: number
  /** Set if the polls need too much: those of the client, or else the integration's own. */
  exceeded: ExceededBudget | undefined
  /** The accounts whose polls need too much, by their canonical form: those of the client, or else the integration's own. */
  accounts: ReadonlyMap<string, Shortage>
}

/** The polls that need more than their budget leaves for them. */
export interface ExceededBudget extends Shortage {
  calendars: number
  /** How many integrations share the budget. */
  integrations: number
}

interface DemandDeps {
  cluster: Pick<Cluster, 'agents' | 'integrations' | 'namespaces'>
  registry: Pick<IntegrationRegistry, 'peersOf'>
  reserved?: ReservedShare
}

/**
 * The demand of an integration.
 *
 * @param clientId the client id, if Google has accepted its secret: an unverified one shares no budget.
 */
export function demandOf(
  { cluster, registry, reserved }: DemandDeps,
  integration: CalendarIntegration,
  clientId: string | undefined,
): Demand {
  const peers = clientId === undefined ? [] : registry.peersOf(keyOf(integration), clientId)
  const others = peers.map((key) => cluster.integrations.get(key)).filter((one) => one !== undefined)
  const sharing = [integration, ...others]
  const quota = largestQuota(sharing.map(quotaOf))
  const polls = sharing.map((one) => pollsOf(cluster, one))
  const [own = NO_POLLS] = polls
  const ofClient = {
    calendars: sum(polls.map(({ calendars }) => calendars)),
    perMinute: sum(polls.map(({ perMinute }) => perMinute)),
  }
  return {
    quota: quotaOf(integration),
    pollsPerMinute: own.perMinute,
    exceeded:
      exceeded(ofClient, { budget: quota.requestsPerMinute, reserved, integrations: sharing.length }) ??
      exceeded(own, { budget: quotaOf(integration).requestsPerMinute, reserved, integrations: 1 }),
    accounts: new Map([
      ...exceededAccounts([own], quotaOf(integration).requestsPerMinutePerAgent, reserved),
      ...exceededAccounts(polls, quota.requestsPerMinutePerAgent, reserved),
    ]),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

interface SharedBudget extends Pick<ExceededBudget, 'budget' | 'integrations'> {
  reserved: ReservedShare | undefined
}

function exceeded(
  { calendars, perMinute }: Polls,
  { budget, reserved, integrations }: SharedBudget,
): ExceededBudget | undefined {
  const shortage = shortageOf(perMinute, budget, reserved)
  return shortage && { ...shortage, calendars, integrations }
}

interface PollsOfIntegration extends Polls {
  /** The calendars of each account that Google has confirmed. */
  accounts: ReadonlyMap<string, number>
  /** How often a minute each calendar is read. */
  rate: number
}

const NO_POLLS: PollsOfIntegration = { calendars: 0, perMinute: 0, accounts: new Map(), rate: 0 }

/** The polls of all Agents that the integration serves and that are not suspended, signed in or not. */
function pollsOf({ agents, namespaces }: DemandDeps['cluster'], integration: CalendarIntegration): PollsOfIntegration {
  if (integration.spec.suspend) return NO_POLLS
  const labelsOf = namespaces && ((name: string) => namespaces.get(name)?.metadata.labels)
  const isPolled = (agent: Agent): boolean =>
    !agent.spec.suspend && !agent.metadata.deletionTimestamp && isAllowed(agent, integration, labelsOf)
  const accounts = new Map<string, number>()
  let calendars = 0
  for (const agent of agents.byIndex('integration', keyOf(integration))) {
    if (!isPolled(agent)) continue
    const count = countCalendars(agent)
    calendars += count
    // Anybody may write an account into a spec: only a confirmed one counts for it.
    const account = agent.status?.authorization?.account
    if (account === undefined) continue
    const key = canonicalAccount(account)
    accounts.set(key, (accounts.get(key) ?? 0) + count)
  }
  const rate = MINUTE_MS / durationMs(integration.spec.sync.interval)
  return { calendars, perMinute: calendars * rate, accounts, rate }
}

const countCalendars = (agent: Agent): number =>
  agent.spec.calendars.read.length === 1 && agent.spec.calendars.write === undefined
    ? 1
    : wantedCalendars(agent, agent.status?.authorization?.account).size

function exceededAccounts(
  polls: readonly PollsOfIntegration[],
  budget: number,
  reserved: ReservedShare | undefined,
): Map<string, Shortage> {
  const perMinute = new Map<string, number>()
  for (const { accounts, rate } of polls) {
    for (const [account, calendars] of accounts) {
      perMinute.set(account, (perMinute.get(account) ?? 0) + calendars * rate)
    }
  }
  const shortageAt = shortagesIn(budget, reserved)
  const exceeded = new Map<string, Shortage>()
  for (const [account, rate] of perMinute) {
    const shortage = shortageAt(rate)
    if (shortage) exceeded.set(account, shortage)
  }
  return exceeded
}
