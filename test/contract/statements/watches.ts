import { describe, expect, it } from 'vitest'
import { agent, METADATA, secret, seen, take } from '../backend.ts'
import type { Backend, TestNamespace } from '../backend.ts'

export function watching(newNamespace: () => Promise<TestNamespace>, backend: () => Backend): void {
  describe('watching', () => {
    it('shows every change since the version of a list, in order, and nothing older', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('before'))
      const from = await r.now('agents')
      await r.made('agents', agent('alice'))
      const watch = await r.watch('agents', from)
      await r.patch('agents', '/alice', { spec: { suspend: true } })
      await r.patch('agents', '/alice/status', { status: { observedGeneration: 2 } })
      const deleted = await r.get('agents', '/alice')
      await r.delete('agents', '/alice')
      const events = await take(watch, 4)
      expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED'])
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion))
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
      // The event of a deletion has the last state of the object, with the version of the deletion.
      expect(events[3]?.object).toMatchObject({ kind: 'Agent', spec: deleted.body.spec, status: deleted.body.status })
      expect(versions[3]).toBeGreaterThan(Number(deleted.body.metadata.resourceVersion))
    })

    it('without a version first shows what exists', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const watch = await r.client.watch(r.url('agents', '?watch=1&timeoutSeconds=60'))
      await r.made('agents', agent('bob'))
      expect(await seen(watch, 2)).toEqual(['ADDED alice', 'ADDED bob'])
    })

    it('shows no write that changed nothing', async () => {
      const r = await newNamespace()
      await r.made('secrets', secret('token', { data: { a: 'YQ==' } }))
      const watch = await r.watch('secrets', await r.now('secrets'))
      await r.patch('secrets', '/token', { data: { a: 'YQ==' } })
      await r.made('secrets', secret('next'))
      expect(await seen(watch, 1)).toEqual(['ADDED next'])
    })

    it('of one namespace shows nothing of another', async () => {
      const [r, other] = [await newNamespace(), await newNamespace()]
      const watch = await r.watch('agents', await r.now('agents'))
      await other.made('agents', agent('elsewhere'))
      await r.made('agents', agent('here'))
      expect(await seen(watch, 1)).toEqual(['ADDED here'])
    })

    it('by a selector shows objects that start to match as added, and those that stop as deleted', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice', {}, { labels: { team: 'a' } }))
      const watch = await r.watch('agents', await r.now('agents'), '&labelSelector=team%3Da')
      await r.made('agents', agent('bob', {}, { labels: { team: 'b' } }))
      await r.patch('agents', '/alice', { spec: { suspend: true } })
      await r.patch('agents', '/alice', { metadata: { labels: { team: 'b' } } })
      await r.patch('agents', '/bob', { metadata: { labels: { team: 'a' } } })
      expect(await seen(watch, 3)).toEqual(['MODIFIED alice', 'DELETED alice', 'ADDED bob'])
    })

    it('of one name shows only that object', async () => {
      const r = await newNamespace()
      const watch = await r.watch('agents', await r.now('agents'), '&fieldSelector=metadata.name%3Dbob')
      await r.made('agents', agent('alice'))
      await r.made('agents', agent('bob'))
      expect(await seen(watch, 1)).toEqual(['ADDED bob'])
    })

    it('shows metadata only on request', async () => {
      const r = await newNamespace()
      const watch = await r.watch('secrets', await r.now('secrets'), '', METADATA)
      await r.made('secrets', secret('token', { data: { a: 'YQ==' } }))
      const [event] = await take(watch, 1)
      expect(event?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'token' } })
      expect(event?.object.data).toBeUndefined()
    })

    it('from a version that is too old gets an event that says so, after status 200', async () => {
      const r = await newNamespace()
      const watch = await r.watch('agents', await backend().tooOld())
      expect(watch.status).toBe(200)
      const [event, ...more] = await take(watch, 2)
      expect(event).toMatchObject({
        type: 'ERROR',
        object: { kind: 'Status', code: 410, reason: 'Expired', message: expect.stringContaining('too old') as string },
      })
      expect(more).toEqual([])
    })

    it('ends in an orderly way when its time is up, after a bookmark if bookmarks were requested', async () => {
      const r = await newNamespace()
      const ends = `?watch=1&resourceVersion=${await r.now('agents')}&timeoutSeconds=10&allowWatchBookmarks=true`
      const watch = await r.client.watch(r.url('agents', ends))
      await r.made('agents', agent('alice'))
      const [added, ...bookmarks] = await take(watch, 10)
      expect(added?.type).toBe('ADDED')
      // At least one; a real API server sometimes sends a second.
      expect([...new Set(bookmarks.map(({ type }) => type))]).toEqual(['BOOKMARK'])
      // A bookmark has a resourceVersion and nothing else.
      const { object } = bookmarks.at(-1)!
      const { resourceVersion } = object.metadata
      expect(object).toMatchObject({ kind: 'Agent', apiVersion: 'calendar-operator.io/v1alpha1' })
      expect(Number(resourceVersion)).toBeGreaterThanOrEqual(Number(added?.object.metadata.resourceVersion))
      expect(object.metadata.name).toBeFalsy()
      // A watch can continue from it.
      const next = await r.watch('agents', resourceVersion)
      await r.made('agents', agent('bob'))
      expect(await seen(next, 1)).toEqual(['ADDED bob'])
    })

    it('streams a whole list first on request, and marks its end', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const list = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
      const watch = await r.client.watch(r.url('agents', `?watch=1&timeoutSeconds=60&resourceVersion=&${list}`))
      const [first, end] = await take(watch, 2)
      expect(first).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'alice' } } })
      expect(end).toMatchObject({
        type: 'BOOKMARK',
        object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
      })
      expect(Number(end?.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(
        Number(first?.object.metadata.resourceVersion),
      )
    })
  })
}
