/** What a room that works for an Agent needs to reach the Agent's calendars at Google. */
import type { Bypass } from '../google/port.ts'
import type { TokenRequest, TokenSource } from '../grants/port.ts'
import type { Agent } from '../resources/types.ts'
import { agentClient, type AgentClient } from './agent-client.ts'
import type { ClientsDeps } from './port.ts'
import { limitsFor } from './request-limits.ts'
import type { ResolvedIntegration } from './resolve-integration.ts'

/** The client to use for an Agent, and what its token source is asked with. */
export interface AgentAccess {
  readonly client: AgentClient
  readonly request: TokenRequest
}

/**
 * Prepares the access to an Agent's calendars for one reconcile.
 *
 * @param options.since since when the Agent is known, by the monotonic clock.
 * @param options.bypass set if somebody asked for this reconcile: pauses after refusals are skipped, and one request may ignore a limit.
 */
export function agentAccess(
  { integrations, tokens }: Pick<ClientsDeps, 'integrations'> & { tokens: Pick<TokenSource, 'current'> },
  agent: Agent,
  { key, integration, entry }: ResolvedIntegration,
  { since, bypass }: { since: number; bypass: Bypass | undefined },
): AgentAccess {
  const limits = (): ReturnType<typeof limitsFor> => limitsFor(agent, key, tokens.current(agent).grant)
  const client = agentClient(entry.client, { integrations, key, bypass, limits })
  const { credentialsHash } = entry
  return { client, request: { agent, integration, client, credentialsHash, since, force: bypass !== undefined } }
}
