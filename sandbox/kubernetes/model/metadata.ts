/** Object metadata: which fields a client may set, and which belong to the server. */
import { isRecord } from '../../../src/platform/json.ts'
import { without, type JsonObject, type KubeObject, type Metadata, type OwnerReference } from './objects.ts'
import { badRequest, type Cause } from './api-errors.ts'

const TEXTS = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp']
const MAPS = ['labels', 'annotations']
/** Fields that are accepted and dropped: the sandbox keeps no managedFields. */
const IGNORED = ['selfLink', 'managedFields', 'generation', 'deletionGracePeriodSeconds']
const KNOWN = new Set([...TEXTS, ...MAPS, ...IGNORED, 'finalizers', 'ownerReferences'])

/** The names of metadata fields that the API does not have. */
export function unknownMetadata(metadata: JsonObject): string[] {
  const own = Object.keys(metadata).filter((name) => !KNOWN.has(name))
  const owners = Array.isArray(metadata.ownerReferences) ? (metadata.ownerReferences as unknown[]) : []
  const inOwners = owners.flatMap((owner, index) =>
    Object.keys(isRecord(owner) ? owner : {})
      .filter((name) => !OWNER_FIELDS.includes(name))
      .map((name) => `ownerReferences[${index}].${name}`),
  )
  return [...own, ...inOwners].map((name) => `metadata.${name}`)
}

const OWNER_FIELDS = ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion']

/** Reads what a client sent, without empty fields. @throws APIError 400 on a value of the wrong type. */
export function readMetadata(metadata: JsonObject): Metadata {
  const read: JsonObject = {}
  for (const name of TEXTS)
    keep(
      read,
      name,
      typed(metadata, name, 'string', (value) => typeof value === 'string'),
    )
  for (const name of MAPS) keep(read, name, typed(metadata, name, 'map[string]string', isTextMap))
  keep(read, 'finalizers', typed(metadata, 'finalizers', '[]string', isTextList))
  keep(read, 'ownerReferences', readOwners(typed(metadata, 'ownerReferences', '[]OwnerReference', isObjectList)))
  return { name: '', ...read }
}

function readOwners(owners: unknown): JsonObject[] | undefined {
  return (owners as JsonObject[] | undefined)?.map((owner) =>
    without(owner, ...Object.keys(owner).filter((name) => !OWNER_FIELDS.includes(name))),
  )
}

function typed(from: JsonObject, name: string, type: string, fits: (value: unknown) => boolean): unknown {
  const value = from[name]
  if (value === null || value === undefined) return undefined
  if (fits(value)) return value
  throw badRequest(`json: cannot unmarshal metadata.${name} into a field of type ${type}`)
}

function keep(read: JsonObject, name: string, value: unknown): void {
  const empty =
    value === undefined || value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0)
  if (!empty) read[name] = value
}

const isTextMap = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every((one) => typeof one === 'string')
const isObjectList = (value: unknown): boolean => Array.isArray(value) && value.every(isRecord)
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string')

/** The metadata of an updated object: fields that belong to the server stay as they were. */
export function carriedOver(old: Metadata, next: Metadata): Metadata {
  const { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = old
  const servers = { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds }
  const names = { name: old.name, generateName: old.generateName, namespace: old.namespace }
  return defined({ ...next, ...names, ...servers })
}

/** Returns a copy without undefined fields. */
export const defined = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

const bad = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  field,
})

/** Validates labels, annotations, finalizers and owner references. Names are validated with the schema. */
export function metadataCauses(
  kind: { custom: boolean },
  { metadata }: KubeObject,
  old: KubeObject | undefined,
): Cause[] {
  const labels = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
    ...(LABEL_KEY.test(key) ? [] : [bad('metadata.labels', key, 'name part must be a qualified name')]),
    ...(LABEL_VALUE.test(value)
      ? []
      : [
          bad(
            'metadata.labels',
            value,
            "a valid label must be an empty string or consist of at most 63 alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
          ),
        ]),
  ])
  const annotations = Object.keys(metadata.annotations ?? {})
    .filter((key) => !LABEL_KEY.test(key.replace(/^[^/]*\//, (prefix) => prefix.toLowerCase())))
    .map((key) => bad('metadata.annotations', key, 'name part must be a qualified name'))
  return [
    ...labels,
    ...annotations,
    ...annotationSize(metadata),
    ...ownerCauses(metadata.ownerReferences ?? []),
    ...(kind.custom ? [] : bareCauses(metadata)),
    ...newFinalizers(metadata, old),
  ]
}

const MAX_ANNOTATIONS = 256 * 1024

function annotationSize({ annotations = {} }: Metadata): Cause[] {
  const bytes = Object.entries(annotations).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
  if (bytes <= MAX_ANNOTATIONS) return []
  const message = `Too long: may not be more than ${MAX_ANNOTATIONS} bytes`
  return [{ reason: 'FieldValueTooLong', message, field: 'metadata.annotations' }]
}

function ownerCauses(owners: OwnerReference[]): Cause[] {
  const required = (['apiVersion', 'kind', 'name', 'uid'] as const).flatMap((field) => {
    const why = field === 'apiVersion' ? 'version must not be empty' : 'must not be empty'
    return owners.flatMap((owner) => (owner[field] ? [] : [bad(`metadata.ownerReferences.${field}`, '', why)]))
  })
  const controllers = owners.filter(({ controller }) => controller)
  const why = 'Only one reference can have Controller set to true'
  return controllers.length > 1 ? [...required, bad('metadata.ownerReferences', owners, why)] : required
}

const STANDARD_FINALIZERS = ['foregroundDeletion', 'orphan', 'kubernetes']

/** Finalizers without a domain. They are a warning in custom kinds and an error in Kubernetes' own. */
export const bareFinalizers = ({ finalizers = [] }: Metadata): string[] =>
  finalizers.filter((one) => !one.includes('/') && !STANDARD_FINALIZERS.includes(one))

const bareCauses = (metadata: Metadata): Cause[] =>
  bareFinalizers(metadata).map((one) =>
    bad('metadata.finalizers', one, 'name is neither a standard finalizer name nor is it fully qualified'),
  )

function newFinalizers({ finalizers = [] }: Metadata, old: KubeObject | undefined): Cause[] {
  if (!old?.metadata.deletionTimestamp) return []
  const added = finalizers.filter((one) => !old.metadata.finalizers?.includes(one))
  if (added.length === 0) return []
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`
  return [{ reason: 'FieldValueForbidden', message, field: 'metadata.finalizers' }]
}
