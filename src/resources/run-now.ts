/**
 * Looks that somebody asks for by annotation: each is taken at once, unless the same object had one just before; then it waits
 * for its turn. Whoever writes the annotation a hundred times a second gets one look in ten seconds for it.
 */
import { hasCome, type Clock } from '../platform/clock.ts'
import { requestedAt } from './names.ts'
import { isRequested } from './status.ts'
import type { ObjectMeta } from './types.ts'

const ONE_LOOK_IN_MS = 10_000

/** What is remembered of an object's requests. */
export interface RequestMemory {
  /** The last one that was acted upon. */
  handledRequest?: string
  /** When a look was last taken because of one, by the monotonic clock. */
  lookedAt?: number
}

/** Whether to look because of a request, or in how many ms the turn of one comes that has to wait. */
export interface RequestTurn {
  request?: string
  waitMs?: number
}

type Requested = { metadata: Pick<ObjectMeta, 'annotations'>; status?: { lastHandledReconcileAt?: string } }

/** Takes the turn of what is asked for, if it has come. */
export function takeTurn(clock: Clock, object: Requested, memory: RequestMemory): RequestTurn {
  if (!isRequested(object, memory.handledRequest)) return {}
  const turnAt = (memory.lookedAt ?? -Infinity) + ONE_LOOK_IN_MS
  if (!hasCome(clock, turnAt)) return { waitMs: turnAt - clock.monotonic() }
  memory.lookedAt = clock.monotonic()
  return { request: requestedAt(object) }
}
