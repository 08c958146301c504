import { describe, expect, it, vi } from 'vitest'
import { agent, configMap, integration, refusal, secret, seen } from '../backend.ts'
import type { Plural, TestNamespace } from '../backend.ts'
import type { Body } from '../client.ts'

const FINALIZER = 'calendar-operator.io/revoke'
/** Controllers react a moment later. */
const SOON = { timeout: 110_000, interval: 100 }

const ownedBy = ({ apiVersion, kind, metadata }: Body) => ({
  ownerReferences: [
    { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true },
  ],
})

export function deleting(newNamespace: () => Promise<TestNamespace>): void {
  describe('deleting', () => {
    it('removes the object at once, and returns it', async () => {
      const r = await newNamespace()
      const { metadata } = await r.made('secrets', secret('token'))
      const { status, body } = await r.delete('secrets', '/token')
      expect(status).toBe(200)
      expect(body).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'token', uid: metadata.uid } })
      expect((await r.get('secrets', '/token')).status).toBe(404)
      expect(await r.delete('secrets', '/token')).toMatchObject(refusal(404, 'NotFound', 'secrets "token" not found'))
    })

    it('is refused for another uid or another version than that of the precondition', async () => {
      const r = await newNamespace()
      const { metadata } = await r.made('agents', agent('alice'))
      const other = await r.delete('agents', '/alice', { preconditions: { uid: 'other' } })
      expect(other).toMatchObject(refusal(409, 'Conflict', /the UID in the precondition \(other\) does not match/))
      const old = await r.delete('agents', '/alice', { preconditions: { resourceVersion: '1' } })
      expect(old).toMatchObject(
        refusal(409, 'Conflict', /the ResourceVersion in the precondition \(1\) does not match/),
      )
      const { uid, resourceVersion } = metadata
      expect((await r.delete('agents', '/alice', { preconditions: { uid, resourceVersion } })).status).toBe(200)
    })

    it('by a selector removes what is selected', async () => {
      const r = await newNamespace()
      await r.made('configmaps', configMap('a', {}, { labels: { team: 'a' } }))
      await r.made('configmaps', configMap('b', {}, { labels: { team: 'b' } }))
      expect((await r.delete('configmaps', '?labelSelector=team%3Da')).status).toBe(200)
      const left = await r.names('configmaps', '?labelSelector=team')
      expect(left).toEqual(['b'])
    })
  })

  describe('an object with a finalizer', () => {
    it('is only marked when it is deleted, with a new generation, and once', async () => {
      const r = await newNamespace()
      const created = await r.made('agents', agent('alice', {}, { finalizers: [FINALIZER] }))
      const { status, body } = await r.delete('agents', '/alice')
      expect(status).toBe(200)
      expect(body).toMatchObject({ kind: 'Agent', metadata: { generation: 2, finalizers: [FINALIZER] } })
      expect(body.metadata.deletionTimestamp).toBeDefined()
      expect(body.metadata.uid).toBe(created.metadata.uid)
      expect((await r.delete('agents', '/alice')).body).toEqual(body)
      const again = await r.create('agents', agent('alice'))
      const message = 'object is being deleted: agents.calendar-operator.io "alice" already exists'
      expect(again).toMatchObject(refusal(409, 'AlreadyExists', message))
    })

    it('is removed with its last finalizer, which a watch sees', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice', {}, { finalizers: [FINALIZER, 'example.com/other'] }))
      const watch = await r.watch('agents', await r.now('agents'))
      await r.delete('agents', '/alice')
      const first = await r.patch('agents', '/alice', { metadata: { finalizers: [FINALIZER] } })
      expect(first.body.metadata.deletionTimestamp).toBeDefined()
      expect((await r.patch('agents', '/alice', { metadata: { finalizers: null } })).status).toBe(200)
      expect((await r.get('agents', '/alice')).status).toBe(404)
      expect(await seen(watch, 3)).toEqual(['MODIFIED alice', 'MODIFIED alice', 'DELETED alice'])
    })

    it('takes no new finalizer once it is marked, but changes of its status', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice', {}, { finalizers: [FINALIZER] }))
      await r.delete('agents', '/alice')
      const added = await r.patch('agents', '/alice', { metadata: { finalizers: [FINALIZER, 'example.com/other'] } })
      expect(added).toMatchObject(
        refusal(422, 'Invalid', /metadata.finalizers: Forbidden: no new finalizers can be added/),
      )
      expect((await r.patch('agents', '/alice/status', { status: { observedGeneration: 2 } })).status).toBe(200)
    })
  })

  describe('an object that is owned', () => {
    const gone = (r: TestNamespace, plural: Plural, name: string) =>
      vi.waitFor(async () => expect((await r.get(plural, `/${name}`)).status).toBe(404), SOON)

    it('is deleted after its owner, and objects without an owner stay', async () => {
      const r = await newNamespace()
      const owner = await r.made('agents', agent('alice'))
      await r.made('configmaps', configMap('calendar', {}, ownedBy(owner)))
      await r.made('secrets', secret('token', {}, ownedBy(owner)))
      await r.made('secrets', secret('grant'))
      expect((await r.delete('agents', '/alice')).status).toBe(200)
      await gone(r, 'configmaps', 'calendar')
      await gone(r, 'secrets', 'token')
      expect((await r.get('secrets', '/grant')).status).toBe(200)
    })

    it('stays while one of its owners exists', async () => {
      const r = await newNamespace()
      const [alice, google] = [
        await r.made('agents', agent('alice')),
        await r.made('calendarintegrations', integration('g')),
      ]
      const [controller] = ownedBy(alice).ownerReferences
      const [other] = ownedBy(google).ownerReferences
      const ownerReferences = [controller, { ...other, controller: false }]
      await r.made('configmaps', configMap('calendar', {}, { ownerReferences }))
      await r.made('configmaps', configMap('sign', {}, ownedBy(alice)))
      await r.delete('agents', '/alice')
      await gone(r, 'configmaps', 'sign')
      expect((await r.get('configmaps', '/calendar')).status).toBe(200)
    })

    it('is deleted if another object has the owner’s name', async () => {
      const r = await newNamespace()
      const owner = await r.made('agents', agent('alice'))
      const stranger = { ...owner, metadata: { ...owner.metadata, uid: '00000000-0000-0000-0000-000000000000' } }
      await r.made('configmaps', configMap('calendar', {}, ownedBy(stranger)))
      await gone(r, 'configmaps', 'calendar')
      expect((await r.get('agents', '/alice')).status).toBe(200)
    })

    it('has at most one controller', async () => {
      const r = await newNamespace()
      const [first] = ownedBy(await r.made('agents', agent('alice'))).ownerReferences
      const [second] = ownedBy(await r.made('agents', agent('bob'))).ownerReferences
      const answer = await r.create('configmaps', configMap('c', {}, { ownerReferences: [first, second] }))
      expect(answer).toMatchObject(refusal(422, 'Invalid', /Only one reference can have Controller set to true/))
    })
  })

  it('deleting a namespace deletes everything in it', async () => {
    const r = await newNamespace()
    await r.made('agents', agent('alice'))
    await r.made('secrets', secret('token'))
    expect((await r.client.request('DELETE', `/api/v1/namespaces/${r.namespace}`)).status).toBe(200)
    await vi.waitFor(async () => {
      expect((await r.client.request('GET', `/api/v1/namespaces/${r.namespace}`)).status).toBe(404)
    }, SOON)
    expect(await r.names('agents', '')).toEqual([])
    expect(await r.names('secrets', '')).toEqual([])
  })
}
