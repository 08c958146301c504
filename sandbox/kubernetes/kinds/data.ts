/** Secrets and ConfigMaps, with the API server's rules about their data. */
import { isRecord } from '../../../src/platform/json.ts'
import { builtIn, type Kind } from '../model/kind.ts'
import { sameJson, without, type JsonObject, type KubeObject } from '../model/objects.ts'
import { badRequest, type Cause } from '../model/api-errors.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { flag, kindSchema, text, textMap } from './schemas.ts'

/** The limit for all values of one object together. */
const MAX_BYTES = 1024 * 1024

/** The kind ConfigMap. */
export const configMaps: Kind = builtIn({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  collection: 'configmaps',
  hasStatus: false,
  unconditionalUpdate: true,
  columns: [nameColumn, column('Data', (map) => sizeOf(map.data) + sizeOf(map.binaryData)), ageColumn],
  schema: kindSchema('ConfigMap holds configuration data for pods to consume.', {
    data: textMap('Data contains the configuration data.'),
    binaryData: textMap('BinaryData contains the binary data, in base64.'),
    immutable: flag('Immutable, if set to true, ensures that data stored in the ConfigMap cannot be updated.'),
  }),
  rules: {
    prepare: (object) => checkBase64(dropEmpty(object, 'data', 'binaryData'), 'binaryData'),
    check: (object, old) => [
      ...keyCauses(object, 'data'),
      ...keyCauses(object, 'binaryData'),
      ...doubleCauses(object),
      ...sizeCauses(object, 'data', 'binaryData'),
      ...immutableCauses(object, old, ['data', 'binaryData']),
    ],
  },
})

/** The kind Secret. */
export const secrets: Kind = builtIn({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  shortNames: [],
  namespaced: true,
  collection: 'secrets',
  hasStatus: false,
  unconditionalUpdate: true,
  fields: ['type'],
  columns: [
    nameColumn,
    column('Type', ({ type }) => String(type)),
    column('Data', ({ data }) => sizeOf(data)),
    ageColumn,
  ],
  schema: kindSchema('Secret holds secret data of a certain type.', {
    data: textMap('Data contains the secret data, in base64.'),
    stringData: textMap('stringData allows specifying non-binary secret data in string form; it is write-only.'),
    type: text('Used to facilitate programmatic handling of secret data.'),
    immutable: flag('Immutable, if set to true, ensures that data stored in the Secret cannot be updated.'),
  }),
  rules: {
    prepare: (object) => checkBase64(dropEmpty(withStringData(object), 'data'), 'data'),
    check: (object, old) => [
      ...keyCauses(object, 'data'),
      ...sizeCauses(object, 'data'),
      ...typeCauses(object, old),
      ...immutableCauses(object, old, ['data', 'type']),
    ],
  },
})

const mapOf = (value: unknown): JsonObject => (isRecord(value) ? value : {})
const sizeOf = (value: unknown): number => Object.keys(mapOf(value)).length

function dropEmpty(object: KubeObject, ...names: string[]): KubeObject {
  return without(object, ...names.filter((name) => sizeOf(object[name]) === 0)) as KubeObject
}

function withStringData(object: KubeObject): KubeObject {
  const { stringData, type, ...rest } = object
  const texts = Object.entries(mapOf(stringData)).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ])
  const data = { ...mapOf(object.data), ...(Object.fromEntries(texts) as JsonObject) }
  return { ...rest, data, type: type === undefined || type === '' ? 'Opaque' : type }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function checkBase64(object: KubeObject, field: string): KubeObject {
  const wrong = Object.entries(mapOf(object[field])).find(
    ([, value]) => typeof value === 'string' && !BASE64.test(value),
  )
  if (!wrong) return object
  const what = `illegal base64 data in ${field}.${wrong[0]}`
  throw badRequest(`${object.kind} in version "v1" cannot be handled as a ${object.kind}: ${what}`)
}

function keyCauses(object: KubeObject, field: string): Cause[] {
  const why =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
  return Object.keys(mapOf(object[field]))
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map((key) => ({
      reason: 'FieldValueInvalid',
      message: `Invalid value: "${key}": ${why}`,
      field: `${field}[${key}]`,
    }))
}

function doubleCauses({ data, binaryData }: KubeObject): Cause[] {
  return Object.keys(mapOf(data))
    .filter((key) => Object.hasOwn(mapOf(binaryData), key))
    .map((key) => ({
      reason: 'FieldValueInvalid',
      message: `Invalid value: "${key}": duplicate of key present in binaryData`,
      field: `data[${key}]`,
    }))
}

function sizeCauses(object: KubeObject, ...names: string[]): Cause[] {
  const bytes = names.flatMap((name) => Object.values(mapOf(object[name])).map((value) => bytesOf(object, name, value)))
  const message = `Too long: may not be more than ${MAX_BYTES} bytes`
  const isTooLong = bytes.reduce((sum, one) => sum + one, 0) > MAX_BYTES
  return isTooLong ? [{ reason: 'FieldValueTooLong', message, field: names.length > 1 ? '[]' : 'data' }] : []
}

const bytesOf = ({ kind }: KubeObject, field: string, value: unknown): number =>
  Buffer.byteLength(String(value), kind === 'Secret' || field === 'binaryData' ? 'base64' : 'utf8')

function typeCauses(object: KubeObject, old: KubeObject | undefined): Cause[] {
  if (!old || old.type === object.type) return []
  const message = `Invalid value: "${String(object.type)}": field is immutable`
  return [{ reason: 'FieldValueInvalid', message, field: 'type' }]
}

function immutableCauses(object: KubeObject, old: KubeObject | undefined, names: string[]): Cause[] {
  if (old?.immutable !== true) return []
  const forbid = (field: string): Cause => ({
    reason: 'FieldValueForbidden',
    message: 'Forbidden: field is immutable when `immutable` is set',
    field,
  })
  const changed = names.filter((name) => !sameJson(object[name], old[name]))
  return [...(object.immutable === true ? [] : ['immutable']), ...changed].map(forbid)
}
