import { describe, expect, it } from 'vitest'
import { agent, configMap, refusal, secret } from '../backend.ts'
import type { TestNamespace } from '../backend.ts'
import type { Body } from '../client.ts'

export function kinds(newNamespace: () => Promise<TestNamespace>): void {
  describe('a Secret', () => {
    it('is Opaque by default, accepts text, and answers base64', async () => {
      const r = await newNamespace()
      const created = await r.made('secrets', secret('token', { stringData: { a: 'b' } }))
      expect(created).toMatchObject({ kind: 'Secret', type: 'Opaque', data: { a: 'Yg==' } })
      expect(created).not.toHaveProperty('stringData')
      expect(created.metadata.generation).toBeUndefined()
    })

    it('is refused if a value is not base64, a key is invalid, or it is too large', async () => {
      const r = await newNamespace()
      const base64 = await r.create('secrets', secret('a', { data: { a: '***' } }))
      expect(base64).toMatchObject(refusal(400, 'BadRequest', /illegal base64 data/))
      const key = await r.create('secrets', secret('a', { data: { 'a/b': 'YQ==' } }))
      expect(key).toMatchObject(refusal(422, 'Invalid', /data\[a\/b\]: Invalid value: "a\/b": a valid config key/))
      const value = Buffer.alloc(1_100_000).toString('base64')
      const large = await r.create('secrets', secret('a', { data: { a: value } }))
      expect(large).toMatchObject(refusal(422, 'Invalid', /data: Too long: may not be more than 1048576 bytes/))
    })

    it('keeps its type', async () => {
      const r = await newNamespace()
      await r.made('secrets', secret('token'))
      const answer = await r.patch('secrets', '/token', { type: 'other' })
      expect(answer).toMatchObject(refusal(422, 'Invalid', /type: Invalid value: "other": field is immutable/))
    })
  })

  describe('a ConfigMap', () => {
    it('has text and bytes under different keys', async () => {
      const r = await newNamespace()
      const created = await r.made('configmaps', configMap('c', { data: { a: 'b' }, binaryData: { c: 'AA==' } }))
      expect(created).toMatchObject({ kind: 'ConfigMap', data: { a: 'b' }, binaryData: { c: 'AA==' } })
      const answer = await r.create('configmaps', configMap('d', { data: { a: 'b' }, binaryData: { a: 'AA==' } }))
      expect(answer).toMatchObject(refusal(422, 'Invalid', /duplicate of key present in binaryData/))
    })

    it('is refused if a value is not text', async () => {
      const r = await newNamespace()
      const answer = await r.create('configmaps', configMap('c', { data: { a: 1 } }))
      expect(answer).toMatchObject(
        refusal(400, 'BadRequest', /^ConfigMap in version "v1" cannot be handled as a ConfigMap/),
      )
    })

    it('has no status', async () => {
      const r = await newNamespace()
      await r.made('configmaps', configMap('c'))
      expect((await r.patch('configmaps', '/c/status', {})).status).toBe(404)
    })
  })

  describe('a Lease', () => {
    const lease = (spec: object) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'leader' },
      spec,
    })

    it('has times to the microsecond, and belongs to the first writer', async () => {
      const r = await newNamespace()
      const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.123456Z' }
      const created = await r.made('leases', lease(spec))
      expect(created.spec).toEqual(spec)
      const { resourceVersion } = created.metadata
      const take = (holderIdentity: string) => {
        return r.patch('leases', '/leader', { metadata: { resourceVersion }, spec: { holderIdentity } })
      }
      expect((await take('b')).body.spec).toMatchObject({ holderIdentity: 'b' })
      expect(await take('c')).toMatchObject(refusal(409, 'Conflict', /leases.coordination.k8s.io "leader"/))
    })

    it('is refused with a time to the second, or with an invalid duration', async () => {
      const r = await newNamespace()
      const coarse = await r.create('leases', lease({ renewTime: '2026-01-01T00:00:00Z' }))
      expect(coarse).toMatchObject(refusal(400, 'BadRequest', /parsing time "2026-01-01T00:00:00Z"/))
      const none = await r.create('leases', lease({ leaseDurationSeconds: 0 }))
      expect(none).toMatchObject(
        refusal(422, 'Invalid', /spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0/),
      )
    })
  })

  describe('an Event', () => {
    const event = (regarding: Body, rest: object = {}) => ({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${regarding.metadata.name}.1` },
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Normal',
      reason: 'Granted',
      action: 'Reconcile',
      note: 'The account is connected',
      reportingController: 'calendar-operator.io/agent',
      reportingInstance: 'calendar-operator-1',
      regarding: {
        apiVersion: regarding.apiVersion,
        kind: regarding.kind,
        name: regarding.metadata.name,
        namespace: regarding.metadata.namespace,
        uid: regarding.metadata.uid,
      },
      ...rest,
    })

    it('is one object in both of its groups, found by the object that it is about', async () => {
      const r = await newNamespace()
      const alice = await r.made('agents', agent('alice'))
      const bob = await r.made('agents', agent('bob'))
      await r.made('events', event(alice))
      await r.made('events', event(bob))
      const core = `/api/v1/namespaces/${r.namespace}/events`
      const { body } = await r.client.request('GET', `${core}?fieldSelector=involvedObject.uid%3D${alice.metadata.uid}`)
      expect(body.items).toMatchObject([
        {
          involvedObject: { kind: 'Agent', name: 'alice' },
          message: 'The account is connected',
          reason: 'Granted',
          reportingComponent: 'calendar-operator.io/agent',
        },
      ])
      expect(await r.names('events', '?fieldSelector=regarding.name%3Dbob')).toEqual(['bob.1'])
    })

    it('counts repeats in its series, and keeps its note', async () => {
      const r = await newNamespace()
      await r.made('events', event(await r.made('agents', agent('alice'))))
      const series = { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' }
      expect((await r.patch('events', '/alice.1', { series })).body).toMatchObject({ series })
      const answer = await r.patch('events', '/alice.1', { note: 'other' })
      expect(answer).toMatchObject(refusal(422, 'Invalid', /message: Invalid value: "other": field is immutable/))
    })

    it('is refused without a time, a type or an action, or with a note that is too long', async () => {
      const r = await newNamespace()
      const alice = await r.made('agents', agent('alice'))
      const bare = await r.create('events', event(alice, { eventTime: undefined, type: undefined }))
      expect(bare).toMatchObject(refusal(422, 'Invalid', /eventTime: Required value/))
      expect(bare.body.message).toMatch(/type: Invalid value: "": has invalid value/)
      const idle = await r.create('events', event(alice, { action: undefined }))
      expect(idle).toMatchObject(refusal(422, 'Invalid', /action: Required value/))
      const long = await r.create('events', event(alice, { note: 'x'.repeat(1025) }))
      expect(long).toMatchObject(refusal(422, 'Invalid', /can have at most 1024 characters/))
    })
  })

  describe('discovery', () => {
    it('lists our kinds with their short names, their category and their status', async () => {
      const r = await newNamespace()
      const { body, status } = await r.client.request('GET', '/apis/calendar-operator.io/v1alpha1')
      expect(status).toBe(200)
      const { resources } = body as Body & { resources: { name: string }[] }
      expect(resources).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            name: 'agents',
            singularName: 'agent',
            kind: 'Agent',
            namespaced: true,
            shortNames: ['agt'],
            categories: ['calendar'],
          }),
          expect.objectContaining({ name: 'agents/status', kind: 'Agent' }),
          expect.objectContaining({ name: 'calendarintegrations', shortNames: ['calint'] }),
        ]),
      )
    })

    it('answers 404 for unknown paths', async () => {
      const r = await newNamespace()
      expect((await r.client.request('GET', '/apis/calendar-operator.io/v1alpha1/nothing')).status).toBe(404)
      expect((await r.client.request('GET', '/nothing')).status).toBe(404)
    })

    it('reports health, readiness and version', async () => {
      const r = await newNamespace()
      for (const path of ['/livez', '/readyz', '/healthz']) {
        expect(await r.client.request('GET', path)).toMatchObject({ status: 200, text: 'ok' })
      }
      const { body } = await r.client.request('GET', '/version')
      expect(body).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\./) as string })
    })
  })
}
