/** The same reads and writes without HTTP, for tests and demos. Where HTTP answers a `Status`, they throw an `APIError`. */
import { parseAllDocuments } from 'yaml'
import { isRecord } from '../../src/platform/json.ts'
import { textOf } from './storage/representations.ts'
import { type JsonObject, type KubeObject } from './model/objects.ts'
import { mergePatch } from './storage/patches.ts'
import { badRequest, notServed, APIError } from './model/api-errors.ts'
import type { Reader } from './storage/reader.ts'
import type { Registry } from './kinds/registry.ts'
import { labelSelector } from './storage/selectors.ts'
import type { Version } from './storage/store.ts'
import type { DeleteOptions, Target, Writer } from './storage/writer.ts'
import type { Kind } from './model/kind.ts'

/** Reads and writes without HTTP. */
export interface InProcess {
  /** Creates an object, or merges it into the existing one. A namespaced object without a namespace goes to `default`. */
  apply: (objects: object | string | readonly object[]) => KubeObject[]
  /** Takes any name of the kind: `Agent`, `agents`, `agt`, or with its group, `Event.events.k8s.io`. The namespace is ignored for cluster-scoped kinds. */
  get: (kind: string, namespace: string | undefined, name: string) => KubeObject | undefined
  list: (kind: string, namespace?: string, labels?: string) => KubeObject[]
  /** Applies a merge patch. @throws APIError 404 if there is no such object. */
  patch: (target: InProcessTarget, patch: JsonObject) => KubeObject
  /** Returns whether there was an object to delete. */
  delete: (kind: string, namespace: string | undefined, name: string, options?: DeleteOptions) => boolean
}

/** An object, by its name and namespace. */
interface InProcessTarget {
  kind: string
  namespace?: string
  name: string
  subresource?: 'status'
}

interface Deps {
  registry: Registry
  reader: Reader
  writer: Writer
}

/** Makes the reads and writes without HTTP. */
export function inProcess({ registry, reader, writer }: Deps): InProcess {
  const targetOf = (name: string, rest: Omit<Target, 'kind'>): Target => {
    const kind = kindNamed(registry, name)
    return { ...rest, kind, namespace: kind.namespaced ? rest.namespace : undefined }
  }
  const get: InProcess['get'] = (kind, namespace, name) =>
    orUndefined(() => {
      const target = targetOf(kind, { namespace, name })
      return copyOf(target.kind, writer.read(target).version)
    })
  return {
    apply: (objects) => documentsIn(objects).map((object) => applyOne({ registry, reader, writer }, object)),
    get,
    list(name, namespace, labels) {
      const kind = kindNamed(registry, name)
      return reader.select({ kind, namespace }, labelSelector(labels ?? null)).map((version) => copyOf(kind, version))
    },
    patch({ kind, ...rest }, patch) {
      const target = targetOf(kind, { namespace: undefined, ...rest })
      const { version } = writer.patch(target, (old) => mergePatch(old, patch))
      return copyOf(target.kind, version)
    },
    delete: (kind, namespace, name, options) =>
      orUndefined(() => writer.remove(targetOf(kind, { namespace, name }), options)) !== undefined,
  }
}

/** A copy that callers may change. The text is cached with its version: parsing it costs less than copying the object. */
const copyOf = (kind: Kind, version: Version): KubeObject => JSON.parse(textOf(kind, version, 'object')) as KubeObject

function kindNamed(registry: Registry, name: string): Kind {
  const [resource = '', ...group] = name.split('.')
  const kind = registry.named(resource, group.length > 0 ? group.join('.') : undefined)
  if (!kind) throw notServed(`this sandbox holds nothing called ${name}`)
  return kind
}

function applyOne({ registry, writer }: Deps, object: JsonObject): KubeObject {
  const { apiVersion, kind: name, metadata } = object
  const kind = registry.served(String(apiVersion), String(name))
  if (!kind) throw notServed(`this sandbox holds no ${String(name)} of ${String(apiVersion)}`)
  const { namespace = 'default', name: called } = (isRecord(metadata) ? metadata : {}) as {
    namespace?: string
    name?: string
  }
  const place = kind.namespaced ? namespace : undefined
  const target = { kind, namespace: place, name: called ?? '' }
  const old = called === undefined ? undefined : orUndefined(() => writer.read(target))
  const write = (): { version: Version } =>
    old ? writer.patch(target, (before) => mergePatch(before, object)) : writer.create(kind, place, object)
  return copyOf(kind, write().version)
}

function documentsIn(objects: object | string | readonly object[]): JsonObject[] {
  const all: unknown[] = typeof objects === 'string' ? parsedAll(objects) : Array.isArray(objects) ? objects : [objects]
  return all
    .filter((one) => one !== null)
    .map((one) => {
      if (!isRecord(one)) throw badRequest('every document must be an object')
      return one
    })
}

const parsedAll = (text: string): unknown[] => parseAllDocuments(text).map((document) => document.toJS() as unknown)

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof APIError && error.reason === 'NotFound') return undefined
    throw error
  }
}
