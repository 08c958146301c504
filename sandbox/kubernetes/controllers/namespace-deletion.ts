/** Deletes the contents of a namespace, and then the namespace. */
import { isRecord } from '../../../src/platform/json.ts'
import { namespaces } from '../kinds/namespaces.ts'
import { type JsonObject } from '../model/objects.ts'
import type { Registry } from '../kinds/registry.ts'
import type { Store, Version } from '../storage/store.ts'
import { isBeingDeleted, rfc3339, type Writer } from '../storage/writer.ts'

/** What the deletion of a namespace needs. */
export interface EmptyingDeps {
  store: Store
  registry: Registry
  writer: Writer
  now: () => number
}

/** Deletes what it can. The status of the namespace names what waits for a finalizer. */
export function emptyNamespace(deps: EmptyingDeps, version: Version): void {
  if (!isBeingDeleted(version.object)) return
  const { name } = version.object.metadata
  const kinds = deps.registry.kinds.filter((kind) => kind.namespaced && !kind.view)
  const left = kinds.flatMap((kind) => {
    const inside = deps.store
      .collection(kind.collection)
      .list()
      .filter(({ key }) => key.startsWith(`${name}/`))
    return inside.filter(({ object }) => {
      const target = { kind, namespace: name, name: object.metadata.name }
      return isBeingDeleted(object) || !deps.writer.remove(target).gone
    })
  })
  if (left.length === 0) deps.writer.finish(namespaces, version)
  else report(deps, name, left)
}

function report({ writer, now }: EmptyingDeps, name: string, left: Version[]): void {
  const finalizers = [...new Set(left.flatMap(({ object }) => object.metadata.finalizers ?? []))]
  const lastTransitionTime = rfc3339(now())
  const found = [
    ['NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${left.length} in all`],
    [
      'NamespaceFinalizersRemaining',
      'SomeFinalizersRemain',
      `Some content has finalizers remaining: ${finalizers.join(', ')}`,
    ],
  ]
  const conditions = found.map(([type, reason, message]) => ({
    type,
    status: 'True',
    lastTransitionTime,
    reason,
    message,
  }))
  writer.patch({ kind: namespaces, name, subresource: 'status' }, (old) => {
    const status: JsonObject = isRecord(old.status) ? old.status : {}
    return messagesOf(status.conditions) === messagesOf(conditions)
      ? old
      : { ...old, status: { ...status, conditions } }
  })
}

const messagesOf = (conditions: unknown): string =>
  Array.isArray(conditions) ? conditions.map((one) => (isRecord(one) ? String(one.message) : '')).join() : ''
