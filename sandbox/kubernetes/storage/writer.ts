/**
 * All writes: create, update, patch and delete, each of them atomic. The HTTP layer and the in-process helpers write through
 * this class.
 */
import { isRecord } from '../../../src/platform/json.ts'
import { decode, validate, type Decoded, type FieldValidation } from './admission.ts'
import type { Kind } from '../model/kind.ts'
import { carriedOver, defined } from '../model/metadata.ts'
import { at, keyFor, sameJson, without, type KubeObject, type Metadata } from '../model/objects.ts'
import * as apiErrors from '../model/api-errors.ts'
import type { Store, Version } from './store.ts'

/** The object that a write is about. */
export interface Target {
  kind: Kind
  namespace?: string | undefined
  name: string
  subresource?: 'status' | undefined
}

/** Options of a write. */
export interface WriteOptions {
  fieldValidation?: FieldValidation
  dryRun?: boolean
}

/** Options of a deletion. */
export interface DeleteOptions {
  uid?: string | undefined
  resourceVersion?: string | undefined
  propagationPolicy?: string | undefined
  dryRun?: boolean
}

/** The result of a write. */
export interface Written {
  version: Version
  warnings: string[]
  /** Whether an update created the object. */
  created?: boolean
}

/** Returns what is written in place of an object: the same object, or a changed one. */
export type Mutation = (object: KubeObject, before: KubeObject | undefined) => KubeObject

/** What writes need. */
interface WriterDeps {
  store: Store
  now: () => number
  uuid: () => string
}

/** Formats a time as RFC 3339, to the second. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** Makes all writes. */
export class Writer {
  readonly #deps: WriterDeps
  readonly #mutations = new Set<Mutation>()

  constructor(deps: WriterDeps) {
    this.#deps = deps
  }

  /** Changes what is written, as a mutating webhook does, but not by writes of a status. Returns a function that ends it. */
  mutate(mutation: Mutation): () => void {
    this.#mutations.add(mutation)
    return () => this.#mutations.delete(mutation)
  }

  /** Returns the stored object in the form of its kind. @throws APIError 404. */
  read({ kind, namespace, name }: Target): { version: Version; shown: KubeObject } {
    const version = this.#deps.store.collection(kind.collection).get(keyFor(namespace, name))
    if (!version) throw apiErrors.notFound(kind, name)
    return { version, shown: kind.view ? kind.view.show(version.object) : version.object }
  }

  create(kind: Kind, namespace: string | undefined, body: unknown, options: WriteOptions = {}): Written {
    const sent = kind.custom && kind.hasStatus && isRecord(body) ? without(body, 'status') : body
    const decoded = decode(kind, sent, options.fieldValidation ?? 'Warn')
    return warned(decoded, () => {
      const metadata = this.#newMetadata(kind, namespace, decoded.object.metadata)
      const object = this.#prepared(kind, this.#mutated({ ...decoded.object, metadata }, undefined), undefined)
      validate(kind, object, undefined)
      this.#checkNamespace(kind, metadata)
      const there = this.#find(kind, metadata)
      if (there) throw apiErrors.alreadyExists(kind, metadata.name, isBeingDeleted(there.object))
      if (decoded.object.metadata.resourceVersion) throw apiErrors.unexpected(VERSION_ON_CREATE)
      return this.#commit(kind, object, options)
    })
  }

  /** Replaces an object (PUT). For some kinds it creates a missing one. */
  update(target: Target, body: unknown, options: WriteOptions = {}): Written {
    if (target.kind.createOnUpdate && !this.#find(target.kind, target)) {
      return { ...this.create(target.kind, target.namespace, body, options), created: true }
    }
    const { version, shown } = this.read(target)
    const decoded = decode(target.kind, body, options.fieldValidation ?? 'Warn')
    return warned(decoded, () => {
      checkVersioned(target, decoded.object.metadata)
      checkUid(target, shown.metadata, decoded.object.metadata)
      return this.#replace(target, { version, shown, next: decoded.object }, options)
    })
  }

  /** Patches an object: `apply` makes the new object from the current one. */
  patch(target: Target, apply: (shown: KubeObject) => unknown, options: WriteOptions = {}): Written {
    const { version, shown } = this.read(target)
    const decoded = decode(target.kind, apply(shown), options.fieldValidation ?? 'Warn')
    return warned(decoded, () => {
      checkSameUid(target, shown.metadata, decoded.object.metadata)
      return this.#replace(target, { version, shown, next: decoded.object }, options)
    })
  }

  /** Deletes an object. If it has to wait for its finalizers, `gone` is false. */
  remove(target: Target, options: DeleteOptions = {}): { version: Version; gone: boolean } {
    const { version, shown } = this.read(target)
    const { kind } = target
    checkPreconditions(target, shown.metadata, options)
    const why = kind.rules.keep?.(shown)
    if (why) throw apiErrors.forbidden(kind, target.name, why)
    const finalizers = finalizersFor(shown.metadata, options.propagationPolicy)
    const mustWait = finalizers.length > 0 || kind.rules.markDeleted !== undefined
    if (options.dryRun) return { version, gone: !mustWait }
    if (!mustWait) return { version: this.#deps.store.remove(kind.collection, version), gone: true }
    return {
      version: this.#markDeleted(kind, version, { ...shown, metadata: { ...shown.metadata, finalizers } }),
      gone: false,
    }
  }

  /** Completes a deletion whatever finalizers are left, for the garbage collector and the deletion of namespaces. */
  finish(kind: Kind, version: Version): void {
    this.#deps.store.remove(kind.collection, version)
  }

  #replace(
    target: Target,
    { version, shown, next }: { version: Version; shown: KubeObject; next: KubeObject },
    options: WriteOptions,
  ): Version {
    const { kind } = target
    checkIdentity(target, shown.metadata, next.metadata)
    const merged = merge(target, shown, target.subresource ? next : this.#mutated(next, shown))
    const object = this.#prepared(kind, counted(kind, shown, merged), shown)
    if (sameJson(shown, object)) return version
    validate(kind, object, shown)
    const ends = object.metadata.deletionTimestamp && !object.metadata.finalizers?.length && !kind.rules.markDeleted
    const stored = this.#commit(kind, object, options, !ends)
    return ends && !options.dryRun ? this.#deps.store.remove(kind.collection, stored) : stored
  }

  #markDeleted(kind: Kind, version: Version, shown: KubeObject): Version {
    const { metadata } = shown
    const generation = metadata.generation === undefined ? undefined : metadata.generation + 1
    const now = { deletionTimestamp: rfc3339(this.#deps.now()), deletionGracePeriodSeconds: 0, generation }
    const marked = { ...shown, metadata: defined({ ...metadata, ...(metadata.deletionTimestamp ? {} : now) }) }
    if (marked.metadata.finalizers?.length === 0) delete marked.metadata.finalizers
    const object = kind.rules.markDeleted ? kind.rules.markDeleted(marked) : marked
    return sameJson(object, shown) || sameJson(object, version.object) ? version : this.#commit(kind, object, {})
  }

  #newMetadata(kind: Kind, namespace: string | undefined, sent: Metadata): Metadata {
    if (kind.namespaced && sent.namespace && sent.namespace !== namespace) throw wrongNamespace()
    const { uuid, now } = this.#deps
    const { labels, annotations, finalizers, ownerReferences, generateName } = sent
    const name = sent.name || (generateName ? generateName + uuid().replaceAll('-', '').slice(-5) : '')
    return defined({
      name,
      generateName,
      namespace: kind.namespaced ? namespace : undefined,
      uid: uuid(),
      generation: kind.custom ? 1 : undefined,
      creationTimestamp: rfc3339(now()),
      labels,
      annotations,
      finalizers,
      ownerReferences,
    })
  }

  #checkNamespace(kind: Kind, { namespace, name }: Metadata): void {
    if (!kind.namespaced) return
    const found = this.#deps.store.collection('namespaces').get(namespace ?? '')
    if (!found) throw apiErrors.notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace ?? '')
    if (!found.object.metadata.deletionTimestamp) return
    const why = `unable to create new content in namespace ${namespace ?? ''} because it is being terminated`
    const message = `namespace ${namespace ?? ''} is being terminated`
    throw apiErrors.forbidden(kind, name, why, [
      { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
    ])
  }

  #find(kind: Kind, { namespace, name }: Pick<Target, 'namespace' | 'name'>): Version | undefined {
    return this.#deps.store.collection(kind.collection).get(keyFor(namespace, name))
  }

  #mutated(object: KubeObject, before: KubeObject | undefined): KubeObject {
    return [...this.#mutations].reduce((changed, mutation) => mutation(changed, before), object)
  }

  #prepared(kind: Kind, object: KubeObject, old: KubeObject | undefined): KubeObject {
    return kind.rules.prepare ? kind.rules.prepare(object, old, this.#deps.now()) : object
  }

  #commit(kind: Kind, object: KubeObject, { dryRun }: WriteOptions, write = true): Version {
    const stored = kind.view ? kind.view.store(object) : object
    const key = keyFor(object.metadata.namespace, object.metadata.name)
    if (dryRun || !write) return { key, revision: this.#deps.store.revision, object: stored, texts: new Map() }
    return this.#deps.store.put(kind.collection, key, stored)
  }
}

const VERSION_ON_CREATE = 'resourceVersion should not be set on objects to be created'

/** Attaches warnings to an error, so that they are sent with it. */
function warned({ warnings }: Decoded, write: () => Version): Written {
  try {
    return { version: write(), warnings }
  } catch (error) {
    if (error instanceof apiErrors.APIError) error.warnings = warnings
    throw error
  }
}

function checkVersioned({ kind, name }: Target, { resourceVersion }: Metadata): void {
  if (resourceVersion || kind.unconditionalUpdate) return
  const message = 'Invalid value: 0: must be specified for an update'
  const cause = { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }
  throw apiErrors.invalid({ ...kind, kind: kind.plural }, name, [cause])
}

/** Checks the uid. A patch of the status does not check it. */
function checkSameUid({ kind, name, subresource }: Target, old: Metadata, { uid }: Metadata): void {
  if (subresource !== undefined || !uid || uid === old.uid) return
  const message = `Invalid value: "${uid}": field is immutable`
  throw apiErrors.invalid(kind, name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.uid' }])
}

/** Merges an update: it changes the status only, or everything but the status. */
function merge({ kind, subresource }: Target, old: KubeObject, next: KubeObject): KubeObject {
  if (subresource === 'status') return defined({ ...old, status: next.status })
  const status = kind.hasStatus ? { status: old.status } : {}
  return defined({ ...next, ...status, metadata: carriedOver(old.metadata, next.metadata) })
}

/** Counts the generation: it grows when anything but metadata and status changes. */
function counted(kind: Kind, old: KubeObject, next: KubeObject): KubeObject {
  if (!kind.custom) return next
  const asked = (object: KubeObject): unknown => without(object, 'metadata', 'status')
  if (sameJson(asked(old), asked(next))) return next
  return { ...next, metadata: { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 } }
}

const wrongNamespace = (): apiErrors.APIError =>
  apiErrors.badRequest('the namespace of the provided object does not match the namespace sent on the request')

function checkIdentity({ kind, name }: Target, old: Metadata, next: Metadata): void {
  if (next.name && next.name !== name) {
    throw apiErrors.badRequest(`the name of the object (${next.name}) does not match the name on the URL (${name})`)
  }
  if (kind.namespaced && next.namespace && next.namespace !== old.namespace) throw wrongNamespace()
  if (next.resourceVersion && next.resourceVersion !== old.resourceVersion) {
    throw apiErrors.conflict(kind, name, apiErrors.MODIFIED)
  }
}

function checkUid({ kind, name }: Target, old: Metadata, { uid }: { uid?: string | undefined }): void {
  if (!uid || uid === old.uid) return
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.uid ?? ''}`
  throw apiErrors.conflict(kind, name, why)
}

function checkPreconditions({ kind, name }: Target, old: Metadata, wanted: DeleteOptions): void {
  if (wanted.uid && wanted.uid !== old.uid) {
    const words = `the UID in the precondition (${wanted.uid}) does not match the UID in record (${old.uid ?? ''})`
    throw apiErrors.conflict(kind, name, `${words}. The object might have been deleted and then recreated`)
  }
  const { resourceVersion = '' } = old
  if (wanted.resourceVersion && wanted.resourceVersion !== resourceVersion) {
    const words = `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match`
    const rest = `the ResourceVersion in record (${resourceVersion}). The object might have been modified`
    throw apiErrors.conflict(kind, name, `${words} ${rest}`)
  }
}

/** Foreground and orphan deletion are finalizers that the garbage collector removes. */
function finalizersFor({ finalizers = [], deletionTimestamp }: Metadata, policy: string | undefined): string[] {
  const added = policy === 'Foreground' ? 'foregroundDeletion' : policy === 'Orphan' ? 'orphan' : undefined
  return added === undefined || deletionTimestamp || finalizers.includes(added) ? finalizers : [...finalizers, added]
}

/** Whether deletion of an object has begun. */
export const isBeingDeleted = (object: KubeObject): boolean => at(object, 'metadata', 'deletionTimestamp') !== undefined
