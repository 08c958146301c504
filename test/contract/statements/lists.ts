import { beforeAll, describe, expect, it } from 'vitest'
import { agent, integration, METADATA, METADATA_LIST, refusal, secret, TABLE } from '../backend.ts'
import type { TestNamespace } from '../backend.ts'

export function listing(newNamespace: () => Promise<TestNamespace>): void {
  describe('listing', () => {
    let r: TestNamespace
    beforeAll(async () => {
      r = await newNamespace()
      for (const number of [0, 1, 2, 3, 4]) {
        const labels = number % 2 === 1 ? { n: `${number}`, odd: '' } : { n: `${number}` }
        await r.made('calendarintegrations', integration(`i${number}`, { labels }))
      }
    })

    it('returns objects by name with the version of the list', async () => {
      const { body } = await r.get('calendarintegrations')
      expect(body).toMatchObject({ kind: 'CalendarIntegrationList', apiVersion: 'calendar-operator.io/v1alpha1' })
      expect(body.items?.map((item) => item.metadata.name)).toEqual(['i0', 'i1', 'i2', 'i3', 'i4'])
      expect(body.items?.[0]).toMatchObject({ kind: 'CalendarIntegration', metadata: { namespace: r.namespace } })
      const versions = body.items?.map((item) => Number(item.metadata.resourceVersion)) ?? []
      expect(Number(body.metadata.resourceVersion)).toBeGreaterThanOrEqual(Math.max(...versions))
    })

    it('of all namespaces contains objects of every namespace', async () => {
      const other = await newNamespace()
      await other.made('calendarintegrations', integration('elsewhere'))
      const everywhere = '/apis/calendar-operator.io/v1alpha1/calendarintegrations'
      const { body } = await r.client.request('GET', everywhere)
      const found = body.items?.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`)
      expect(found).toEqual(expect.arrayContaining([`${r.namespace}/i0`, `${other.namespace}/elsewhere`]))
    })

    it('returns an empty list if there is nothing, also for a namespace that does not exist', async () => {
      expect((await r.get('agents')).body.items).toEqual([])
      const nowhere = await r.client.request('GET', r.url('agents').replace(r.namespace, 'nowhere'))
      expect([nowhere.status, nowhere.body.items]).toEqual([200, []])
    })

    it.each([
      ['n=1', ['i1']],
      ['n==1', ['i1']],
      ['n!=1', ['i0', 'i2', 'i3', 'i4']],
      ['n in (1, 2)', ['i1', 'i2']],
      ['n notin (1,2)', ['i0', 'i3', 'i4']],
      ['odd', ['i1', 'i3']],
      ['!odd', ['i0', 'i2', 'i4']],
      ['odd,n!=3', ['i1']],
      ['nothing', []],
      ['nothing!=1', ['i0', 'i1', 'i2', 'i3', 'i4']],
    ])('selects by the labels %s', async (selector, names) => {
      expect(await r.names('calendarintegrations', `?labelSelector=${encodeURIComponent(selector)}`)).toEqual(names)
    })

    it.each([
      ['metadata.name=i1', ['i1']],
      ['metadata.name!=i1', ['i0', 'i2', 'i3', 'i4']],
      ['spec.google.clientSecretRef.name=client', ['i0', 'i1', 'i2', 'i3', 'i4']],
      ['spec.google.clientSecretRef.name=other', []],
    ])('selects by the fields %s', async (selector, names) => {
      expect(await r.names('calendarintegrations', `?fieldSelector=${encodeURIComponent(selector)}`)).toEqual(names)
    })

    it('refuses an invalid selector, or a field that is not selectable', async () => {
      const labels = await r.get('calendarintegrations', '?labelSelector=n%20in%20(1')
      expect(labels).toMatchObject(refusal(400, 'BadRequest', /^unable to parse requirement/))
      const fields = await r.get('calendarintegrations', '?fieldSelector=spec.suspend%3Dtrue')
      expect(fields).toMatchObject(refusal(400, 'BadRequest', 'field label not supported: spec.suspend'))
    })

    it('by pages shows the state of the first page to the end', async () => {
      const pages = await newNamespace()
      for (const name of ['a', 'b', 'c', 'd']) await pages.made('calendarintegrations', integration(name))
      const first = await pages.get('calendarintegrations', '?limit=2')
      expect(first.body.items).toHaveLength(2)
      expect(first.body.metadata).toMatchObject({ remainingItemCount: 2 })
      await pages.delete('calendarintegrations', '/d')
      await pages.made('calendarintegrations', integration('e'))
      const token = encodeURIComponent(first.body.metadata.continue ?? '')
      const second = await pages.get('calendarintegrations', `?limit=2&continue=${token}`)
      expect(second.body.items?.map((item) => item.metadata.name)).toEqual(['c', 'd'])
      expect(second.body.metadata.continue ?? '').toBe('')
      expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion)
    })

    it('refuses an invalid continue token', async () => {
      const answer = await r.get('calendarintegrations', '?limit=2&continue=abc')
      expect(answer).toMatchObject(refusal(400, 'BadRequest', /continue key is not valid/))
    })
  })

  describe('metadata only', () => {
    it('is returned for an object and for a list, without data', async () => {
      const r = await newNamespace()
      await r.made('secrets', secret('token', { data: { a: 'YQ==' } }, { labels: { team: 'a' } }))
      const { body: one } = await r.get('secrets', '/token', METADATA)
      expect(one).toMatchObject({
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { name: 'token', labels: { team: 'a' } },
      })
      const { body } = await r.get('secrets', '', METADATA_LIST)
      expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' })
      expect(body.items).toHaveLength(1)
      for (const item of [one, ...(body.items ?? [])]) {
        expect(Object.keys(item).sort()).toEqual(['apiVersion', 'kind', 'metadata'])
      }
    })
  })

  describe('a table', () => {
    const AGE = expect.stringMatching(/^\d+s$/) as string

    it('has the columns of the definition, those of -o wide with a priority', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const { body } = await r.get('agents', '', TABLE)
      expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' })
      const columns = body.columnDefinitions?.map(({ name, priority }) => `${name}${priority > 0 ? '*' : ''}`)
      expect(columns?.slice(0, 7)).toEqual(['Name', 'Ready', 'Reason', 'Account', 'Last Sync', 'Sign In By', 'Age'])
      expect(columns?.slice(7)).toEqual(['Integration*', 'Busy*', 'Watching*', 'Message*'])
    })

    it('has null if there is nothing to show yet', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const { body } = await r.get('agents', '', TABLE)
      const cells = ['alice', null, null, 'alice@example.com', null, null, AGE, 'google', null, null, null]
      expect(body.rows?.map((row) => row.cells)).toEqual([cells])
    })

    it('shows conditions, numbers and texts, and times as ages', async () => {
      const r = await newNamespace()
      const created = Date.parse((await r.made('agents', agent('alice'))).metadata.creationTimestamp)
      const ago = (minutes: number) => new Date(created - minutes * 60_000).toISOString().replace('.000', '')
      const ready = { type: 'Ready', status: 'False', reason: 'AwaitingSignIn', message: 'Open the link' }
      const status = {
        conditions: [ready, { ...ready, type: 'Watching', status: 'True' }].map((condition) => ({
          ...condition,
          lastTransitionTime: '2026-01-01T00:00:00Z',
        })),
        sync: { lastSyncTime: ago(181), busyIntervals: 3 },
        authorization: { expiresAt: '2099-01-01T00:00:00Z' },
      }
      expect((await r.patch('agents', '/alice/status', { status })).status).toBe(200)
      const { body } = await r.get('agents', '/alice', TABLE)
      const shown = ['alice', 'False', 'AwaitingSignIn', 'alice@example.com', '3h1m', '2099-01-01T00:00:00Z', AGE]
      expect(body.rows?.map((row) => row.cells)).toEqual([[...shown, 'google', 3, 'True', 'Open the link']])
    })

    it('has the metadata of each object with its row, including its namespace', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const { body } = await r.get('agents', '', TABLE)
      const { name, namespace } = body.rows?.[0]?.object?.metadata ?? {}
      expect([body.rows?.[0]?.object?.kind, namespace, name]).toEqual(['PartialObjectMetadata', r.namespace, 'alice'])
    })

    it('of Secrets has the number of values, and no value', async () => {
      const r = await newNamespace()
      await r.made('secrets', secret('token', { data: { a: 'YQ==', b: 'Yg==' } }))
      const { body, text } = await r.get('secrets', '', TABLE)
      expect(body.rows?.map((row) => row.cells)).toEqual([['token', 'Opaque', 2, AGE]])
      expect(text).not.toContain('YQ==')
    })
  })
}
