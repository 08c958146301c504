/**
 * What the controller manager of a real cluster does in the background: it deletes objects whose owners are gone
 * (`blockOwnerDeletion` is ignored), and empties namespaces that are being deleted.
 */
import { definitions } from '../kinds/custom.ts'
import { namespaces } from '../kinds/namespaces.ts'
import { emptyNamespace, type EmptyingDeps } from './namespace-deletion.ts'
import type { KubeObject, OwnerReference } from '../model/objects.ts'
import type { Registry } from '../kinds/registry.ts'
import type { Version, Write } from '../storage/store.ts'
import { isBeingDeleted, type Target } from '../storage/writer.ts'

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

interface Place {
  collection: string
  key: string
}

const idOf = ({ collection, key }: Place): string => `${collection} ${key}`
const placeOf = (id: string): Place => ({
  collection: id.slice(0, id.indexOf(' ')),
  key: id.slice(id.indexOf(' ') + 1),
})

const NONE: OwnerReference[] = []
const ownersOf = (version: Version | undefined): OwnerReference[] => version?.object.metadata.ownerReferences ?? NONE

/** Deletes dependents and empties namespaces, after each write and in the background. */
export class GarbageCollector {
  readonly #deps: EmptyingDeps
  readonly #uids = new Set<string>()
  /** Dependents, by the uid of their owner. */
  readonly #dependents = new Map<string, Set<string>>()
  readonly #due = new Set<string>()
  #scheduled: NodeJS.Immediate | undefined
  #waiting: (() => void)[] = []

  constructor(deps: EmptyingDeps) {
    this.#deps = deps
    deps.store.subscribe((write) => this.#follow(write))
  }

  /** Registers an object that was stored before the collector started. */
  register(collection: string, version: Version): void {
    this.#follow({ type: 'ADDED', collection, revision: version.revision, current: version, before: undefined })
  }

  /** Resolves when there is nothing left to collect. */
  idle(): Promise<void> {
    if (!this.#scheduled) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #follow({ type, collection, current, before }: Write): void {
    const id = idOf({ collection, key: current.key })
    const had = ownersOf(before)
    if (type === 'DELETED') {
      if (collection === definitions.collection) this.#enqueue(id)
      this.#index(id, had, [])
      return this.#followDeletion(current.object)
    }
    const has = ownersOf(current)
    this.#uids.add(current.object.metadata.uid ?? '')
    this.#index(id, had, has)
    if (has !== had || isBeingDeleted(current.object)) this.#enqueue(id)
  }

  #followDeletion({ metadata }: KubeObject): void {
    const { uid = '' } = metadata
    this.#uids.delete(uid)
    for (const dependent of this.#dependents.get(uid) ?? []) this.#enqueue(dependent)
    for (const owner of metadata.ownerReferences ?? []) this.#enqueueOwner(owner, metadata.namespace)
    const namespace = this.#deps.store.collection(namespaces.collection).get(metadata.namespace ?? '')
    if (namespace && isBeingDeleted(namespace.object))
      this.#enqueue(idOf({ collection: namespaces.collection, key: namespace.key }))
  }

  #index(id: string, before: OwnerReference[], after: OwnerReference[]): void {
    if (before === after) return
    for (const { uid } of before) this.#dependents.get(uid)?.delete(id)
    for (const { uid } of after) {
      const known = this.#dependents.get(uid)
      if (known) known.add(id)
      else this.#dependents.set(uid, new Set([id]))
    }
  }

  /** Finishes the deletion of an owner that waited for its dependents. */
  #enqueueOwner(owner: OwnerReference, namespace: string | undefined): void {
    const kind = this.#kindOf(owner)
    if (!kind) return
    const key = kind.namespaced && namespace ? `${namespace}/${owner.name}` : owner.name
    const found = this.#deps.store.collection(kind.collection).get(key)
    if (found && isBeingDeleted(found.object)) this.#enqueue(idOf({ collection: kind.collection, key }))
  }

  #kindOf({ apiVersion, kind }: OwnerReference): ReturnType<Registry['named']> {
    return this.#deps.registry.named(kind, apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : '')
  }

  #enqueue(id: string): void {
    this.#due.add(id)
    this.#scheduled ??= setImmediate(() => this.#run())
  }

  #run(): void {
    for (const id of this.#due) {
      this.#due.delete(id)
      this.#collect(placeOf(id))
    }
    this.#scheduled = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #collect({ collection, key }: Place): void {
    const version = this.#deps.store.collection(collection).get(key)
    if (!version && collection === definitions.collection) return this.#dropAll(key)
    const target = version && this.#targetOf(collection, version)
    if (!target) return
    if (!isBeingDeleted(version.object)) return this.#checkOwners(target, version)
    if (collection === namespaces.collection) return emptyNamespace(this.#deps, version)
    this.#finalize(target, version)
  }

  #finalize(target: Target, { object }: Version): void {
    const { finalizers = [], uid = '' } = object.metadata
    if (finalizers.includes(ORPHAN)) this.#orphan(target, uid)
    else if (finalizers.includes(FOREGROUND)) this.#foreground(target, uid)
  }

  /** Deletes the objects of a CustomResourceDefinition that is gone. */
  #dropAll(collection: string): void {
    const { store } = this.#deps
    for (const version of store.collection(collection).list()) store.remove(collection, version)
  }

  #targetOf(collection: string, { object }: Version): Target | undefined {
    const kind = this.#deps.registry.ofCollection(collection)
    return kind && { kind, namespace: object.metadata.namespace, name: object.metadata.name }
  }

  #checkOwners(target: Target, { object }: Version): void {
    const owners = object.metadata.ownerReferences ?? []
    const left = owners.filter((owner) => this.#uids.has(owner.uid) || !this.#kindOf(owner))
    if (left.length === owners.length) return
    if (left.length === 0) this.#deps.writer.remove(target)
    else this.#setOwners(target, left)
  }

  #setOwners(target: Target, ownerReferences: OwnerReference[]): void {
    this.#deps.writer.patch(target, (old) => ({ ...old, metadata: { ...old.metadata, ownerReferences } }))
  }

  #dependentsOf(uid: string): { target: Target; version: Version }[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((id) => {
      const { collection, key } = placeOf(id)
      const version = this.#deps.store.collection(collection).get(key)
      const target = version && this.#targetOf(collection, version)
      return target ? [{ target, version }] : []
    })
  }

  #orphan(target: Target, uid: string): void {
    for (const { target: dependent, version } of this.#dependentsOf(uid)) {
      const owners = version.object.metadata.ownerReferences ?? []
      this.#setOwners(
        dependent,
        owners.filter((owner) => owner.uid !== uid),
      )
    }
    this.#dropFinalizer(target, ORPHAN)
  }

  #foreground(target: Target, uid: string): void {
    const dependents = this.#dependentsOf(uid)
    for (const { target: dependent, version } of dependents) {
      if (!isBeingDeleted(version.object)) this.#deps.writer.remove(dependent, { propagationPolicy: 'Foreground' })
    }
    if (this.#dependentsOf(uid).length === 0) this.#dropFinalizer(target, FOREGROUND)
  }

  #dropFinalizer(target: Target, finalizer: string): void {
    this.#deps.writer.patch(target, (old) => {
      const finalizers = old.metadata.finalizers?.filter((one) => one !== finalizer)
      return { ...old, metadata: { ...old.metadata, finalizers } }
    })
  }
}
