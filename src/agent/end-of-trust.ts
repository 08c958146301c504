/** Schedules the work at the end of trust (`attend.ts`), which runs even while the reconcile waits for Google. */
import { keyOf } from '../kubernetes/port.ts'
import { TIMER_TOLERANCE_MS } from '../platform/clock.ts'
import type { Context } from './context.ts'
import type { AgentDeps } from './port.ts'
import { knownOf } from './state.ts'
import { endOfTrust } from './trust.ts'

/** If trust has ended already, a reconcile that is running may still extend it. */
const LOOK_AGAIN_MS = 5_000

/** Whether readers can trust the published objects now. */
export const isTrusted = (deps: AgentDeps, context: Context): boolean =>
  (endOfTrustOf(deps, context) ?? Infinity) > deps.clock.now()

/** Schedules `attend` for the end of trust, or soon if that has passed. */
export function attendAtEndOfTrust(deps: AgentDeps, context: Context): void {
  const until = endOfTrustOf(deps, context)
  if (until === undefined || until === -Infinity) return
  const left = until - deps.clock.now()
  deps.attendIn(keyOf(context.agent), left > 0 ? left + TIMER_TOLERANCE_MS : LOOK_AGAIN_MS)
}

const endOfTrustOf = (deps: AgentDeps, { agent, state, integration }: Context): number | undefined =>
  endOfTrust(deps.clock, agent, integration, knownOf(deps, agent, state))
