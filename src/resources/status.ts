/** What the statuses of both kinds have in common. Pure. */
import { cutRequest, requestedAt } from './names.ts'
import type { ObjectMeta } from './types.ts'

/** Removes undefined keys, which JSON cannot express. */
export const compact = <T extends object>(status: T): T => JSON.parse(JSON.stringify(status)) as T

/**
 * Whether somebody requested a reconcile that was not served yet.
 *
 * @param handled the request that was served last, because the status may not show it yet.
 */
export function isRequested(
  object: { metadata: Pick<ObjectMeta, 'annotations'>; status?: { lastHandledReconcileAt?: string } },
  handled: string | undefined,
): boolean {
  const request = requestedAt(object)
  const answered = cutRequest(object.status?.lastHandledReconcileAt)
  return request !== undefined && request !== answered && request !== handled
}
