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
  readonly isOwn: (agent: Labelled) => boolean
  /** Whether this Agent is another replica's as soon as this one has removed `handOverLabels` from it. Until then it is nobody's. */
  readonly isLeaving: (agent: Labelled) => boolean
  /** Whether an object that follows no Agent is written here: an integration's status, or a Booking whose Agent does not exist. */
  readonly isKeptHere: (object: Labelled) => boolean
  /** A merge patch of labels. */
  readonly handOverLabels: Readonly<Record<string, null>>
}

/** Whether this replica may work for the Agent: it is reconciled here, or is being handed over. */
export const isHere = ({ isOwn, isLeaving }: Sharding, agent: Labelled): boolean => isOwn(agent) || isLeaving(agent)

/** All objects belong to this installation. */
export const NO_SHARDING: Sharding = {
  isOwn: () => true,
  isLeaving: () => false,
  isKeptHere: () => true,
  handOverLabels: {},
}

/** The objects that a label selector selects belong to this installation, and no others. */
export function shardingBySelector(selector: LabelSelector): Sharding {
  const isSelected = ({ metadata }: Labelled): boolean => matches(selector, metadata.labels)
  return { ...NO_SHARDING, isOwn: isSelected, isKeptHere: isSelected }
}

/** The name of the leader's Lease. Installations with different selectors have different Leases, so each has a leader. */
export function leaseNameFor(selector: LabelSelector | undefined): string {
  if (!selector) return 'calendar-operator'
  const hash = createHash('sha256').update(canonicalSelector(selector)).digest('hex')
  return `calendar-operator-${hash.slice(0, 8)}`
}
