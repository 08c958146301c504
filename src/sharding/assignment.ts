/**
 * The room of sharding: which objects this replica reconciles if others reconcile the rest. Every replica watches all objects,
 * because some decisions are about all of them (who else uses a grant, how many Agents an integration has, whose notification this
 * is); it reconciles only those that are assigned to it. The other rooms do not know about this: `intake.ts` holds back the
 * keys of foreign objects. The room touches Kubernetes only through its port.
 */
import { createHash } from 'node:crypto'
import type { KubernetesObject } from '../kubernetes/port.ts'
import { canonicalSelector, matches, type LabelSelector } from '../resources/label-selector.ts'

/** An object with its labels. */
export type Labelled = Pick<KubernetesObject, 'metadata'>

/** Which objects this replica, or this installation of the operator, is responsible for. */
export interface Sharding {
  /** Whether this Agent is reconciled here. Its Bookings are reconciled where it is. */
  isOwn(agent: Labelled): boolean
  /** Whether an object that follows no Agent is written here: an integration's status, or a Booking whose Agent does not exist. */
  isKeptHere(object: Labelled): boolean
}

/** All objects belong to this installation. */
export const NO_SHARDING: Sharding = { isOwn: () => true, isKeptHere: () => true }

/** The objects that a label selector selects belong to this installation, and no others. */
export function shardingBySelector(selector: LabelSelector): Sharding {
  const isSelected = ({ metadata }: Labelled): boolean => matches(selector, metadata.labels)
  return { isOwn: isSelected, isKeptHere: isSelected }
}

/** The name of the leader's Lease. Installations with different selectors have different Leases, so each has a leader. */
export function leaseNameFor(selector: LabelSelector | undefined): string {
  if (!selector) return 'calendar-operator'
  const hash = createHash('sha256').update(canonicalSelector(selector)).digest('hex')
  return `calendar-operator-${hash.slice(0, 8)}`
}
