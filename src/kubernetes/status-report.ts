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

/** What is remembered of an object's status between two reports. Losing it in a restart does no harm. */
export interface StatusMemory<S> {
  /** The status that the API server returned for our last write: a different one was written by somebody else. */
  written?: S
}

/** The status to be reported for one object. */
export interface StatusReport<K extends CustomKind> {
  kind: K
  /** The newest version. */
  object: CustomObjects[K]
  memory: StatusMemory<StatusOf<K>>
  /** The generation that was reconciled. */
  generation: number | undefined
  /** Returns the findings for the short status. @param reason why the status was rejected. */
  refused: (reason: string) => Findings<K>
}

/** What reporting a status needs. */
interface ReportDeps {
  cluster: Pick<Cluster, 'writeStatus' | 'recordEvent'>
  clock: Pick<Clock, 'now'>
  log: Pick<Log, 'info'>
}

/** The object with the status that we wrote last. Decisions are based on it, even if somebody has overwritten it since. */
export function withOwnStatus<K extends CustomKind>(
  object: CustomObjects[K],
  { written }: StatusMemory<StatusOf<K>>,
): CustomObjects[K] {
  return written === undefined || written === object.status ? object : { ...object, status: written }
}

/** Whether somebody else has written over our status. */
export function isOverwritten(object: { status?: object }, memory: StatusMemory<object>): boolean {
  const { written } = memory
  if (written === undefined || written === object.status) return false
  if (!isDeepStrictEqual(written, object.status)) return true
  // Both are equal: keep one copy in memory.
  memory.written = object.status
  return false
}

/** The status as it is written: without empty fields, and fitted to its schema. */
export const asWritten = <K extends CustomKind>(kind: K, status: StatusOf<K>): StatusOf<K> => fitStatus(kind, status)

/**
 * Writes the status and records an Event for each transition of a condition. If the API server rejects its content, a short
 * status that says so is written.
 *
 * @param status as `asWritten` returns it.
 * @throws ApiError also if the short status was written: the full one has to be tried again.
 */
export async function writeReport<K extends CustomKind>(
  deps: ReportDeps,
  report: StatusReport<K>,
  status: StatusOf<K>,
): Promise<void> {
  try {
    await write(deps, report, status)
  } catch (error) {
    if (isRejection(error)) await writeShortStatus(deps, report, error)
    throw error
  }
}

const isRejection = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.failure === 'Invalid' || error.failure === 'TooLarge')

async function write<K extends CustomKind>(
  deps: ReportDeps,
  report: StatusReport<K>,
  status: StatusOf<K>,
): Promise<void> {
  const { kind, object, memory } = report
  const before = withOwnStatus<K>(object, memory).status?.conditions
  memory.written = await deps.cluster.writeStatus(object, status)
  recordConditionEvents(deps, { kind, object, before, after: status.conditions })
}

/** Writes the conditions together with the current status, which was accepted before; if that is rejected, too, alone. */
async function writeShortStatus<K extends CustomKind>(
  deps: ReportDeps,
  report: StatusReport<K>,
  { message }: ApiError,
): Promise<void> {
  const { kind, object, generation } = report
  const before = withOwnStatus<K>(object, report.memory).status
  const findings = report.refused(
    `The API server refuses the status of this ${kind} (${message}); the operator keeps trying.`,
  )
  const conditions: Condition[] = conditionsFor(kind, findings, {
    conditions: before?.conditions,
    generation,
    now: deps.clock.now(),
  })
  const short = { observedGeneration: generation, conditions }
  for (const status of [{ ...before, ...short }, short]) {
    const fitted = asWritten(kind, status as StatusOf<K>)
    if (isDeepStrictEqual(fitted, object.status)) return
    try {
      return await write(deps, report, fitted)
    } catch (error) {
      if (!isRejection(error)) throw error
    }
  }
}
