/** A condition of a status. */

export type ConditionStatus = 'True' | 'False' | 'Unknown'

/** One finding, as `metav1.Condition` has it. */
export interface Condition {
  type: string
  status: ConditionStatus
  observedGeneration?: number
  /** RFC 3339, UTC, whole seconds; it moves only when `status` moves. */
  lastTransitionTime: string
  reason: string
  message: string
}
