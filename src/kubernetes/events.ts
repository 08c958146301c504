/**
 * Events (events.k8s.io/v1), aggregated on this side: the same thing said again within ten minutes counts up a series. They
 * are a courtesy: writing one never fails, never waits, and never floods the API server.
 */
import type { Clock, Random } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { EventNote, KubernetesObject } from './port.ts'
import type { SendRequest } from './request.ts'

export interface EventsDeps {
  send: SendRequest
  clock: Clock
  random: Random
  log: Log
  /** Who reports: the pod's name. */
  instance: string
}

export interface EventRecorder {
  note(event: EventNote): void
  /** Resolves when what was noted is written, or given up. */
  flush(): Promise<void>
}

const CONTROLLER = 'calendar-operator.io/calendar-operator'
const SERIES_MS = 10 * 60_000
const LONGEST_NOTE = 1024
const MOST_WAITING = 1000
/** As client-go's spam filter: this many at once for one object, then one in five minutes. */
const BURST = 25
const REFILL_MS = 5 * 60_000

interface Series {
  name: string
  namespace: string
  count: number
  lastAt: number
}

interface Bucket {
  tokens: number
  at: number
}

export function createEventRecorder(deps: EventsDeps): EventRecorder {
  const series = new Map<string, Series>()
  const buckets = new Map<string, Bucket>()
  let waiting = 0
  let tail = Promise.resolve()

  return {
    note(event) {
      const now = deps.clock.now()
      forgetOld(series, buckets, now)
      if (waiting >= MOST_WAITING || !spend(buckets, event.regarding.metadata.uid ?? '', now)) {
        return deps.log.debug({ reason: event.reason }, 'event dropped')
      }
      waiting += 1
      tail = tail
        .then(() => write(deps, series, event, now))
        .catch((error: unknown) => deps.log.debug({ error, reason: event.reason }, 'event not written'))
        .finally(() => void (waiting -= 1))
    },
    flush: () => tail,
  }
}

async function write(deps: EventsDeps, series: Map<string, Series>, event: EventNote, now: number): Promise<void> {
  const { regarding, reason, type, action } = event
  const note = event.note.slice(0, LONGEST_NOTE)
  const what = JSON.stringify([regarding.metadata.uid, type, reason, note])
  const known = series.get(what)
  if (known) {
    Object.assign(known, { count: known.count + 1, lastAt: now })
    const body = { series: { count: known.count, lastObservedTime: microTime(now) } }
    await deps.send({ method: 'PATCH', path: pathOf(known), body, contentType: 'application/merge-patch+json' })
    return
  }
  const namespace = regarding.metadata.namespace ?? 'default'
  const suffix = Math.floor(deps.random() * 2 ** 48).toString(16)
  const name = `${regarding.metadata.name}.${now.toString(16)}${suffix}`
  const body = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    eventTime: microTime(now),
    action,
    reason,
    type,
    note,
    regarding: reference(regarding),
    reportingController: CONTROLLER,
    reportingInstance: deps.instance,
  }
  await deps.send({ method: 'POST', path: pathOf({ namespace }), body })
  series.set(what, { name, namespace, count: 1, lastAt: now })
}

const pathOf = ({ namespace, name }: { namespace: string; name?: string }): string =>
  `/apis/events.k8s.io/v1/namespaces/${namespace}/events${name === undefined ? '' : `/${name}`}`

const reference = ({ apiVersion, kind, metadata }: KubernetesObject): object => ({
  apiVersion,
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
})

/** `metav1.MicroTime`: RFC 3339 with six digits. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

function forgetOld(series: Map<string, Series>, buckets: Map<string, Bucket>, now: number): void {
  for (const [what, { lastAt }] of series) if (now - lastAt > SERIES_MS) series.delete(what)
  for (const [uid, { at }] of buckets) if (now - at > BURST * REFILL_MS) buckets.delete(uid)
}

function spend(buckets: Map<string, Bucket>, uid: string, now: number): boolean {
  const known = buckets.get(uid) ?? { tokens: BURST, at: now }
  const tokens = Math.min(known.tokens + (now - known.at) / REFILL_MS, BURST)
  buckets.set(uid, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
  return tokens >= 1
}
