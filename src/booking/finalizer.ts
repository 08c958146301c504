/** The finalizer of a Booking: with it, no Booking goes before its event does, unless its deletion policy says so. */
import { done } from '../controller/outcome.ts'
import { keyOf } from '../kubernetes/port.ts'
import { EVENT_FINALIZER } from '../resources/names.ts'
import { endedSilently, type AgentStep, type BookingRun } from './steps.ts'

/** Adds the finalizer before anything is written to Google. A Booking that was deleted meanwhile is not written any more. */
export const ensureFinalizer: AgentStep = async (run, _, progress) =>
  (await correctFinalizer(run)) ? { progress } : { progress: endedSilently(progress, done()) }

/**
 * Adds the finalizer for `Cancel`, and removes it for `Retain`. Returns whether the Booking is still there and not being deleted.
 * @throws ApiError
 */
export async function correctFinalizer({ deps, booking }: BookingRun): Promise<boolean> {
  const current = deps.cluster.bookings.get(keyOf(booking))
  if (!current || current.metadata.uid !== booking.metadata.uid) return false
  const { finalizers = [], deletionTimestamp } = current.metadata
  if (deletionTimestamp !== undefined) return false
  const has = finalizers.includes(EVENT_FINALIZER)
  if (has === (booking.spec.deletionPolicy === 'Cancel')) return true
  const wanted = has ? finalizers.filter((one) => one !== EVENT_FINALIZER) : [...finalizers, EVENT_FINALIZER]
  await deps.cluster.patch(current, { metadata: { finalizers: wanted } })
  return true
}
