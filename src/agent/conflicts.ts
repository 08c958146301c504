/** Conflicts are retried, and not reported unless they go on for long. */
import { wait, type Outcome } from '../controller/outcome.ts'
import { isConflict } from '../failures/thrown.ts'
import type { Clock } from '../platform/clock.ts'

/** Since when an agent's writes have conflicted with those of others, by the monotonic clock. */
interface Conflicts {
  conflictingSince?: number
}

const CONFLICT_PATIENCE_MS = 30_000
/** After a conflict, the agent is reconciled again after this time, or when its watch reports what was written. */
const CONFLICT_PAUSE_MS = 1_000

/** Whether a conflict is still retried silently. */
export const isPatient = (clock: Clock, { conflictingSince = clock.monotonic() }: Conflicts): boolean =>
  clock.monotonic() - conflictingSince < CONFLICT_PATIENCE_MS

/** Runs a reconcile; a conflict makes it wait, without being reported. */
export async function retryingConflicts(clock: Clock, state: Conflicts, run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    const outcome = await run()
    state.conflictingSince = undefined
    return outcome
  } catch (error) {
    if (!isConflict(error) || !isPatient(clock, state)) throw error
    state.conflictingSince ??= clock.monotonic()
    return wait('somebody else has just written the same object', CONFLICT_PAUSE_MS)
  }
}
