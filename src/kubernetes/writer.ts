/**
 * Writes objects. Each write names the version that the caller read, so that it cannot overwrite an unseen change, and its response
 * is stored in the cache of that kind.
 */
import { cacheOf, type Caches } from './caches.ts'
import { objectPath, pathOfKind } from './paths.ts'
import { ApiError, keyOf, type Cluster, type KubernetesObject } from './port.ts'
import type { ApiRequest, SendRequest } from './request.ts'
import { statusPatch } from './status.ts'

const MERGE_PATCH = 'application/merge-patch+json'

/** Creates the functions that write objects. */
export function createWriter(
  send: SendRequest,
  caches: Caches,
): Pick<Cluster, 'create' | 'patch' | 'writeStatus' | 'delete'> {
  const write = async <T extends KubernetesObject>(object: KubernetesObject, request: ApiRequest): Promise<T> => {
    const run = async (): Promise<T> => answered<T>(object, await send<T>(request))
    const cache = cacheOf(caches, object.kind)
    return cache ? cache.writing(keyOf(object), object.metadata.resourceVersion, run) : run()
  }
  return {
    create: async (object) => write(object, { method: 'POST', path: pathOfKind(object), body: object }),
    patch: async (object, patch) =>
      write(object, { ...PATCH, path: objectPath(object), body: forVersion(object, patch) }),
    async writeStatus(object, status) {
      const body = forVersion(object, { status: statusPatch(object.status, status) })
      const path = `${objectPath(object)}/status`
      const written = await write<KubernetesObject & { status?: object }>(object, { ...PATCH, path, body })
      return written.status
    },
    async delete(object) {
      const run = (): Promise<KubernetesObject | 'deleted' | 'gone'> => remove(send, object)
      await (cacheOf(caches, object.kind)?.deleting(keyOf(object), object.metadata.resourceVersion, run) ?? run())
    },
  }
}

const PATCH = { method: 'PATCH', contentType: MERGE_PATCH } as const

/** Adds the version that the patch is based on. */
function forVersion(object: KubernetesObject, patch: Record<string, unknown>): Record<string, unknown> {
  const resourceVersion = decidedVersion(object)
  return { ...patch, metadata: { ...(patch.metadata as object | undefined), resourceVersion } }
}

/** The version that a write is based on. @throws Error if there is none, because the write could overwrite an unseen change. */
function decidedVersion({ kind, metadata }: KubernetesObject): string {
  if (metadata.resourceVersion) return metadata.resourceVersion
  throw new Error(
    `A write of ${kind} ${metadata.name} names no resourceVersion: it must name the one it was decided on.`,
  )
}

const answered = <T extends KubernetesObject>({ apiVersion, kind }: KubernetesObject, answer: T): T => ({
  ...answer,
  apiVersion,
  kind,
})

/** Deletes an object. Returns the object if finalizers keep it. */
async function remove(send: SendRequest, object: KubernetesObject): Promise<KubernetesObject | 'deleted' | 'gone'> {
  const preconditions = { uid: object.metadata.uid, resourceVersion: decidedVersion(object) }
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions }
  try {
    const answer = await send<KubernetesObject>({ method: 'DELETE', path: objectPath(object), body })
    const left = answer.kind !== 'Status' && answer.metadata.deletionTimestamp !== undefined
    return left ? answered(object, answer) : 'deleted'
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'NotFound') return 'gone'
    throw error
  }
}
