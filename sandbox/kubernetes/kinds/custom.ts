/** Kinds that a CustomResourceDefinition brings, and the definitions themselves. */
import type { CustomResourceDefinition } from '../../../src/resources/types.ts'
import { createValidator } from '../../../src/resources/validate.ts'
import { ageAt } from '../ages.ts'
import { builtIn, customColumn, selectable, type Kind } from '../kind.ts'
import { at, isObject, type JsonObject, type KubeObject } from '../objects.ts'
import { notImplemented } from '../refusal.ts'
import { rfc3339 } from '../writer.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { kindSchema } from './schemas.ts'

/** The only group whose kinds the sandbox takes. */
export const GROUP = 'calendar-operator.io'

export const definitions: Kind = openInside(
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
    rules: { prepare: accepted },
  }),
)

/** A definition's schema is read by `createValidator`, not by a schema of its own: nothing in it is dropped. */
function openInside(kind: Kind): Kind {
  const { validator } = kind
  const known = new Set(Object.keys(kind.schema.properties ?? {}))
  const prune = (object: unknown): unknown => object
  const unknownFields: typeof validator.unknownFields = (object) =>
    validator.unknownFields(object).filter(({ at: [first] }) => !known.has(String(first)))
  return { ...kind, validator: { ...validator, prune, unknownFields } }
}

/** Fails (501) for the definitions of others, and for versions beside the one that is stored. */
function accepted(object: KubeObject, old: KubeObject | undefined, now: number): KubeObject {
  const { group, names, versions } = object.spec as CustomResourceDefinition['spec']
  if (group !== GROUP) {
    throw notImplemented(
      `the sandbox serves CustomResourceDefinitions of the group ${GROUP} only, not ${group}: use a real API server for others`,
    )
  }
  if (versions.length !== 1)
    throw notImplemented(`the sandbox serves one version a kind, ${object.metadata.name} has ${versions.length}`)
  const generation = (old?.metadata.generation ?? 0) + (old && same(old.spec, object.spec) ? 0 : 1)
  const status = old?.status ?? established(names, versions[0]!.name, rfc3339(now))
  return {
    ...object,
    metadata: { ...object.metadata, generation },
    spec: withListKind(object.spec as JsonObject),
    status,
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

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

/** The kind that a definition brings. Fails where its schema, a rule or a path can't be read. */
export function customKind(definition: KubeObject): Kind {
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
    hasStatus: isObject(at(version, 'subresources', 'status')),
    custom: true,
    unconditionalUpdate: false,
    columns: [nameColumn, ...columns],
    schema: version.schema.openAPIV3Schema,
    validator: createValidator(crd, version.name),
    fields: selectable(namespaced, paths),
    rules: {},
  }
}
