/** The condition of a status, as a type that generated code can import. */

/** The status of a condition. */
export type ConditionStatus = 'True' | 'False' | 'Unknown'

/** One condition, as `metav1.Condition` defines it. */
export interface Condition {
  type: string
  status: ConditionStatus
  observedGeneration?: number
  /** RFC 3339, UTC, whole seconds; it changes only when `status` changes. */
  lastTransitionTime: string
  reason: string
  message: string
}
