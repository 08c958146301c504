/**
 * Records Events (events.k8s.io/v1). A repetition of an Event within ten minutes increments a series instead. Recording never fails
 * and never waits: Events beyond the limits are dropped, so that they can exhaust neither the memory nor the API server.
 */
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { clean, scrub } from '../platform/scrub.ts'
import { KeyedRateLimiter } from '../rate-limit/keyed-rate-limiter.ts'
import type { RateLimit } from '../rate-limit/rate-limit.ts'
import { EVENTS } from './kinds.ts'
import { collectionPath } from './paths.ts'
import { ApiError, type EventRecord, type KubernetesObject } from './port.ts'
import type { SendRequest } from './request.ts'

/** What the event recorder needs. */
export interface EventsDeps {
  send: SendRequest
  clock: Clock
  random: Random
  log: Log
  /** The reporting instance: the name of the pod. */
  instance: string
  /** Called for each Event that is not written: the queue is `full`, too many for one `object`, `refused` by the API server. */
  dropped?: (reason: 'full' | 'object' | 'refused') => void
}

/** Records Kubernetes Events. */
export interface EventRecorder {
  /** Records an Event. Never fails and never waits. */
  record(event: EventRecord): void
  /** Accepts no more Events, waits a moment for pending ones to be written, and drops the rest. */
  stop(): Promise<void>
}

const CONTROLLER = 'calendar-operator.io/calendar-operator'
const SERIES_MS = 10 * 60_000
const SWEEP_MS = 60_000
const MAX_NOTE_BYTES = 1024
const MAX_WAITING = 1000
const STOP_MS = 1_000
/** Like client-go's spam filter: this many at once for one object, then one in five minutes. */
const EVENTS_PER_OBJECT: RateLimit = { burst: 25, intervalMs: 5 * 60_000 }

interface PendingEvent extends EventRecord {
  /** The time of day, ms since the epoch. */
  at: number
  /** The same instant in ms of the monotonic clock. */
  recordedAt: number
}

/** An Event that was written, and how often it has been repeated since. */
interface Series {
  path: string
  count: number
  /** By the monotonic clock. */
  lastAt: number
}

/** Creates an event recorder. */
export function createEventRecorder(deps: EventsDeps): EventRecorder {
  const limiter = new KeyedRateLimiter(deps.clock, EVENTS_PER_OBJECT)
  const writer = new Writer(deps)
  const waiting: PendingEvent[] = []
  const stopping = new AbortController()
  let writing: Promise<void> | undefined
  let sweptAt = deps.clock.monotonic()

  const drop = (cause: 'full' | 'object' | 'refused', { reason }: EventRecord, error?: unknown): void => {
    deps.dropped?.(cause)
    deps.log.debug({ reason, cause, error }, 'event dropped')
  }
  const writeAll = async (): Promise<void> => {
    for (let event = waiting.shift(); event && !stopping.signal.aborted; event = waiting.shift()) {
      const current = event
      await writer.write(current, stopping.signal).catch((error: unknown) => drop('refused', current, error))
    }
    writing = undefined
  }
  const sweep = (now: number): void => {
    if (now - sweptAt < SWEEP_MS) return
    sweptAt = now
    writer.sweep(now)
  }
  return {
    record(event) {
      const now = deps.clock.monotonic()
      sweep(now)
      const isFull = waiting.length >= MAX_WAITING
      const victim = isFull ? lastOfLargest(waiting, namespaceOf(event)) : undefined
      if ((isFull && victim === undefined) || stopping.signal.aborted) return drop('full', event)
      if (!limiter.tryAcquire(event.regarding.metadata.uid ?? '')) return drop('object', event)
      if (victim !== undefined) for (const displaced of waiting.splice(victim, 1)) drop('full', displaced)
      waiting.push({
        ...event,
        note: shortened(clean(scrub(event.note), MAX_NOTE_BYTES)),
        at: deps.clock.now(),
        recordedAt: now,
      })
      writing ??= writeAll()
    },
    async stop() {
      const moment = new AbortController()
      await Promise.race([writing, sleep(deps.clock, STOP_MS, moment.signal)])
      moment.abort()
      stopping.abort()
      await writing
    },
  }
}

const namespaceOf = ({ regarding }: EventRecord): string => regarding.metadata.namespace ?? ''

/**
 * Which waiting Event gives way to one of this namespace: the last one of the namespace that has the most, so that a flood in one
 * namespace costs no other its Events. Undefined if no namespace has more than this one.
 */
function lastOfLargest(waiting: readonly EventRecord[], namespace: string): number | undefined {
  const counts = new Map<string, number>()
  for (const event of waiting) counts.set(namespaceOf(event), (counts.get(namespaceOf(event)) ?? 0) + 1)
  const most = Math.max(...counts.values())
  if (most <= (counts.get(namespace) ?? 0) + 1) return undefined
  return waiting.findLastIndex((event) => counts.get(namespaceOf(event)) === most)
}

class Writer {
  readonly #deps: EventsDeps
  readonly #series = new Map<string, Series>()

  constructor(deps: EventsDeps) {
    this.#deps = deps
  }

  /** Writes one Event. @throws ApiError */
  async write(event: PendingEvent, signal: AbortSignal): Promise<void> {
    const { regarding, type, reason, note } = event
    const same = JSON.stringify([regarding.metadata.uid, type, reason, note])
    const known = this.#series.get(same)
    if (known && event.recordedAt - known.lastAt <= SERIES_MS && (await this.#repeat(known, event, signal))) return
    // An Event that could not be written has no series, so its repetition is a new Event.
    this.#series.delete(same)
    this.#series.set(same, { path: await this.#create(event, signal), count: 1, lastAt: event.recordedAt })
  }

  sweep(now: number): void {
    for (const [same, { lastAt }] of this.#series) if (now - lastAt > SERIES_MS) this.#series.delete(same)
  }

  /** Returns false if the Event no longer exists: the API server deletes Events after an hour. */
  async #repeat(known: Series, { at, recordedAt }: PendingEvent, signal: AbortSignal): Promise<boolean> {
    known.count += 1
    known.lastAt = recordedAt
    const body = { series: { count: known.count, lastObservedTime: microTime(at) } }
    const contentType = 'application/merge-patch+json'
    try {
      await this.#deps.send({ method: 'PATCH', path: known.path, body, contentType }, signal)
      return true
    } catch (error) {
      if (error instanceof ApiError && error.failure === 'NotFound') return false
      throw error
    }
  }

  async #create({ regarding, at, type, reason, action, note }: PendingEvent, signal: AbortSignal): Promise<string> {
    const { random, instance, send } = this.#deps
    // Events about cluster-scoped objects are kept in `default`.
    const namespace = regarding.metadata.namespace ?? 'default'
    const path = collectionPath(EVENTS, namespace)
    const suffix =
      at.toString(16) +
      Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0')
    const name = `${regarding.metadata.name.slice(0, 200).replace(/[-.]+$/, '')}.${suffix}`
    const body = {
      apiVersion: EVENTS.apiVersion,
      kind: EVENTS.kind,
      metadata: { name, namespace },
      eventTime: microTime(at),
      ...{ type, reason, action, note },
      regarding: reference(regarding),
      reportingController: CONTROLLER,
      reportingInstance: instance.slice(0, 128),
    }
    await send({ method: 'POST', path, body }, signal)
    return `${path}/${name}`
  }
}

const reference = ({ apiVersion, kind, metadata }: KubernetesObject): object => ({
  apiVersion,
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
})

/** Renders ms since the epoch as `metav1.MicroTime`: RFC 3339 with six fractional digits. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

/** The API server counts bytes, and rejects an Event with a longer note. */
function shortened(note: string): string {
  if (Buffer.byteLength(note) <= MAX_NOTE_BYTES) return note
  const bytes = Buffer.from(note).subarray(0, MAX_NOTE_BYTES - 3)
  // A character that was split is left out.
  return `${new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })}…`
}
