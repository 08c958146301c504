/**
 * A tenant with the shipped roles: it may write our kinds in one namespace and nothing else there, no Secrets, no ConfigMaps, no
 * status. Everything that a test does in its name goes over the API server, with its own client certificate.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { connect, type Body, type Client } from '../../../contract/client.ts'
import { Objects } from '../../../journeys/support/objects.ts'
import type { World } from '../../../journeys/support/world.ts'
import type { RealKubernetes } from '../../cluster.ts'

const PEOPLE = fileURLToPath(new URL('../../../../deploy/rbac/people', import.meta.url))

export interface Tenant {
  readonly objects: Objects
  /** The status and the message of the API server's answer. */
  tries(object: object & { kind: string }): Promise<{ status: number; text: string }>
  close(): Promise<void>
}

export async function tenantOf(world: World, namespace = world.namespace, name = 'mallory'): Promise<Tenant> {
  const kubernetes = realOf(world)
  await kubernetes.kubectl('apply', '-f', join(PEOPLE, 'roles.yaml'))
  for (const role of ['calendar-operator-view', 'calendar-operator-edit']) {
    const binding = [`${name}-${role}`, `--clusterrole=${role}`, `--user=${name}`, '-n', namespace]
    await kubernetes.kubectl('create', 'rolebinding', ...binding)
  }
  const api = await connect(await kubernetes.kubeconfig({ name }))
  const agents = `/apis/calendar-operator.io/v1alpha1/namespaces/${namespace}/agents`
  // RBAC reads bindings from a cache, which is updated after the write.
  await vi.waitFor(async () => expect((await api.request('GET', agents)).status).toBe(200), 90_000)
  await expectNoMore(api, namespace)
  return {
    objects: new Objects(api, namespace),
    async tries(object) {
      const plural = `${object.kind.toLowerCase()}s`
      const path = `/apis/calendar-operator.io/v1alpha1/namespaces/${namespace}/${plural}`
      const { status, text } = await api.request('POST', path, object)
      return { status, text }
    },
    close: () => api.close(),
  }
}

export function realOf({ kubernetes }: World): RealKubernetes {
  if (!kubernetes) throw new Error('this needs a real API server: vitest.kubernetes.config.ts')
  return kubernetes
}

/** Checks that the role grants no more than it says. */
async function expectNoMore(api: Client, namespace: string): Promise<void> {
  for (const plural of ['secrets', 'configmaps']) {
    expect((await api.request('GET', `/api/v1/namespaces/${namespace}/${plural}`)).status).toBe(403)
  }
  const path = `/apis/calendar-operator.io/v1alpha1/namespaces/${namespace}/agents/nobody/status`
  expect((await api.request('PATCH', path, {}, { 'content-type': 'application/merge-patch+json' })).status).toBe(403)
}

/** What a victim could lose: the metadata, the owner and the data of its object, without versions and times. */
export const worthOf = ({ data, metadata }: Body): object => ({
  data,
  labels: metadata.labels,
  ownerReferences: metadata.ownerReferences,
  uid: metadata.uid,
})

export const conditionOf = (object: Body | undefined, type: string) => {
  const { conditions = [] } = (object?.status ?? {}) as { conditions?: Condition[] }
  return conditions.find((condition) => condition.type === type)
}

interface Condition {
  type: string
  status: string
  reason: string
  message: string
}
