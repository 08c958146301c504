/**
 * The resources room: what users write and what the operator writes back. Everything here is pure: types (generated from `crds/`),
 * names, durations, conditions and their reasons, and the validation that the API server does. The room uses no files, clock or
 * network; CRDs are passed in as parsed documents.
 */
import type { AgentSpec, AgentStatus } from './generated/agent.ts'
import type { BookingSpec, BookingStatus } from './generated/booking.ts'
import type { CalendarIntegrationSpec, CalendarIntegrationStatus } from './generated/calendarintegration.ts'

export type { Condition, ConditionStatus } from './condition.ts'
export type { AgentSpec, AgentStatus, BookingSpec, BookingStatus, CalendarIntegrationSpec, CalendarIntegrationStatus }

/** `metav1.OwnerReference`. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** `metav1.ObjectMeta`, as far as this program uses it. */
export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

/** A CalendarIntegration as the API server returns it, with defaults. */
export interface CalendarIntegration {
  apiVersion: string
  kind: 'CalendarIntegration'
  metadata: ObjectMeta
  spec: CalendarIntegrationSpec
  status?: CalendarIntegrationStatus
}

/** An Agent as the API server returns it, with defaults. */
export interface Agent {
  apiVersion: string
  kind: 'Agent'
  metadata: ObjectMeta
  spec: AgentSpec
  status?: AgentStatus
}

/** A Booking as the API server returns it, with defaults. */
export interface Booking {
  apiVersion: string
  kind: 'Booking'
  metadata: ObjectMeta
  spec: BookingSpec
  status?: BookingStatus
}

/** The operator's kinds by name. Another kind needs one entry here and one in the registry `kubernetes/kinds.ts`. */
export interface CustomObjects {
  CalendarIntegration: CalendarIntegration
  Agent: Agent
  Booking: Booking
}

/** The name of one of the operator's kinds. */
export type CustomKind = keyof CustomObjects
/** An object of one of the operator's kinds. */
export type CustomObject = CustomObjects[CustomKind]

/** A CEL rule of a schema. */
export interface ValidationRule {
  rule: string
  message?: string
  messageExpression?: string
  /** Relative to the value that the rule belongs to, such as `.publishingStatus`. */
  fieldPath?: string
  reason?: string
  optionalOldSelf?: boolean
}

/** A structural schema of apiextensions.k8s.io/v1, as far as the CRDs use it. */
export interface StructuralSchema {
  type?: string
  description?: string
  format?: string
  default?: unknown
  enum?: unknown[]
  pattern?: string
  nullable?: boolean
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  minProperties?: number
  maxProperties?: number
  required?: string[]
  properties?: Record<string, StructuralSchema>
  additionalProperties?: StructuralSchema
  items?: StructuralSchema
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: string
  'x-kubernetes-validations'?: ValidationRule[]
}

/** A column that `kubectl get` prints. */
export interface PrinterColumn {
  name: string
  type: string
  jsonPath: string
  description?: string
  format?: string
  priority?: number
}

/** A version of a CRD. */
export interface CrdVersion {
  name: string
  served: boolean
  storage: boolean
  subresources?: { status?: object }
  selectableFields?: { jsonPath: string }[]
  additionalPrinterColumns?: PrinterColumn[]
  schema: { openAPIV3Schema: StructuralSchema }
}

/** A CustomResourceDefinition of apiextensions.k8s.io/v1. */
export interface CustomResourceDefinition {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  spec: {
    group: string
    scope: string
    names: {
      kind: string
      listKind: string
      plural: string
      singular: string
      shortNames?: string[]
      categories?: string[]
    }
    versions: CrdVersion[]
  }
}
