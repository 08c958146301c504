/** What the sandbox does not imitate: server-side apply, and CustomResourceDefinitions in kubectl. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { agent, MERGE_PATCH, refusal } from '../contract/backend.ts'
import type { Answer, Body, Client } from '../contract/client.ts'
import { startRealKubernetes } from './cluster.ts'
import type { RealKubernetes } from './cluster.ts'

const CRDS = fileURLToPath(new URL('../../crds/', import.meta.url))
const AGENTS = '/apis/calendar-operator.io/v1alpha1/namespaces/default/agents'

describe('a real Kubernetes with definitions from kubectl', () => {
  let kubernetes: RealKubernetes
  let client: Client
  let first: string
  beforeAll(async () => {
    kubernetes = await startRealKubernetes({ definitions: false })
    client = await kubernetes.client()
    first = await kubernetes.kubectl('apply', '-f', CRDS)
    await kubernetes.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=90s')
    await vi.waitFor(async () => expect((await client.request('GET', AGENTS)).status).toBe(200), 90_000)
  })
  afterAll(() => kubernetes.stop())

  const lines = (text: string) => text.trim().split('\n')
  const apply = (manager: string, object: object, query = ''): Promise<Answer> => {
    const { name } = (object as Body).metadata
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    return client.request('PATCH', `${AGENTS}/${name}?fieldManager=${manager}${query}`, JSON.stringify(object), headers)
  }
  const operatorWrites = (path: string, patch: object) =>
    client.request('PATCH', `${AGENTS}/${path}?fieldManager=calendar-operator`, patch, { 'content-type': MERGE_PATCH })

  it('accepts them again, applied by client and by server, without a change', async () => {
    expect(lines(first).every((line) => line.endsWith(' created'))).toBe(true)
    expect(lines(await kubernetes.kubectl('apply', '-f', CRDS)).every((line) => line.endsWith(' unchanged'))).toBe(true)
    await kubernetes.kubectl('apply', '--server-side', '-f', CRDS)
    const generations = await kubernetes.kubectl('get', 'crd', '-o', 'jsonpath={.items[*].metadata.generation}')
    expect(new Set(generations.split(' '))).toEqual(new Set(['1']))
  })

  it('explains every field in the words of the definitions', async () => {
    // The API server publishes its documentation a moment after the definition.
    const explained = await vi.waitFor(() => kubernetes.kubectl('explain', 'agt.spec', '--recursive'), 90_000)
    expect(explained).toMatch(/account\s+<string> -required-/)
    expect(await kubernetes.kubectl('explain', 'agt.spec.account')).toContain(
      'The Google account, by its e-mail address',
    )
  })

  it('keeps what the operator wrote when a user applies again', async () => {
    await apply('gitops', agent('alice', { displayName: 'Alice' }))
    await operatorWrites('alice/status', { status: { observedGeneration: 1 } })
    await operatorWrites('alice', { metadata: { finalizers: ['calendar-operator.io/revoke'] } })
    const { status, body } = await apply('gitops', agent('alice'))
    expect(status).toBe(200)
    expect(body).toMatchObject({
      metadata: { finalizers: ['calendar-operator.io/revoke'], generation: 2 },
      status: { observedGeneration: 1 },
    })
    expect(body.spec).not.toHaveProperty('displayName')
  })

  it('does not let a user apply a status', async () => {
    await apply('gitops', { ...agent('bob'), status: { observedGeneration: 9 } })
    expect((await apply('gitops', { ...agent('bob'), status: { observedGeneration: 9 } })).body.status).toEqual({
      observedGeneration: -1,
    })
  })

  it('reports a conflict of two users about one field, and accepts a forced apply', async () => {
    await apply('gitops', agent('carol'))
    const other = agent('carol', { account: 'carol@example.com' })
    expect(await apply('hands', other)).toMatchObject(
      refusal(409, 'Conflict', 'Apply failed with 1 conflict: conflict with "gitops": .spec.account'),
    )
    expect((await apply('hands', other, '&force=true')).body.spec).toMatchObject({ account: 'carol@example.com' })
  })

  it('merges lists of type set by their values', async () => {
    await apply('gitops', agent('dora', { calendars: { read: ['primary', 'team@example.com'] } }))
    await apply('hands', { ...agent('dora'), spec: { calendars: { read: ['private@example.com'] } } }, '&force=true')
    const { body } = await apply('gitops', agent('dora', { calendars: { read: ['primary'] } }))
    const { read } = body.spec?.calendars as { read: string[] }
    expect(read.toSorted()).toEqual(['primary', 'private@example.com'])
  })
})
