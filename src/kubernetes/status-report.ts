/**
 * Writing a status so that it stands: made fit for its schema, put right where somebody else wrote over it, and in few words
 * where the API server refuses the whole of it all the same, so that no stale "ready" stands for ever.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { conditionsFor, type Findings } from '../resources/conditions.ts'
import { fitStatus } from '../resources/fit-status.ts'
import { compact } from '../resources/status.ts'
import type { Condition, CustomKind, CustomObjects } from '../resources/types.ts'
import { recordConditionEvents } from './condition-events.ts'
import { ApiError, type Cluster } from './port.ts'

type StatusOf<K extends CustomKind> = NonNullable<CustomObjects[K]['status']>

/** What is remembered of an object's status between two reports; lost without harm. */
export interface StatusMemory<S> {
  /** The status as the API server answered our last write: whatever differs from it was written by somebody else. */
  written?: S
}

export interface StatusReport<K extends CustomKind> {
  kind: K
  /** The newest version. */
  object: CustomObjects[K]
  memory: StatusMemory<StatusOf<K>>
  /** The generation that was looked at. */
  generation: number | undefined
  /** What the conditions say where the API server refuses the rest, given why. */
  refused: (why: string) => Findings<K>
}

export interface ReportDeps {
  cluster: Pick<Cluster, 'writeStatus' | 'recordEvent'>
  clock: Pick<Clock, 'now'>
  log: Pick<Log, 'info'>
}

/** The object with the status that we gave it, whoever has written over it since: our decisions build on that one. */
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
  // One of two copies is enough.
  memory.written = object.status
  return false
}

/** A status as it would be written: without the keys that have nothing to say, and within its schema. */
export const asWritten = <K extends CustomKind>(kind: K, status: StatusOf<K>): StatusOf<K> =>
  fitStatus(kind, compact(status))

/**
 * Writes the status and tells of its turns. Where the API server refuses it for what is in it, one that says so is written.
 *
 * @param status as `asWritten` answers it.
 * @throws ApiError also where the few words were written: the whole is to be tried again.
 */
export async function writeReport<K extends CustomKind>(
  deps: ReportDeps,
  report: StatusReport<K>,
  status: StatusOf<K>,
): Promise<void> {
  try {
    await put(deps, report, status)
  } catch (error) {
    if (isRefusal(error)) await inFewWords(deps, report, error)
    throw error
  }
}

const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.failure === 'Invalid' || error.failure === 'TooLarge')

async function put<K extends CustomKind>(
  deps: ReportDeps,
  report: StatusReport<K>,
  status: StatusOf<K>,
): Promise<void> {
  const { kind, object, memory } = report
  const before = withOwnStatus<K>(object, memory).status?.conditions
  memory.written = await deps.cluster.writeStatus(object, status)
  recordConditionEvents(deps, { kind, object, before, after: status.conditions })
}

/** Beside what stands there already, which was once taken; or else alone. */
async function inFewWords<K extends CustomKind>(
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
  const few = { observedGeneration: generation, conditions }
  for (const status of [{ ...before, ...few }, few]) {
    const fitted = asWritten(kind, status as StatusOf<K>)
    if (isDeepStrictEqual(fitted, object.status)) return
    try {
      return await put(deps, report, fitted)
    } catch (error) {
      if (!isRefusal(error)) throw error
    }
  }
}
