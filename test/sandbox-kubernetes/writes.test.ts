import { describe, expect, it } from 'vitest'
import { AGENTS, agent, MERGE, SECRETS, secret, started } from './harness.ts'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/booking/leases'

// What the contract does not cover. Each answer is that of a real API server.
describe('a write', () => {
  it('gets warnings about unknown fields even if it is refused', async () => {
    const { send } = await started()
    const answer = await send('POST', AGENTS, agent('alice', { foo: 1, deletionPolicy: 'None' }))
    expect([answer.status, answer.headers.warning]).toEqual([422, '299 - "unknown field \\"spec.foo\\""'])
  })

  it('with an invalid structure is not checked by rules, and the answer says so', async () => {
    const { send } = await started()
    const full = { publish: { calendar: { name: 'c', detail: 'Full' } } }
    const causes = async (spec: object) => {
      const { body } = await send('POST', AGENTS, agent('alice', { ...full, ...spec }))
      return (body.details as { causes: { field: string }[] }).causes.map(({ field }) => field)
    }
    expect(await causes({})).toEqual(['spec.publish.calendar.detail'])
    expect(await causes({ suspend: 'yes' })).toEqual(['spec.suspend', '<nil>'])
  })

  it('of a custom kind must name its kind, of Kubernetes’ own kinds need not', async () => {
    const { send } = await started()
    const nameless = { metadata: { name: 'alice' }, spec: agent('alice').spec }
    expect((await send('POST', AGENTS, nameless)).status).toBe(400)
    expect((await send('POST', SECRETS, { metadata: { name: 'grant' } })).body).toMatchObject({
      kind: 'Secret',
      type: 'Opaque',
    })
  })

  it('treats null as not set', async () => {
    const { send } = await started()
    const { body } = await send('POST', AGENTS, agent('alice', { suspend: null, displayName: null, calendars: null }))
    expect(body.spec).toMatchObject({ suspend: false, calendars: { read: ['primary'] } })
    expect(body.spec).not.toHaveProperty('displayName')
  })

  it('with more than 256 KiB of annotations is refused, and so is a bare finalizer on a Secret', async () => {
    const { send } = await started()
    const much = secret('much', {}, { annotations: { note: 'x'.repeat(262_144) } })
    expect((await send('POST', SECRETS, much)).body.message).toContain('metadata.annotations: Too long')
    expect((await send('POST', SECRETS, secret('bare', {}, { finalizers: ['bare'] }))).status).toBe(422)
    const ours = await send('POST', AGENTS, agent('bare', {}, { finalizers: ['bare'] }))
    expect([ours.status, ours.headers.warning]).toEqual([201, expect.stringContaining('prefer a domain-qualified')])
  })

  it('is changed by a mutation, which does not see writes of a status, until the mutation ends', async () => {
    const { sandbox, send } = await started()
    const end = sandbox.mutate((object, before) => {
      const labels = { ...object.metadata.labels, seen: before ? 'again' : 'first' }
      return { ...object, metadata: { ...object.metadata, labels } }
    })
    const labelsOf = async (...sent: Parameters<typeof send>) => (await send(...sent)).body.metadata.labels
    expect(await labelsOf('POST', AGENTS, agent('alice'))).toEqual({ seen: 'first' })
    expect(await labelsOf('PATCH', `${AGENTS}/alice/status`, { status: {} }, MERGE)).toEqual({ seen: 'first' })
    expect(await labelsOf('PATCH', `${AGENTS}/alice`, { spec: { suspend: true } }, MERGE)).toEqual({ seen: 'again' })
    end()
    expect(await labelsOf('PATCH', `${AGENTS}/alice`, { metadata: { labels: null } }, MERGE)).toBeUndefined()
  })

  it('of a Lease by PUT creates a missing one, and only that', async () => {
    const { send } = await started()
    const lease = { metadata: { name: 'leader' }, spec: { holderIdentity: 'one', leaseDurationSeconds: 15 } }
    expect((await send('PUT', `${LEASES}/leader`, lease)).status).toBe(201)
    expect((await send('PUT', `${LEASES}/leader`, lease)).status).toBe(422)
    expect((await send('PUT', `${AGENTS}/alice`, agent('alice'))).status).toBe(404)
  })

  it('of an immutable Secret is refused, except of its labels', async () => {
    const { sandbox, send } = await started()
    sandbox.apply(secret('fixed', { data: { a: 'YQ==' }, immutable: true }))
    const path = `${SECRETS}/fixed`
    expect((await send('PATCH', path, { data: { a: 'Yg==' } }, MERGE)).status).toBe(422)
    expect((await send('PATCH', path, { immutable: null }, MERGE)).status).toBe(422)
    expect((await send('PATCH', path, { metadata: { labels: { a: 'b' } } }, MERGE)).status).toBe(200)
  })

  it('that is too large leaves the connection usable', async () => {
    const { send } = await started()
    expect((await send('POST', SECRETS, secret('big', { data: { a: 'YQ=='.repeat(800_000) } }))).status).toBe(413)
    expect((await send('GET', SECRETS)).status).toBe(200)
  })

  it('in process is refused as over HTTP, and changes nothing', async () => {
    const { sandbox } = await started()
    const revision = sandbox.revision()
    expect(() => sandbox.apply(agent('alice', { account: 'nobody' }))).toThrow(
      'Agent.calendar-operator.io "alice" is invalid',
    )
    expect(() => sandbox.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } })).toThrow(
      'holds no Pod of v1',
    )
    expect(() => sandbox.patch({ kind: 'agt', namespace: 'booking', name: 'none' }, {})).toThrow('not found')
    expect(sandbox.delete('agt', 'booking', 'none')).toBe(false)
    expect(sandbox.revision()).toBe(revision)
  })

  it('in process accepts a file of several documents', async () => {
    const { sandbox } = await started()
    const [first, second] = [agent('alice'), secret('grant')].map((one) => JSON.stringify(one))
    expect(sandbox.apply(`${first ?? ''}\n---\n${second ?? ''}\n---\n`).map(({ kind }) => kind)).toEqual([
      'Agent',
      'Secret',
    ])
    const [again] = sandbox.apply(agent('alice', { displayName: 'Alice' }))
    expect(again).toMatchObject({ metadata: { generation: 2 }, spec: { displayName: 'Alice' } })
  })
})
