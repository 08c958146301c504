/** Derives from its Lease whether an operator is running. Pure. */
import type { Lease } from '../../kubernetes/lease-object.ts'

/** The health of the operator. */
export interface OperatorHealth {
  /** `Unknown`: the Lease cannot be read, or does not exist (without --leader-elect). */
  state: 'Alive' | 'Silent' | 'Unknown'
  message: string
  leaders: Leader[]
}

/** The holder of one Lease. */
export interface Leader {
  namespace: string
  holder: string
  renewedAt: string
  ageSeconds: number
  alive: boolean
}

/** The clocks of the cluster and of the user may differ by some seconds. */
const TOLERANCE_S = 30
/** The operator's default duration, for a Lease without one. */
const USUAL_DURATION_S = 15

/**
 * Derives the health of the operator.
 *
 * @param leases undefined if they cannot be read.
 * @param now ms since the epoch.
 */
export function operatorHealth(leases: readonly Lease[] | undefined, now: number): OperatorHealth {
  if (!leases) return { state: 'Unknown', message: 'you may not read its Lease', leaders: [] }
  const leaders = leases.map((lease) => holderOf(lease, now))
  if (leaders.length === 0) {
    const message = 'there is no Lease calendar-operator: it never ran here, or runs without --leader-elect'
    return { state: 'Unknown', message, leaders }
  }
  const silent = leaders.filter(({ alive }) => !alive)
  const message = (silent.length > 0 ? silent : leaders).map(leaderMessage).join('; ')
  return { state: silent.length > 0 ? 'Silent' : 'Alive', message, leaders }
}

/** Who holds a Lease, and whether it still works. */
export function holderOf({ metadata, spec }: Lease, now: number): Leader {
  const renewedAt = Date.parse(spec.renewTime ?? '')
  // Empty after a regular release: nobody has led since.
  const holder = spec.holderIdentity ?? ''
  const ageSeconds = Number.isNaN(renewedAt) ? Infinity : Math.max(Math.round((now - renewedAt) / 1000), 0)
  const limit = (spec.leaseDurationSeconds ?? USUAL_DURATION_S) + TOLERANCE_S
  const alive = holder !== '' && ageSeconds <= limit
  return { namespace: metadata.namespace, holder, renewedAt: spec.renewTime ?? '', ageSeconds, alive }
}

function leaderMessage({ namespace, holder, ageSeconds, alive }: Leader): string {
  if (holder === '') return `nobody leads in namespace ${namespace}: the last leader shut down normally`
  if (!Number.isFinite(ageSeconds)) return `${holder} in namespace ${namespace} never renewed its Lease`
  if (alive) return `${holder} leads in namespace ${namespace}, renewed ${ageSeconds}s ago`
  return `${holder} in namespace ${namespace} has been silent for ${humanDuration(ageSeconds * 1000)}`
}

/** Formats a duration, in ms, in at most two units, such as `2d 3h` or `5m`. */
export function humanDuration(ms: number): string {
  const seconds = Math.max(Math.floor(ms / 1000), 0)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const from = parts.findIndex(([count]) => count > 0)
  if (from < 0) return '0s'
  // Seconds are shown only alone.
  const shown = parts.slice(from, from + 2).filter(([count, unit], index) => count > 0 && (unit !== 's' || index === 0))
  return shown.map(([count, unit]) => `${count}${unit}`).join(' ')
}
