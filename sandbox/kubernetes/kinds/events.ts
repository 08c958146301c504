/** Events, which two groups serve: `events.k8s.io/v1`, in whose form they are stored, and the core `v1` that kubectl reads. */
import { isRecord } from '../../../src/platform/json.ts'
import { ageAt } from '../model/human-duration.ts'
import { asText, builtIn, type Kind } from '../model/kind.ts'
import { at, type JsonObject, type KubeObject } from '../model/objects.ts'
import { defined } from '../model/metadata.ts'
import type { Cause } from '../model/api-errors.ts'
import { column, nameColumn, wide } from './columns.ts'
import { checkMicroTimes } from './micro-time.ts'
import { count, fields, kindSchema, text, time } from './schemas.ts'

const reference = fields('The object that the event is about.', {
  apiVersion: text('Its API version.'),
  kind: text('Its kind.'),
  name: text('Its name.'),
  namespace: text('Its namespace.'),
  uid: text('Its uid.'),
  resourceVersion: text('Its resourceVersion.'),
  fieldPath: text('A part of it.'),
})
const source = fields('The component reporting this event.', {
  component: text('The component.'),
  host: text('The node.'),
})
const series = fields('A series of events of the same kind.', {
  count: count('Number of occurrences.'),
  lastObservedTime: text('Time of the last occurrence, with microseconds.'),
})

const shared = {
  eventTime: text('When this event was first observed, with microseconds.'),
  series,
  action: text('What action was taken or failed.'),
  reason: text('Why the action was taken.'),
  related: reference,
  type: text('The type of this event: Normal or Warning.'),
  reportingInstance: text('The ID of the controller instance.'),
}

/** Fields with different names: in `events.k8s.io/v1`, and in the core `v1`. */
const RENAMED = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const

const schemas = [
  reference,
  text('A human-readable description.'),
  text('The name of the controller that emitted this event.'),
  source,
  time('When it was first recorded, by the old API.'),
  time('When it was last recorded, by the old API.'),
  count('How often it was recorded, by the old API.'),
]

const renamed = (side: 0 | 1): Record<string, (typeof schemas)[number]> =>
  Object.fromEntries(RENAMED.map((names, index) => [names[side], schemas[index]!]))

const common = {
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  collection: 'events',
  hasStatus: false,
  unconditionalUpdate: true,
  createOnUpdate: true,
  errorGroup: '',
}

/** The kind Event of `events.k8s.io/v1`. */
export const events: Kind = builtIn({
  ...common,
  group: 'events.k8s.io',
  fields: ['reason', 'reportingController', 'type', ...referenceFields('regarding')],
  schema: kindSchema('Event is a report of an event somewhere in the cluster.', { ...shared, ...renamed(0) }),
  columns: columns('regarding', 'note'),
  rules: {
    prepare: (event) => checkMicroTimes(event, ['eventTime'], ['series', 'lastObservedTime']),
    // Events that were created in the core group obey its laxer rules.
    check: (event, old) => (old && !old.eventTime ? [] : [...eventCauses(event), ...immutableCauses(event, old)]),
  },
})

/** The kind Event of the core `v1`. */
export const coreEvents: Kind = builtIn({
  ...common,
  group: '',
  fields: ['reason', 'reportingComponent', 'source', 'type', ...referenceFields('involvedObject')],
  schema: kindSchema('Event is a report of an event somewhere in the cluster.', { ...shared, ...renamed(1) }),
  columns: columns('involvedObject', 'message'),
  rules: {
    prepare: (event) => checkMicroTimes(event, ['eventTime'], ['series', 'lastObservedTime']),
    check: namespaceCauses,
  },
  view: { show: (stored) => rename(stored, 'v1', 0), store: (shown) => rename(shown, 'events.k8s.io/v1', 1) },
})

function referenceFields(field: string): string[] {
  return ['apiVersion', 'kind', 'namespace', 'name', 'uid', 'resourceVersion', 'fieldPath'].map(
    (one) => `${field}.${one}`,
  )
}

function rename(event: KubeObject, apiVersion: string, from: 0 | 1): KubeObject {
  const names = new Map<string, string>(RENAMED.map((pair) => [pair[from], pair[1 - from]!]))
  const fields = Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value] as const)
  const shown: JsonObject = { ...Object.fromEntries(fields), apiVersion }
  return shown as KubeObject
}

function columns(about: string, note: string): Kind['columns'] {
  const seen = (event: KubeObject, side: 'first' | 'last'): unknown =>
    side === 'last'
      ? (at(event, 'series', 'lastObservedTime') ??
        event.lastTimestamp ??
        event.deprecatedLastTimestamp ??
        event.eventTime)
      : (event.firstTimestamp ?? event.deprecatedFirstTimestamp ?? event.eventTime)
  const times = (event: KubeObject): unknown =>
    at(event, 'series', 'count') ?? event.count ?? event.deprecatedCount ?? 1
  const words = (event: KubeObject, ...path: string[]): string => {
    const value = at(event, ...path)
    return typeof value === 'string' ? value : ''
  }
  return [
    column('Last Seen', (event, now) => ageAt(seen(event, 'last'), now)),
    column('Type', (event) => words(event, 'type')),
    column('Reason', (event) => words(event, 'reason')),
    column('Object', (event) => `${words(event, about, 'kind').toLowerCase()}/${words(event, about, 'name')}`),
    wide(column('Subobject', (event) => words(event, about, 'fieldPath'))),
    wide(
      column(
        'Source',
        (event) =>
          words(event, 'source', 'component') ||
          words(event, 'reportingComponent') ||
          words(event, 'reportingController'),
      ),
    ),
    column('Message', (event) => words(event, note).trim()),
    wide(column('First Seen', (event, now) => ageAt(seen(event, 'first'), now))),
    wide({ ...column('Count', (event) => Number(times(event))), type: 'integer' }),
    wide(nameColumn),
  ]
}

const cause = (field: string, message: string, reason = 'FieldValueInvalid'): Cause => ({ reason, message, field })

function namespaceCauses(event: KubeObject): Cause[] {
  const namespace = at(event, 'involvedObject', 'namespace') ?? 'default'
  if (namespace === event.metadata.namespace) return []
  return [
    cause('involvedObject.namespace', `Invalid value: ${JSON.stringify(namespace)}: does not match event.namespace`),
  ]
}

function eventCauses(event: KubeObject): Cause[] {
  const { note, type, reportingController, series, deprecatedCount } = event
  const missing = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason'].filter(
    (name) => !event[name],
  )
  const repeats = at(series, 'count')
  const found: [boolean, string, string][] = [
    [asText(note).length > 1024, 'message', '"": can have at most 1024 characters'],
    [type !== 'Normal' && type !== 'Warning', 'type', `"": has invalid value: ${asText(type)}`],
    [
      !QUALIFIED.test(asText(reportingController)),
      'reportingController',
      `${JSON.stringify(reportingController)}: name part must be a qualified name`,
    ],
    [typeof repeats === 'number' && repeats < 2, 'series.count', '"": should be at least 2'],
    [deprecatedCount !== undefined, 'count', '"": needs to be unset'],
  ]
  return [
    ...missing.map((name) => cause(name, 'Required value', 'FieldValueRequired')),
    ...found.filter(([is]) => is).map(([, field, why]) => cause(field, `Invalid value: ${why}`)),
  ]
}

const QUALIFIED = /^$|^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** Everything but the series of an Event is immutable. */
function immutableCauses(event: KubeObject, old: KubeObject | undefined): Cause[] {
  if (!old) return []
  const fixed = [
    'regarding',
    'note',
    'reason',
    'action',
    'type',
    'eventTime',
    'reportingController',
    'reportingInstance',
    'related',
  ]
  const text = (value: unknown): string => JSON.stringify(isRecord(value) ? defined(value) : (value ?? null))
  return fixed
    .filter((name) => text(event[name]) !== text(old[name]))
    .map((name) => cause(coreName(name), `Invalid value: ${text(event[name])}: field is immutable`))
}

/** The API server names the fields of an invalid Event as the core group does. */
const coreName = (name: string): string => RENAMED.find(([own]) => own === name)?.[1] ?? name
