/** Derives a decision, and the entry for the Agents, from the state of an integration. It sends no request. */
import type { IntegrationEntry } from '../clients/port.ts'
import { signInOf } from '../google/sign-in.ts'
import type { CalendarIntegration } from '../resources/types.ts'
import { NOT_YET_VERIFIED, verifiedFinding } from './credentials-finding.ts'
import { decide, type Decision } from './decide.ts'
import { demandOf } from './demand.ts'
import type { CredentialsFinding } from './findings.ts'
import type { IntegrationDeps } from './port.ts'
import { siteAsReported } from './site-decision.ts'
import { currentVerification, wasVerified, type IntegrationState } from './state.ts'

/** Decides on the conditions and the next reconcile, from what is known now. */
export function assess(
  deps: IntegrationDeps,
  key: string,
  integration: CalendarIntegration,
  state: IntegrationState,
): Decision {
  const credentials = credentialsOf(deps, integration, state)
  const clientId = state.client.kind === 'usable' ? state.client.file.clientId : undefined
  const demand = demandOf(deps, integration, credentials.status === 'True' ? clientId : undefined)
  return decide({
    now: deps.clock.now(),
    monotonic: deps.clock.monotonic(),
    integration,
    credentials,
    site:
      deps.isKeptHere?.(integration) === false
        ? siteAsReported(integration)
        : deps.sites.decide(integration, credentials),
    verification: currentVerification(state),
    api: deps.registry.api(key),
    limit: state.client.kind === 'usable' ? deps.google.client(state.client.file).limit() : undefined,
    demand,
  })
}

function credentialsOf(
  deps: IntegrationDeps,
  integration: CalendarIntegration,
  state: IntegrationState,
): CredentialsFinding {
  const { client } = state
  if (client.kind === 'unusable') return client.finding
  if (client.kind === 'unread') return NOT_YET_VERIFIED
  const known = currentVerification(state)
  const isGood = known ? known.finding.status === 'True' : wasVerified(integration, state)
  if (!isGood) return known?.finding ?? NOT_YET_VERIFIED
  return verifiedFinding(client.file, signInOf(client.file, integration.spec.google.siteURI, deps.signInPrefix))
}

/** The entry that the Agents are given. */
export function entryOf(
  { google }: IntegrationDeps,
  { client }: IntegrationState,
  { findings, demand }: Decision,
): IntegrationEntry {
  const { own, ready } = findings
  const isVerified = own.CredentialsValid.status === 'True'
  const apiDisabled = isVerified && own.CalendarAPIEnabled.status === 'False'
  return {
    client: client.kind === 'usable' ? google.client(client.file) : undefined,
    credentialsHash: client.kind === 'usable' ? client.hash : '',
    // A site of another namespace takes away pages and links only: Agents that have a grant are read all the same.
    ready: isVerified && !apiDisabled,
    apiDisabled,
    siteAccepted: own.SiteAccepted.status === 'True',
    siteRefused: own.SiteAccepted.status === 'False',
    message: ready.message,
    share: isVerified ? shareOf(client, demand) : undefined,
    accountsOverBudget: demand.accounts,
  }
}

const shareOf = (
  client: IntegrationState['client'],
  { quota, pollsPerMinute }: Decision['demand'],
): IntegrationEntry['share'] =>
  client.kind === 'usable' ? { clientId: client.file.clientId, quota, pollsPerMinute } : undefined
