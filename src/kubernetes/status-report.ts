/**
 * Writes statuses, fitted to their schema, and restores them if somebody else has overwritten them. If the API server rejects a
 * status anyway, a short status that says so is written, so that no outdated "ready" remains.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { conditionsFor, type Findings } from '../resources/conditions.ts'
import { fitStatus } from '../resources/fit-status.ts'
import type { Condition, CustomKind, CustomObjects } from '../resources/types.ts'
import { recordConditionEvents } from './condition-events.ts'
import { ApiError, type Cluster } from './port.ts'

type StatusOf<K extends CustomKind> = NonNullable<CustomObjects[K]['status']>

/** The status to be reported for one object. */
export interface StatusReport<K extends CustomKind> {
  kind: K
  /** The newest version. */
  object: CustomObjects[K]
  /** The status that we wrote last. */
  written: StatusOf<K> | undefined
  /** The generation that was reconciled. */
  generation: number | undefined
  /** Returns the findings for the short status. @param reason why the status was rejected. */
  refused: (reason: string) => Findings<K>
}

/** The result of reporting a status. */
export interface ReportResult<S> {
  /**
   * The status that the API server returned for our last write. A different one was written by somebody else. The caller keeps it
   * until the next report; a restart may lose it without harm.
   */
  written: S | undefined
  /** Why the status could not be written, if it could not: it has to be tried again, also if a short status was written. */
  error?: ApiError
}

/** What reporting a status needs. */
interface ReportDeps {
  cluster: Pick<Cluster, 'writeStatus' | 'recordEvent'>
  clock: Pick<Clock, 'now'>
  log: Pick<Log, 'info' | 'warn'>
}

/** The object with the status that we wrote last. Decisions are based on it, even if somebody has overwritten it since. */
export function withOwnStatus<K extends CustomKind>(
  object: CustomObjects[K],
  written: StatusOf<K> | undefined,
): CustomObjects[K] {
  return written === undefined || written === object.status ? object : { ...object, status: written }
}

/** Whether somebody else has written over our status. */
export const isOverwritten = (object: { status?: object }, written: object | undefined): boolean =>
  written !== undefined && written !== object.status && !isDeepStrictEqual(written, object.status)

/** The status as it is written: without empty fields, and fitted to its schema. */
export const asWritten = <K extends CustomKind>(kind: K, status: StatusOf<K>): StatusOf<K> => fitStatus(kind, status)

/**
 * Writes the status and records an Event for each transition of a condition. If the API server rejects its content, a short
 * status that says so is written.
 *
 * @param status as `asWritten` returns it.
 */
export async function writeReport<K extends CustomKind>(
  deps: ReportDeps,
  report: StatusReport<K>,
  status: StatusOf<K>,
): Promise<ReportResult<StatusOf<K>>> {
  const result = await write(deps, report, status)
  return isRejection(result.error) ? writeShortStatus(deps, report, result.error) : result
}

const isRejection = (error: ApiError | undefined): error is ApiError =>
  error?.failure === 'Invalid' || error?.failure === 'TooLarge'

async function write<K extends CustomKind>(
  deps: ReportDeps,
  { kind, object, written: last }: StatusReport<K>,
  status: StatusOf<K>,
): Promise<ReportResult<StatusOf<K>>> {
  const before = withOwnStatus<K>(object, last).status?.conditions
  try {
    const written = await deps.cluster.writeStatus(object, status)
    recordConditionEvents(deps, { kind, object, before, after: status.conditions })
    return { written }
  } catch (error) {
    if (error instanceof ApiError) return { written: last, error }
    throw error
  }
}

/** Writes the conditions together with the current status, which was accepted before; if that is rejected, too, alone. */
async function writeShortStatus<K extends CustomKind>(
  deps: ReportDeps,
  report: StatusReport<K>,
  rejection: ApiError,
): Promise<ReportResult<StatusOf<K>>> {
  const { kind, object, generation, written } = report
  const before = withOwnStatus<K>(object, written).status
  const findings = report.refused(
    `The API server refuses the status of this ${kind} (${rejection.message}); the operator keeps trying.`,
  )
  const conditions: Condition[] = conditionsFor(kind, findings, {
    conditions: before?.conditions,
    generation,
    now: deps.clock.now(),
  })
  const short = { observedGeneration: generation, conditions }
  for (const status of [{ ...before, ...short }, short]) {
    const fitted = asWritten(kind, status as StatusOf<K>)
    if (isDeepStrictEqual(fitted, object.status)) break
    const result = await write(deps, report, fitted)
    if (!isRejection(result.error)) return { error: rejection, ...result }
  }
  return { written, error: rejection }
}
