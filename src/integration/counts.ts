/** How an integration's agents are doing, counted from their own status. Pure. */
import { findCondition } from '../resources/conditions.ts'
import type { Agent, CalendarIntegrationStatus } from '../resources/types.ts'

export function countAgents(agents: readonly Agent[]): NonNullable<CalendarIntegrationStatus['agents']> {
  const having = (type: string, test: (condition: { status: string; reason: string }) => boolean): number =>
    agents.filter((agent) => {
      const condition = findCondition(agent.status?.conditions, type)
      return condition !== undefined && test(condition)
    }).length
  const total = agents.length
  const ready = having('Ready', ({ status }) => status === 'True')
  return {
    total,
    ready,
    awaitingSignIn: having('Authorized', ({ reason }) => reason === 'AwaitingSignIn'),
    expiringSoon: agents.filter(
      ({ status }) =>
        findCondition(status?.conditions, 'Ready')?.status === 'True' &&
        findCondition(status?.conditions, 'Authorized')?.reason === 'GrantExpiresSoon',
    ).length,
    failing: having('Stalled', ({ status }) => status === 'True'),
    summary: `${ready}/${total}`,
  }
}
