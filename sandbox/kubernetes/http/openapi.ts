/**
 * OpenAPI v3 as far as `kubectl` reads it: the schemas for `kubectl explain`, and the parameters that tell it that the
 * server supports `fieldValidation` and `dryRun`.
 */
import { apiVersionOf, type Kind } from '../model/kind.ts'
import type { JsonObject } from '../model/objects.ts'

const pathOf = ({ group, version }: Kind): string => (group === '' ? `api/${version}` : `apis/${group}/${version}`)

/** The index at `/openapi/v3`, or the document of one group and version. */
export function openApi(kinds: readonly Kind[], path: string): JsonObject | undefined {
  if (path === '/openapi/v3') {
    const paths = new Set(kinds.map(pathOf))
    return { paths: Object.fromEntries([...paths].map((one) => [one, { serverRelativeURL: `/openapi/v3/${one}` }])) }
  }
  const here = kinds.filter((kind) => path === `/openapi/v3/${pathOf(kind)}`)
  return here.length === 0 ? undefined : documentOf(here)
}

function documentOf(kinds: Kind[]): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.34.0' },
    paths: Object.fromEntries(kinds.map((kind) => [`${resourcePath(kind)}/{name}`, operations(kind)])),
    components: {
      schemas: {
        [OBJECT_META]: objectMeta,
        ...Object.fromEntries(kinds.map((kind) => [schemaName(kind), schemaOf(kind)])),
      },
    },
  }
}

const resourcePath = (kind: Kind): string =>
  `/${pathOf(kind)}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`

const groupVersionKind = ({ group, version, kind }: Kind): JsonObject => ({ group, version, kind })

function operations(kind: Kind): JsonObject {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  }))
  const about = { 'x-kubernetes-group-version-kind': groupVersionKind(kind) }
  const media = ['application/json-patch+json', 'application/merge-patch+json']
  const content = Object.fromEntries(media.map((type) => [type, { schema: { type: 'object' } }]))
  return {
    get: { ...about, 'x-kubernetes-action': 'get', responses: {} },
    put: { ...about, 'x-kubernetes-action': 'put', parameters, responses: {} },
    patch: {
      ...about,
      'x-kubernetes-action': 'patch',
      parameters,
      requestBody: { content, required: true },
      responses: {},
    },
    delete: { ...about, 'x-kubernetes-action': 'delete', responses: {} },
  }
}

const schemaName = ({ group, version, kind }: Kind): string =>
  group === '' ? `io.k8s.api.core.${version}.${kind}` : `${group.split('.').reverse().join('.')}.${version}.${kind}`

function schemaOf(kind: Kind): JsonObject {
  const { properties = {}, ...schema } = kind.schema
  const metadata = {
    description: "Standard object's metadata.",
    default: {},
    allOf: [{ $ref: `#/components/schemas/${OBJECT_META}` }],
  }
  return {
    ...schema,
    properties: { ...properties, metadata },
    'x-kubernetes-group-version-kind': [groupVersionKind(kind)],
    description: schema.description ?? `${kind.kind} of ${apiVersionOf(kind)}.`,
  }
}

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const text = (description: string): JsonObject => ({ type: 'string', description })
const texts = (description: string): JsonObject => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string' },
})
const list = (description: string, items: JsonObject): JsonObject => ({ type: 'array', description, items })

const owner = {
  type: 'object',
  properties: {
    apiVersion: text('API version of the owner.'),
    kind: text('Kind of the owner.'),
    name: text('Name of the owner.'),
    uid: text('UID of the owner.'),
    controller: { type: 'boolean', description: 'Whether the owner is the managing controller.' },
    blockOwnerDeletion: {
      type: 'boolean',
      description: 'Whether foreground deletion of the owner waits for this object.',
    },
  },
}

const objectMeta = {
  type: 'object',
  description: 'ObjectMeta is metadata that all persisted resources must have.',
  properties: {
    name: text('Name must be unique within a namespace.'),
    generateName: text('A prefix, used by the server to generate a unique name.'),
    namespace: text('Namespace defines the space within which each name must be unique.'),
    uid: text('UID is unique in time and space.'),
    resourceVersion: text('The internal version of this object, for optimistic concurrency.'),
    generation: { type: 'integer', format: 'int64', description: 'Counts the versions of the desired state.' },
    creationTimestamp: { ...text('When this object was created.'), format: 'date-time' },
    deletionTimestamp: { ...text('When deletion was asked for.'), format: 'date-time' },
    labels: texts('Keys and values to organize and select objects by.'),
    annotations: texts('Keys and values that tools keep with an object.'),
    finalizers: list('What must be done before the object is removed.', { type: 'string' }),
    ownerReferences: list('Objects on which this object depends.', owner),
  },
}
