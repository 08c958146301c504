/** What the reconcile of an integration tells its Agents. Only this file writes into the `IntegrationRegistry` from this room. */
import type { APIState } from '../clients/api-state.ts'
import { entryOf } from './assess.ts'
import type { Decision } from './decide.ts'
import type { IntegrationDeps } from './port.ts'
import type { IntegrationState } from './state.ts'

/** What the Agents are told. */
export interface Announcements {
  /** Whether they may use the client. */
  readonly decision?: Decision
  /** What the status said about the Calendar API before a restart. */
  readonly recalledAPI?: APIState
  /** The reconcile verifies the client, if that is due, because of what Agents have reported about it. */
  readonly isSuspicionTaken?: boolean
  /** An Agent may probe the Calendar API now. */
  readonly isProbeOffered?: boolean
  /** What paused the Agents is worth another try. */
  readonly wakesAgents?: boolean
}

/** Tells the Agents. */
export function announce(
  deps: IntegrationDeps,
  key: string,
  state: IntegrationState,
  { decision, recalledAPI, isSuspicionTaken, isProbeOffered, wakesAgents }: Announcements,
): void {
  const { registry } = deps
  if (recalledAPI) registry.recallAPI(key, recalledAPI)
  if (isSuspicionTaken) registry.clearSuspect(key)
  if (isProbeOffered) registry.offerProbe(key)
  if (wakesAgents) registry.wake(key)
  if (decision) registry.put(key, entryOf(deps, state, decision))
}
