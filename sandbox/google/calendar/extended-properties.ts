/** Extended properties: their limits, and the filter of listings (docs/google-behaviour.md#extended-properties). */
import { isRecord } from '../../../src/platform/json.ts'
import { invalid } from '../http/errors.ts'
import type { EventFields, EventRecord } from '../state/calendar-records.ts'

const LONGEST_KEY = 44
const LONGEST_VALUE = 1024
const MOST_PROPERTIES = 300
const MOST_BYTES = 32 * 1024

const KINDS = ['private', 'shared'] as const

/** Drops properties with long keys and cuts long values, in silence, as Google does. @throws Refusal 400 if there are too many. */
export function withExtendedProperties(fields: EventFields): EventFields {
  const given = fields.extendedProperties
  if (given === undefined) return fields
  if (!isRecord(given)) throw invalid('Invalid value for extendedProperties')
  const kept: Record<string, Record<string, string>> = {}
  for (const kind of KINDS) if (given[kind] !== undefined) kept[kind] = trim(given[kind])
  checkTotal(Object.values(kept).flatMap((properties) => Object.entries(properties)))
  return { ...fields, extendedProperties: kept }
}

function trim(properties: unknown): Record<string, string> {
  if (!isRecord(properties)) throw invalid('Invalid value for extendedProperties')
  const fitting = Object.entries(properties).filter(([key]) => key.length <= LONGEST_KEY)
  return Object.fromEntries(fitting.map(([key, value]) => [key, textOf(value).slice(0, LONGEST_VALUE)]))
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw invalid('Invalid value for an extended property')
  return value
}

function checkTotal(all: [string, string][]): void {
  const bytes = all.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (all.length > MOST_PROPERTIES || bytes > MOST_BYTES) throw invalid('Too many extended properties.')
}

const PARAMETERS = { privateExtendedProperty: 'private', sharedExtendedProperty: 'shared' } as const

/**
 * Reads `privateExtendedProperty=key=value` and its shared twin; undefined without any. A repetition is refused, because Google's
 * documents contradict each other on it.
 * @throws Refusal 400
 */
export function propertyFilter(query: URLSearchParams): ((record: EventRecord) => boolean) | undefined {
  const tests = Object.entries(PARAMETERS).flatMap(([name, kind]) => {
    const [constraint, ...others] = query.getAll(name)
    if (constraint === undefined) return []
    const at = constraint.indexOf('=')
    if (at < 1) throw invalid(`Invalid value for ${name}: it has the form key=value`, name)
    if (others.length > 0) throw invalid(`The simulated Google does not support a repeated ${name}.`, name)
    return [{ kind, key: constraint.slice(0, at), value: constraint.slice(at + 1) }]
  })
  if (tests.length === 0) return undefined
  return ({ fields }) => tests.every(({ kind, key, value }) => propertiesOf(fields, kind)[key] === value)
}

function propertiesOf({ extendedProperties }: EventFields, kind: string): Record<string, unknown> {
  const properties = isRecord(extendedProperties) ? extendedProperties[kind] : undefined
  return isRecord(properties) ? properties : {}
}
