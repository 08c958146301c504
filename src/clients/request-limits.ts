/** In whose budgets the requests for an Agent count, and how urgent they are. Pure. */
import type { Payer, Priority, RequestOptions } from '../google/port.ts'
import type { Grant } from '../grants/grant.ts'
import type { Key } from '../kubernetes/port.ts'
import { canonicalAccount } from '../resources/account.ts'
import { findCondition } from '../resources/conditions.ts'
import type { Agent } from '../resources/types.ts'

/** How a request for the Agent is limited that is sent now. */
export const limitsFor = (agent: Agent, integration: Key, grant: Grant | undefined): Omit<RequestOptions, 'bypass'> => {
  const payer = payerOf(agent, integration, grant)
  return { payer, priority: priorityOf(agent, payer), isTokenUnproven: grant?.isTokenProven !== true }
}

/** In whose budgets a request for the Agent counts. */
export const payerOf = (agent: Agent, integration: Key, grant: Grant | undefined): Payer => ({
  integration,
  ...accountOf(agent, grant),
})

function accountOf({ spec, metadata }: Agent, grant: Grant | undefined): Omit<Payer, 'integration'> {
  if (grant?.account !== undefined) return { account: canonicalAccount(grant.account) }
  // Nobody will ever know whose it is: such an Agent must not use up the budget of an account that its spec only names.
  if (grant?.accountHidden) return { account: `Agent ${metadata.uid ?? ''}` }
  return { account: canonicalAccount(spec.account), isClaimed: true }
}

/** The first reads with a new grant are interactive, because somebody has just signed in or supplied it. All others are routine. */
function priorityOf({ status }: Agent, { isClaimed }: Payer): Priority {
  const statusOf = (type: string): string => findCondition(status?.conditions, type)?.status ?? 'Unknown'
  const isFirst =
    statusOf('Synced') === 'Unknown' || (statusOf('Authorized') !== 'True' && statusOf('Synced') !== 'True')
  return isClaimed || isFirst ? 'interactive' : 'routine'
}
