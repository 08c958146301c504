/**
 * What the sandbox knows of one kind: its names, its schema, how it is printed, and its rules beyond the schema. A kind
 * that two API groups show (Events) is two of these on one collection.
 */
import type { Problem } from '../../src/resources/problems.ts'
import type { CrdVersion, PrinterColumn, StructuralSchema } from '../../src/resources/types.ts'
import { createValidator, type Validator } from '../../src/resources/validate.ts'
import { compilePath, type Find } from './jsonpath.ts'
import { at, type KubeObject } from './objects.ts'
import type { Cause } from './api-errors.ts'

export type Cell = string | number | boolean | null

/** A column of `kubectl get`. Those with a priority above 0 show with `-o wide`. */
export interface Column {
  name: string
  type: string
  format?: string
  description?: string
  priority?: number
  cell: (object: KubeObject, now: number) => Cell
}

/** What a kind adds to what is true of all. */
export interface Rules {
  /** After decoding and defaulting: what the server fills in or takes over from the old object. */
  prepare?: (object: KubeObject, old: KubeObject | undefined, now: number) => KubeObject
  /** What the schema can't say. */
  check?: (object: KubeObject, old: KubeObject | undefined) => Cause[]
  /** Why it may not be deleted. */
  keep?: (object: KubeObject) => string | undefined
  /** The object stays, marked like this, until the sandbox itself finishes it. */
  markDeleted?: (object: KubeObject) => KubeObject
}

export interface Kind {
  group: string
  version: string
  kind: string
  listKind: string
  plural: string
  singular: string
  shortNames: string[]
  categories: string[]
  namespaced: boolean
  /** The collection that its objects are stored in. */
  collection: string
  hasStatus: boolean
  /** A CRD's kind: the spec is counted in `generation`, an update needs a resourceVersion, no strategic merge. */
  custom: boolean
  /** Whether a PUT without a resourceVersion overwrites. */
  unconditionalUpdate: boolean
  columns: Column[]
  schema: StructuralSchema
  validator: Validator
  /** By the name in a field selector. */
  fields: Map<string, (object: KubeObject) => string>
  rules: Rules
  /** A PUT makes what isn't there. */
  createOnUpdate?: boolean
  /** The group in whose words it is refused, where that is another. */
  judgedIn?: string
  /** Between what is stored and what this kind shows, where they differ. */
  view?: { show: (stored: KubeObject) => KubeObject; store: (shown: KubeObject) => KubeObject }
}

export const apiVersionOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`

type Described = Omit<Kind, 'listKind' | 'singular' | 'categories' | 'custom' | 'validator' | 'columns' | 'fields'>

/** A kind of Kubernetes' own. `fields` are those that a field selector may name beside metadata. */
export function builtIn(about: Described & { columns: Column[]; fields?: string[] }): Kind {
  const listKind = `${about.kind}List`
  const singular = about.kind.toLowerCase()
  const names = { kind: about.kind, listKind, plural: about.plural, singular }
  const version: CrdVersion = {
    name: about.version,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: about.schema },
  }
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: about.plural },
    spec: { group: about.group, scope: about.namespaced ? 'Namespaced' : 'Cluster', names, versions: [version] },
  }
  const fields = selectable(about.namespaced, about.fields ?? [])
  return { ...about, listKind, singular, categories: [], custom: false, validator: createValidator(definition), fields }
}

export function selectable(namespaced: boolean, paths: string[]): Kind['fields'] {
  const own = namespaced ? ['metadata.name', 'metadata.namespace'] : ['metadata.name']
  return new Map(
    [...own, ...paths].map((path) => {
      const steps = path.split('.')
      return [path, (object: KubeObject) => asText(at(object, ...steps))]
    }),
  )
}

export const asText = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)

/** A CRD's column. */
export function customColumn(
  { name, type, jsonPath, ...rest }: PrinterColumn,
  date: (value: string, now: number) => string,
): Column {
  const find: Find = compilePath(jsonPath)
  const cell: Column['cell'] = (object, now) => {
    const [value] = find(object)
    if (value === undefined || value === null) return null
    if (type === 'date') return typeof value === 'string' ? date(value, now) : null
    if (type === 'string') return asText(value)
    return typeof value === 'number' || typeof value === 'boolean' ? value : null
  }
  return { name, type, ...rest, cell }
}

/** A validator's findings as a `Status` lists them. */
export const causeOf = (one: Problem, text: string): Cause => ({
  reason: CAUSES[one.kind],
  message: text,
  field: one.path === '' ? '<nil>' : one.path,
})

const CAUSES: Record<Problem['kind'], string> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  TypeInvalid: 'FieldValueTypeInvalid',
  NotSupported: 'FieldValueNotSupported',
  Duplicate: 'FieldValueDuplicate',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  Forbidden: 'FieldValueForbidden',
  Unknown: 'FieldValueInvalid',
}
