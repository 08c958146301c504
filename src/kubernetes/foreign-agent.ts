/**
 * What is kept of an Agent that another replica reconciles: the spec and the metadata, and of the status only what decisions about
 * other objects need. A replica of a large cluster keeps many of them. Pure.
 */
import type { Agent, AgentStatus, Condition } from '../resources/types.ts'

/** Nothing depends on these conditions of other Agents. */
const UNUSED = new Set(['Reconciling'])
/** Of the other conditions, the message does not matter. This one says which site was tried. */
const WITH_MESSAGE = 'Watching'

/** Returns the Agent with the part of its status that is kept. Fields that are left out are empty, or missing where they may be. */
export function compactForeignAgent(agent: Agent): Agent {
  const { apiVersion, kind, metadata, spec, status } = agent
  return status ? { apiVersion, kind, metadata, spec, status: compactStatus(status) } : agent
}

/**
 * An integration counts Agents by their conditions, and the calendars of each account. Pages show when a grant ends. One replica
 * tries for all whether notifications arrive, and the others read from its channels what came of that. Objects are made as
 * literals without a spread, because they need a third of the memory.
 */
function compactStatus({ conditions, authorization, sync }: AgentStatus): AgentStatus {
  const channels = sync?.calendars?.filter(({ channel }) => channel) ?? []
  return {
    conditions: conditions?.filter(({ type }) => !UNUSED.has(type)).map(compactCondition),
    authorization: authorization && { account: authorization.account, expiresAt: authorization.expiresAt },
    sync: channels.length > 0 ? { calendars: channels.map(({ id, channel }) => ({ id, channel })) } : undefined,
  }
}

const compactCondition = ({ type, status, reason, message }: Condition): Condition => ({
  type,
  status,
  reason,
  message: type === WITH_MESSAGE ? message : '',
  lastTransitionTime: '',
})
