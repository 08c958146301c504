/**
 * Reconciles that somebody requests by annotation. A request is served at once, unless the same object had one just before; then it
 * waits. However often the annotation is written, an object gets one such reconcile in ten seconds.
 */
import { hasCome, type Clock } from '../platform/clock.ts'
import { requestedAt } from './names.ts'
import { isRequested } from './status.ts'
import type { ObjectMeta } from './types.ts'

const ONE_LOOK_IN_MS = 10_000

/** The state of an object's requests. */
export interface RequestMemory {
  /** The last request that was served. */
  handledRequest?: string
  /** When a request was last served; monotonic. */
  lookedAt?: number
}

/** Whether a request is to be served now, or in how many ms a waiting one is due. */
export interface RequestTurn {
  request?: string
  waitMs?: number
}

type Requested = { metadata: Pick<ObjectMeta, 'annotations'>; status?: { lastHandledReconcileAt?: string } }

/** Serves the request, if it is due. */
export function takeTurn(clock: Clock, object: Requested, memory: RequestMemory): RequestTurn {
  if (!isRequested(object, memory.handledRequest)) return {}
  const turnAt = (memory.lookedAt ?? -Infinity) + ONE_LOOK_IN_MS
  if (!hasCome(clock, turnAt)) return { waitMs: turnAt - clock.monotonic() }
  memory.lookedAt = clock.monotonic()
  return { request: requestedAt(object) }
}
