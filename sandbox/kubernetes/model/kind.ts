/**
 * What the sandbox knows about one kind: its names, its schema, its printer columns, and its rules beyond the schema. A kind
 * that two API groups serve (Events) has two of these on one collection.
 */
import type { Problem } from '../../../src/resources/problems.ts'
import type { CrdVersion, PrinterColumn, StructuralSchema } from '../../../src/resources/types.ts'
import { createValidator, type Validator } from '../../../src/resources/validate.ts'
import { compilePath, type Find } from './jsonpath.ts'
import { at, type KubeObject } from './objects.ts'
import type { Cause } from './api-errors.ts'

/** The value of a cell of a table. */
export type Cell = string | number | boolean | null

/** A column of `kubectl get`. Columns with a priority above 0 are shown with `-o wide`. */
export interface Column {
  name: string
  type: string
  format?: string
  description?: string
  priority?: number
  cell: (object: KubeObject, now: number) => Cell
}

/** The rules of one kind, beyond those of every kind. */
export interface Rules {
  /** Runs after decoding and defaulting. Fills in what the server sets or takes over from the old object. */
  prepare?: (object: KubeObject, old: KubeObject | undefined, now: number) => KubeObject
  /** Checks what the schema cannot express. */
  check?: (object: KubeObject, old: KubeObject | undefined) => Cause[]
  /** Says why the object may not be deleted, if so. */
  keep?: (object: KubeObject) => string | undefined
  /** Marks an object that stays until the sandbox itself finishes its deletion. */
  markDeleted?: (object: KubeObject) => KubeObject
}

/** One kind of objects. */
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
  /** The collection that holds its objects. */
  collection: string
  hasStatus: boolean
  /** Whether a CRD defines it. Then `generation` counts changes of the spec, updates need a resourceVersion, and there are no strategic merge patches. */
  custom: boolean
  /** Whether a PUT without a resourceVersion overwrites. */
  unconditionalUpdate: boolean
  columns: Column[]
  schema: StructuralSchema
  validator: Validator
  /** Selectable fields, by their name in a field selector. */
  fields: Map<string, (object: KubeObject) => string>
  rules: Rules
  /** Whether a PUT creates a missing object. */
  createOnUpdate?: boolean
  /** The group that error messages name, if it is another one. */
  errorGroup?: string
  /** Converts between the stored form and the form of this kind, if they differ. */
  view?: { show: (stored: KubeObject) => KubeObject; store: (shown: KubeObject) => KubeObject }
}

/** The `apiVersion` of a kind. */
export const apiVersionOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`

type Described = Omit<Kind, 'listKind' | 'singular' | 'categories' | 'custom' | 'validator' | 'columns' | 'fields'>

/** Makes one of Kubernetes' own kinds. `fields` are the selectable fields besides the metadata. */
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

/** Makes the selectable fields of a kind from their paths. */
export function selectable(namespaced: boolean, paths: string[]): Kind['fields'] {
  const own = namespaced ? ['metadata.name', 'metadata.namespace'] : ['metadata.name']
  return new Map(
    [...own, ...paths].map((path) => {
      const steps = path.split('.')
      return [path, (object: KubeObject) => asText(at(object, ...steps))]
    }),
  )
}

/** Returns a string as it is, and an empty one for any other value. */
export const asText = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)

/** Makes a column from a CRD's printer column. */
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

/** Converts a violation that the validator found to a cause of a `Status`. */
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
