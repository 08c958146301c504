import { describe, expect, it } from 'vitest'
import { AGENTS, agent, ownedBy, secret, SECRETS, started } from './harness.ts'

const CORE_OWNER = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'of-another-world' }

describe('garbage collection', () => {
  it('deletes an object whose owner was gone before', async () => {
    const { sandbox } = await started()
    const [alice] = sandbox.apply(agent('alice'))
    sandbox.delete('Agent', 'booking', 'alice')
    sandbox.apply(secret('late', {}, { ownerReferences: [ownedBy(alice!)] }))
    await sandbox.idle()
    expect(sandbox.get('Secret', 'booking', 'late')).toBeUndefined()
  })

  it('follows a chain of owners', async () => {
    const { sandbox } = await started()
    const [alice] = sandbox.apply(agent('alice'))
    const [middle] = sandbox.apply(secret('middle', {}, { ownerReferences: [ownedBy(alice!)] }))
    sandbox.apply(secret('last', {}, { ownerReferences: [ownedBy(middle!)] }))
    await sandbox.idle()
    sandbox.delete('Agent', 'booking', 'alice')
    await sandbox.idle()
    expect(sandbox.list('Secret', 'booking')).toEqual([])
  })

  it('removes the reference to the owner that is gone, and keeps unknown ones', async () => {
    const { sandbox } = await started()
    const [alice, bob] = sandbox.apply([agent('alice'), agent('bob')])
    sandbox.apply(secret('shared', {}, { ownerReferences: [ownedBy(alice!), ownedBy(bob!)] }))
    sandbox.apply(secret('foreign', {}, { ownerReferences: [CORE_OWNER] }))
    sandbox.delete('Agent', 'booking', 'alice')
    await sandbox.idle()
    expect(sandbox.get('Secret', 'booking', 'shared')?.metadata.ownerReferences).toEqual([ownedBy(bob!)])
    expect(sandbox.get('Secret', 'booking', 'foreign')?.metadata.ownerReferences).toEqual([CORE_OWNER])
  })

  it('in the foreground deletes the dependents first, and waits for theirs', async () => {
    const { sandbox } = await started()
    const [alice] = sandbox.apply(agent('alice'))
    const held = { ownerReferences: [ownedBy(alice!)], finalizers: ['example.com/hold'] }
    sandbox.apply(secret('held', {}, held))
    sandbox.delete('Agent', 'booking', 'alice', { propagationPolicy: 'Foreground' })
    await sandbox.idle()
    expect(sandbox.get('Agent', 'booking', 'alice')?.metadata.finalizers).toEqual(['foregroundDeletion'])
    sandbox.patch({ kind: 'Secret', namespace: 'booking', name: 'held' }, { metadata: { finalizers: null } })
    await sandbox.idle()
    expect(sandbox.get('Agent', 'booking', 'alice')).toBeUndefined()
  })

  it('keeps orphans on request', async () => {
    const { sandbox, send } = await started()
    const [alice] = sandbox.apply(agent('alice'))
    sandbox.apply(secret('kept', {}, { ownerReferences: [ownedBy(alice!)] }))
    await send('DELETE', `${AGENTS}/alice`, { propagationPolicy: 'Orphan' })
    await sandbox.idle()
    expect(sandbox.get('Agent', 'booking', 'alice')).toBeUndefined()
    expect(sandbox.get('Secret', 'booking', 'kept')?.metadata).not.toHaveProperty('ownerReferences')
  })
})

describe('a namespace that is deleted', () => {
  it('accepts nothing new, says what it waits for, and is removed with the last finalizer', async () => {
    const { sandbox, send } = await started()
    sandbox.apply([agent('alice', {}, { finalizers: ['calendar-operator.io/revoke'] }), agent('bob'), secret('grant')])
    const { body } = await send('DELETE', '/api/v1/namespaces/booking')
    expect(body).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } })
    await sandbox.idle()
    expect(sandbox.list('Agent').map(({ metadata }) => metadata.name)).toEqual(['alice'])
    const refused = await send('POST', SECRETS, secret('new'))
    expect(refused).toMatchObject({
      status: 403,
      body: { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
    })
    const { status } = sandbox.get('Namespace', undefined, 'booking') as unknown as {
      status: { conditions: { message: string }[] }
    }
    expect(status.conditions.map(({ message }) => message).join()).toContain('calendar-operator.io/revoke')
    sandbox.patch({ kind: 'Agent', namespace: 'booking', name: 'alice' }, { metadata: { finalizers: [] } })
    await sandbox.idle()
    expect(sandbox.get('Namespace', undefined, 'booking')).toBeUndefined()
  })

  it('is never the default one', async () => {
    const { send } = await started()
    expect((await send('DELETE', '/api/v1/namespaces/default')).status).toBe(403)
  })
})

describe('a definition', () => {
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

  it('that is deleted takes its objects and its paths with it', async () => {
    const { sandbox, send } = await started()
    sandbox.apply(agent('alice'))
    expect((await send('DELETE', `${CRDS}/agents.calendar-operator.io`)).status).toBe(200)
    await sandbox.idle()
    expect((await send('GET', AGENTS)).status).toBe(404)
    expect(sandbox.snapshot().collections['agents.calendar-operator.io']).toEqual([])
  })

  it('of another group is refused, and so is one with an invalid rule', async () => {
    const { sandbox, send } = await started({ crds: [] })
    const { crds } = await import('../../src/resources/generated/crds.ts')
    const foreign = structuredClone(crds[0]!)
    foreign.spec.group = 'example.com'
    expect((await send('POST', CRDS, foreign)).status).toBe(501)
    const broken = structuredClone(crds[0]!)
    broken.spec.versions[0]!.schema.openAPIV3Schema['x-kubernetes-validations'] = [{ rule: 'self.(' }]
    expect((await send('POST', CRDS, broken)).status).toBe(422)
    expect((await send('GET', AGENTS)).status).toBe(404)
    expect((await send('POST', CRDS, crds[0])).status).toBe(201)
    expect(sandbox.apply(agent('alice'))).toHaveLength(1)
  })
})
