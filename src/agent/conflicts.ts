/** How long conflicts are retried before they are reported. */
import type { Clock } from '../platform/clock.ts'
import type { AgentState } from './state.ts'

const TOLERATED_MS = 30_000

type Conflicts = Pick<AgentState, 'conflictingSince'>

/** Whether a conflict is still retried silently. */
export const isTolerated = (clock: Pick<Clock, 'monotonic'>, { conflictingSince }: Conflicts): boolean =>
  conflictingSince === undefined || clock.monotonic() - conflictingSince < TOLERATED_MS

/** The state after a conflict. */
export const withConflict = (clock: Pick<Clock, 'monotonic'>, { conflictingSince }: Conflicts): Conflicts => ({
  conflictingSince: conflictingSince ?? clock.monotonic(),
})
