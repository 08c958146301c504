/** Conflicts are retried, and not reported unless they go on for long. */
import { wait, type Outcome } from '../controller/outcome.ts'
import type { Clock } from '../platform/clock.ts'
import type { AgentState } from './state.ts'

const CONFLICT_PATIENCE_MS = 30_000
/** After a conflict, the Agent is reconciled again after this time, or when its watch reports what was written. */
const CONFLICT_PAUSE_MS = 1_000

type Conflicts = Pick<AgentState, 'conflictingSince'>

/** Whether a conflict is still retried silently. */
export const isPatient = (clock: Pick<Clock, 'monotonic'>, { conflictingSince }: Conflicts): boolean =>
  conflictingSince === undefined || clock.monotonic() - conflictingSince < CONFLICT_PATIENCE_MS

/** The state after a conflict. */
export const withConflict = (clock: Pick<Clock, 'monotonic'>, { conflictingSince }: Conflicts): Conflicts => ({
  conflictingSince: conflictingSince ?? clock.monotonic(),
})

/** The outcome of a reconcile that ended with a conflict. */
export const afterConflict = (): Outcome => wait('somebody else has just written the same object', CONFLICT_PAUSE_MS)
