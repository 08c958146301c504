/**
 * Reads Protobuf bodies, which `kubectl create namespace|secret|configmap` and Go clients send for Kubernetes' own kinds.
 * It reads only those kinds. Answers are always JSON.
 */
import type { JsonObject } from '../model/objects.ts'
import { badRequest, unsupportedMedia } from '../model/api-errors.ts'

type FieldType =
  'text' | 'bytes' | 'number' | 'flag' | 'time' | 'texts' | 'bytesByText' | 'textByText' | Message | [Message]
/** Fields by number: the name and the type of each. An array of one message type means a list of such messages. */
interface Message {
  [number: number]: readonly [string, FieldType]
}

const OWNER: Message = {
  1: ['kind', 'text'],
  3: ['name', 'text'],
  4: ['uid', 'text'],
  5: ['apiVersion', 'text'],
  6: ['controller', 'flag'],
  7: ['blockOwnerDeletion', 'flag'],
}
const METADATA: Message = {
  1: ['name', 'text'],
  2: ['generateName', 'text'],
  3: ['namespace', 'text'],
  5: ['uid', 'text'],
  6: ['resourceVersion', 'text'],
  8: ['creationTimestamp', 'time'],
  11: ['labels', 'textByText'],
  12: ['annotations', 'textByText'],
  13: ['ownerReferences', [OWNER]],
  14: ['finalizers', 'texts'],
}
const KINDS: Record<string, Message> = {
  Namespace: {
    1: ['metadata', METADATA],
    2: ['spec', { 1: ['finalizers', 'texts'] }],
    3: ['status', { 1: ['phase', 'text'] }],
  },
  Secret: {
    1: ['metadata', METADATA],
    2: ['data', 'bytesByText'],
    3: ['type', 'text'],
    4: ['stringData', 'textByText'],
    5: ['immutable', 'flag'],
  },
  ConfigMap: {
    1: ['metadata', METADATA],
    2: ['data', 'textByText'],
    3: ['binaryData', 'bytesByText'],
    4: ['immutable', 'flag'],
  },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'number'],
    2: ['preconditions', { 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] }],
    4: ['propagationPolicy', 'text'],
    5: ['dryRun', 'texts'],
  },
}

const MAGIC = Buffer.from('k8s\0')
const ENVELOPE: Message = { 1: ['typeMeta', { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] }], 2: ['raw', 'bytes'] }

/** Reads a body. @throws APIError 400 if it cannot be read, 415 for an unknown kind. */
export function readProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, 4).equals(MAGIC)) throw badRequest('the body is no protobuf of Kubernetes')
  const { typeMeta, raw } = readMessage(body.subarray(4), ENVELOPE) as { typeMeta?: JsonObject; raw?: string }
  const kind = String(typeMeta?.kind)
  const message = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (!message) {
    throw unsupportedMedia(`this sandbox reads a ${kind} as application/json or application/yaml, not as protobuf`)
  }
  return { ...typeMeta, ...readMessage(Buffer.from(raw ?? '', 'base64'), message) }
}

function readMessage(bytes: Buffer, message: Message): JsonObject {
  const result: JsonObject = {}
  for (const [number, value] of wireFields(bytes)) {
    const [name, type] = message[number] ?? []
    if (name === undefined || type === undefined) continue
    const read = readValue(value, type)
    // Go writes every string, set or not: an empty one means not set.
    if (read === '') continue
    result[name] = combined(result[name], read, type)
  }
  return result
}

function combined(before: unknown, value: unknown, type: FieldType): unknown {
  if (type === 'texts' || Array.isArray(type)) return [...((before as unknown[] | undefined) ?? []), value]
  const isMap = type === 'bytesByText' || type === 'textByText'
  return isMap ? { ...(before as object | undefined), ...(value as object) } : value
}

function readValue(value: Buffer | number, type: FieldType): unknown {
  if (typeof value === 'number') return type === 'flag' ? value !== 0 : value
  if (Array.isArray(type)) return readMessage(value, type[0])
  if (typeof type === 'object') return readMessage(value, type)
  const read = READERS[type]
  return read ? read(value) : value.toString('utf8')
}

const READERS: Record<string, (value: Buffer) => unknown> = {
  bytes: (value) => value.toString('base64'),
  textByText: (value) => entry(value, 'text'),
  bytesByText: (value) => entry(value, 'bytes'),
  time: () => '',
}

function entry(value: Buffer, type: 'text' | 'bytes'): JsonObject {
  const { key = '', value: held = '' } = readMessage(value, { 1: ['key', 'text'], 2: ['value', type] })
  return { [String(key)]: held }
}

/** The fields of one encoded message: varints, and values with a length. */
function* wireFields(bytes: Buffer): Generator<[number, Buffer | number]> {
  let at = 0
  const varint = (): number => {
    let result = 0
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++]!
      result += (byte & 127) * scale
      if (byte < 128) return result
    }
    throw badRequest('the protobuf ends in the middle of a number')
  }
  while (at < bytes.length) {
    const tag = varint()
    const wireType = tag & 7
    if (wireType === 0) yield [tag >>> 3, varint()]
    else if (wireType === 2) {
      const length = varint()
      if (at + length > bytes.length) throw badRequest('the protobuf ends in the middle of a field')
      yield [tag >>> 3, bytes.subarray(at, at + length)]
      at += length
    } else at += wireType === 1 ? 8 : 4
  }
}
