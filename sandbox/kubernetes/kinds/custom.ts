/** CustomResourceDefinitions, and the kinds that they define. */
import { isRecord } from '../../../src/platform/json.ts'
import type { CustomResourceDefinition } from '../../../src/resources/types.ts'
import type { Validator } from '../../../src/resources/validate.ts'
import { ageAt } from '../model/human-duration.ts'
import { builtIn, customColumn, selectable, type Kind } from '../model/kind.ts'
import { at, sameJson, type JsonObject, type KubeObject } from '../model/objects.ts'
import { invalid, notImplemented, type Cause } from '../model/api-errors.ts'
import { rfc3339 } from '../storage/writer.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { kindSchema } from './schemas.ts'

/** The only group whose definitions the sandbox accepts. */
export const GROUP = 'calendar-operator.io'

/** Makes the validator of a version of a definition. @throws Error if its schema or a rule cannot be read. */
export type ValidatorOf = (crd: CustomResourceDefinition, version: string) => Validator

/** The kind CustomResourceDefinition. It accepts schemas that cannot be read: `checkedDefinitions` does not. */
export const definitions: Kind = keepAllFields(
  builtIn({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    namespaced: false,
    collection: 'customresourcedefinitions',
    hasStatus: true,
    unconditionalUpdate: false,
    columns: [
      nameColumn,
      { ...column('Created At', ({ metadata }) => metadata.creationTimestamp ?? ''), type: 'date' },
    ],
    schema: kindSchema('CustomResourceDefinition represents a resource that should be exposed on the API server.', {
      spec: { type: 'object', description: 'spec describes how the user wants the resources to appear' },
      status: { type: 'object', description: 'status indicates the actual state of the CustomResourceDefinition' },
    }),
    rules: { prepare: prepareDefinition },
  }),
)

/** The kind CustomResourceDefinition, as it is served. */
export const checkedDefinitions = (validatorOf: ValidatorOf): Kind => ({
  ...definitions,
  rules: { ...definitions.rules, check: (object) => definitionCauses(object, validatorOf) },
})

/** Keeps every field of a definition: `createValidator` reads the schema in it, so there is no schema to prune it by. */
function keepAllFields(kind: Kind): Kind {
  const { validator } = kind
  const known = new Set(Object.keys(kind.schema.properties ?? {}))
  const prune = (object: unknown): unknown => object
  const unknownFields: typeof validator.unknownFields = (object) =>
    validator.unknownFields(object).filter(({ at: [first] }) => !known.has(String(first)))
  return { ...kind, validator: { ...validator, prune, unknownFields } }
}

/** Prepares a definition. @throws APIError 501 if it belongs to another group or has several versions. */
function prepareDefinition(object: KubeObject, old: KubeObject | undefined, now: number): KubeObject {
  const missing = REQUIRED.filter((path) => at(object, ...path.split('.')) === undefined)
  if (missing.length > 0) throw invalid(definitions, object.metadata.name, missing.map(requiredCause))
  const { group, names, versions } = object.spec as CustomResourceDefinition['spec']
  const [version, ...more] = versions
  if (group !== GROUP)
    throw notImplemented(`the sandbox serves CustomResourceDefinitions of ${GROUP} only, not ${group}: ${ELSEWHERE}`)
  if (!version || more.length > 0) throw notImplemented(`the sandbox serves kinds of one version only: ${ELSEWHERE}`)
  const spec = withListKind(object.spec as JsonObject)
  const status = old?.status ?? established(names, version.name, rfc3339(now))
  return { ...object, metadata: { ...object.metadata, generation: nextGeneration(old, spec) }, spec, status }
}

const nextGeneration = (old: KubeObject | undefined, spec: JsonObject): number =>
  (old?.metadata.generation ?? 0) + (old && sameJson(old.spec, spec) ? 0 : 1)

const ELSEWHERE = 'use a real API server for others'
const REQUIRED = ['spec.group', 'spec.scope', 'spec.names.kind', 'spec.names.plural', 'spec.versions']
const requiredCause = (field: string): Cause => ({ reason: 'FieldValueRequired', message: 'Required value', field })

/** Reports a schema, rule or path that cannot be read. */
function definitionCauses(object: KubeObject, validatorOf: ValidatorOf): Cause[] {
  try {
    const { plural, group } = customKind(object, validatorOf)
    if (object.metadata.name === `${plural}.${group}`) return []
    const message = `Invalid value: "${object.metadata.name}": must be spec.names.plural+"."+spec.group`
    return [{ reason: 'FieldValueInvalid', message, field: 'metadata.name' }]
  } catch (error) {
    const message = `Invalid value: ${error instanceof Error ? error.message : String(error)}`
    return [{ reason: 'FieldValueInvalid', message, field: 'spec.versions[0]' }]
  }
}

function withListKind(spec: JsonObject): JsonObject {
  const names = spec.names as { kind: string; singular?: string; listKind?: string }
  const filled = {
    ...names,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
  }
  return { conversion: { strategy: 'None' }, ...spec, names: filled }
}

function established(names: JsonObject, version: string, now: string): JsonObject {
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    reason,
    message,
  })
  return {
    acceptedNames: names,
    storedVersions: [version],
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  }
}

/** The kind that a definition defines. @throws if its schema, a rule or a path cannot be read. */
export function customKind(definition: KubeObject, validatorOf: ValidatorOf): Kind {
  const crd = definition as unknown as CustomResourceDefinition
  const { group, names, scope } = crd.spec
  const version = crd.spec.versions[0]!
  const columns = version.additionalPrinterColumns?.map((one) => customColumn(one, ageAt)) ?? [ageColumn]
  const paths = (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.slice(1))
  const namespaced = scope === 'Namespaced'
  return {
    group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind,
    plural: names.plural,
    singular: names.singular,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced,
    collection: crd.metadata.name,
    hasStatus: isRecord(at(version, 'subresources', 'status')),
    custom: true,
    unconditionalUpdate: false,
    columns: [nameColumn, ...columns],
    schema: version.schema.openAPIV3Schema,
    validator: validatorOf(crd, version.name),
    fields: selectable(namespaced, paths),
    rules: {},
  }
}
