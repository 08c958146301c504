/** The deadline at which readers can no longer trust what an Agent has published. */
import { keyOf } from '../kubernetes/port.ts'
import { TIMER_TOLERANCE_MS } from '../platform/clock.ts'
import { observedState, type AgentState } from './state.ts'
import type { AgentRun } from './steps.ts'
import { endOfTrust } from './trust.ts'

/** If trust has ended already, a reconcile that is running may still extend it. */
const LOOK_AGAIN_MS = 5_000

/** Whether readers can trust the published objects now. */
export const isTrusted = (run: AgentRun, state: AgentState): boolean =>
  (endOfTrustOf(run, state) ?? Infinity) > run.deps.clock.now()

/** Schedules the deadline for the end of trust, or soon if that has passed. */
export const scheduleEndOfTrust = (run: AgentRun, state: AgentState): void =>
  scheduleDeadline(run, endOfTrustOf(run, state))

/** As above. @param until the end of trust. */
export function scheduleDeadline({ deps, agent }: AgentRun, until: number | undefined): void {
  if (until === undefined || until === -Infinity) return
  const left = until - deps.clock.now()
  deps.scheduleDeadline(keyOf(agent), left > 0 ? left + TIMER_TOLERANCE_MS : LOOK_AGAIN_MS)
}

const endOfTrustOf = ({ deps, agent, resolution }: AgentRun, state: AgentState): number | undefined =>
  endOfTrust(deps.clock, agent, resolution.integration, observedState(deps, agent, state))
