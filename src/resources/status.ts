/** What the statuses of both kinds have in common. Pure. */
import { cutRequest, requestedAt } from './names.ts'
import type { ObjectMeta } from './types.ts'

/** Without the keys that have nothing to say: the API server has no undefined. */
export const compact = <T extends object>(status: T): T => JSON.parse(JSON.stringify(status)) as T

/**
 * Whether somebody asked for a reconcile now that was not answered yet.
 *
 * @param handled the request that was last acted upon, where its answer may not stand in the status yet.
 */
export function isRequested(
  object: { metadata: Pick<ObjectMeta, 'annotations'>; status?: { lastHandledReconcileAt?: string } },
  handled: string | undefined,
): boolean {
  const request = requestedAt(object)
  const answered = cutRequest(object.status?.lastHandledReconcileAt)
  return request !== undefined && request !== answered && request !== handled
}
