import { describe, expect, it } from 'vitest'
import { agent, configMap, refusal, secret } from '../backend.ts'
import type { TestNamespace } from '../backend.ts'

const CONFLICT = 'the object has been modified; please apply your changes to the latest version and try again'
const STALE = refusal(
  409,
  'Conflict',
  `Operation cannot be fulfilled on agents.calendar-operator.io "alice": ${CONFLICT}`,
)
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string

const DEFAULTS = {
  busy: { tentative: 'Busy', allDay: 'Busy' },
  calendars: { read: ['primary'] },
  publish: { staleAfter: '15m', whenStale: 'KeepLast' },
  deletionPolicy: 'Retain',
  suspend: false,
}

export function creating(newNamespace: () => Promise<TestNamespace>): void {
  describe('creating', () => {
    it('returns the object with a uid, a version, a time, generation 1, and every default', async () => {
      const r = await newNamespace()
      const { status, body } = await r.create('agents', agent('alice', {}, { labels: { team: 'a' } }))
      expect(status).toBe(201)
      expect(body).toMatchObject({
        apiVersion: 'calendar-operator.io/v1alpha1',
        kind: 'Agent',
        metadata: {
          name: 'alice',
          namespace: r.namespace,
          generation: 1,
          labels: { team: 'a' },
          creationTimestamp: TIME,
        },
        spec: { ...DEFAULTS, account: 'alice@example.com', integrationRef: { name: 'google' } },
      })
      expect(body.metadata.uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0)
    })

    it('drops a status that was sent, and sets the default one', async () => {
      const r = await newNamespace()
      const created = await r.made('agents', { ...agent('alice'), status: { observedGeneration: 5 } })
      expect(created.status).toEqual({ observedGeneration: -1 })
      expect((await r.get('agents', '/alice')).body.status).toEqual({ observedGeneration: -1 })
    })

    it('ignores fields that only the server sets', async () => {
      const r = await newNamespace()
      const long = '2020-01-01T00:00:00Z'
      const uid = '00000000-0000-0000-0000-000000000000'
      const own = { uid, generation: 7, creationTimestamp: long, deletionTimestamp: long }
      const { metadata } = await r.made('agents', agent('alice', {}, own))
      expect(metadata).toMatchObject({ generation: 1, creationTimestamp: TIME })
      expect([metadata.uid, metadata.creationTimestamp, metadata.deletionTimestamp]).toEqual([
        expect.not.stringContaining(uid),
        expect.not.stringContaining(long),
        undefined,
      ])
    })

    it('gives each object with the same name another uid, and a greater version', async () => {
      const r = await newNamespace()
      const first = await r.made('agents', agent('alice'))
      await r.delete('agents', '/alice')
      const second = await r.made('agents', agent('alice'))
      expect(second.metadata.uid).not.toBe(first.metadata.uid)
      expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion))
    })

    it('is refused if the name is taken', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const answer = await r.create('agents', agent('alice', { account: 'other@example.com' }))
      expect(answer).toMatchObject(refusal(409, 'AlreadyExists', 'agents.calendar-operator.io "alice" already exists'))
      expect(answer.body.details).toMatchObject({ name: 'alice', group: 'calendar-operator.io', kind: 'agents' })
    })

    it('makes a name from generateName', async () => {
      const r = await newNamespace()
      const created = await r.made('agents', { ...agent(''), metadata: { generateName: 'alice-' } })
      expect(created.metadata.name).toMatch(/^alice-[a-z0-9]{5}$/)
    })

    it('is refused in a namespace that does not exist', async () => {
      const r = await newNamespace()
      const answer = await r.client.request('POST', r.url('agents').replace(r.namespace, 'nowhere'), agent('alice'))
      expect(answer).toMatchObject(refusal(404, 'NotFound', 'namespaces "nowhere" not found'))
    })

    it('is refused if the object names another namespace', async () => {
      const r = await newNamespace()
      const answer = await r.create('agents', agent('alice', {}, { namespace: 'other' }))
      const message = 'the namespace of the provided object does not match the namespace sent on the request'
      expect(answer).toMatchObject(refusal(400, 'BadRequest', message))
    })

    it('is refused with an invalid name', async () => {
      const r = await newNamespace()
      const answer = await r.create('agents', agent('Alice_B'))
      expect(answer).toMatchObject(
        refusal(422, 'Invalid', /metadata.name: Invalid value: "Alice_B": a lowercase RFC 1123/),
      )
    })

    it('is refused with an invalid label, or an owner without a uid', async () => {
      const r = await newNamespace()
      const label = await r.create('secrets', secret('token', {}, { labels: { team: 'a b' } }))
      expect(label).toMatchObject(
        refusal(422, 'Invalid', /metadata.labels: Invalid value: "a b": a valid label must be/),
      )
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Secret', name: 'other' }]
      const owner = await r.create('secrets', secret('token', {}, { ownerReferences }))
      expect(owner).toMatchObject(
        refusal(422, 'Invalid', /metadata.ownerReferences.uid: Invalid value: "": must not be empty/),
      )
    })

    it('is refused if the request is larger than three megabytes', async () => {
      const r = await newNamespace()
      const data = { a: Buffer.alloc(3_000_000).toString('base64') }
      const answer = await r.create('secrets', secret('token', { data }))
      expect(answer).toMatchObject(
        refusal(413, 'RequestEntityTooLarge', /^Request entity too large: limit is 3145728$/),
      )
    })

    it('is checked and not done with dryRun', async () => {
      const r = await newNamespace()
      expect((await r.create('agents', agent('alice'), '?dryRun=All')).status).toBe(201)
      expect((await r.create('agents', agent('alice', { account: 3 }), '?dryRun=All')).status).toBe(422)
      expect((await r.get('agents', '/alice')).status).toBe(404)
    })
  })

  describe('a field that the schema does not have', () => {
    const astray = agent('alice', { busy: { tentativ: 'Free' }, foo: 1 })

    it('is dropped with a warning', async () => {
      const r = await newNamespace()
      const { status, headers, body } = await r.create('agents', astray)
      expect(status).toBe(201)
      expect(String(headers.warning)).toContain('unknown field \\"spec.busy.tentativ\\"')
      expect(body.spec).toEqual({ ...DEFAULTS, account: 'alice@example.com', integrationRef: { name: 'google' } })
    })

    it('is refused if the client asks for that, as kubectl does', async () => {
      const r = await newNamespace()
      const answer = await r.create('agents', astray, '?fieldValidation=Strict')
      const unknown = 'unknown field "spec.busy.tentativ", unknown field "spec.foo"'
      expect(answer).toMatchObject(refusal(400, 'BadRequest', new RegExp(`strict decoding error: ${unknown}$`)))
    })
  })

  describe('an object that breaks its schema', () => {
    it('is refused with every violation, each with its field and its reason', async () => {
      const r = await newNamespace()
      const answer = await r.create('agents', agent('bad', { account: 'alice', busy: { tentative: 'Perhaps' } }))
      expect(answer).toMatchObject(refusal(422, 'Invalid', /^Agent.calendar-operator.io "bad" is invalid: \[/))
      expect(answer.body.details).toMatchObject({ name: 'bad', group: 'calendar-operator.io', kind: 'Agent' })
      expect(answer.body.details?.causes).toContainEqual({
        field: 'spec.busy.tentative',
        reason: 'FieldValueNotSupported',
        message: 'Unsupported value: "Perhaps": supported values: "Busy", "Free"',
      })
    })

    it('is refused by a rule with the rule’s own message', async () => {
      const r = await newNamespace()
      const answer = await r.create('agents', agent('bad', { publish: { calendar: { name: 'c', detail: 'Full' } } }))
      const message =
        /^Agent.calendar-operator.io "bad" is invalid: spec.publish.calendar.detail: Forbidden: detail Full is/
      expect(answer).toMatchObject(refusal(422, 'Invalid', message))
    })

    it('is refused on an update too, and the object stays as it was', async () => {
      const r = await newNamespace()
      const before = await r.made('agents', agent('alice'))
      const answer = await r.patch('agents', '/alice', { spec: { account: null } })
      expect(answer).toMatchObject(refusal(422, 'Invalid', /spec.account: Required value/))
      expect((await r.get('agents', '/alice')).body).toEqual(before)
    })
  })
}

export function changing(newNamespace: () => Promise<TestNamespace>): void {
  describe('changing', () => {
    it('is refused for a version that is no longer the latest, by PUT and by merge patch', async () => {
      const r = await newNamespace()
      const old = await r.made('agents', agent('alice'))
      await r.patch('agents', '/alice', { metadata: { labels: { team: 'a' } } })
      expect(await r.put('agents', '/alice', old)).toMatchObject(STALE)
      const { resourceVersion } = old.metadata
      expect(
        await r.patch('agents', '/alice', { metadata: { resourceVersion }, spec: { suspend: true } }),
      ).toMatchObject(STALE)
      expect(await r.patch('agents', '/alice/status', { metadata: { resourceVersion }, status: {} })).toMatchObject(
        STALE,
      )
    })

    it('is refused for an object that was deleted and created again since', async () => {
      const r = await newNamespace()
      const old = await r.made('agents', agent('alice'))
      await r.delete('agents', '/alice')
      const { resourceVersion } = (await r.made('agents', agent('alice'))).metadata
      expect(await r.put('agents', '/alice', old)).toMatchObject(refusal(409, 'Conflict', /"alice"/))
      const renewed = { ...old, metadata: { ...old.metadata, resourceVersion } }
      expect(await r.put('agents', '/alice', renewed)).toMatchObject(refusal(409, 'Conflict', /"alice"/))
    })

    it('by PUT without a version is refused for our kinds, and accepted for Secrets', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      await r.made('secrets', secret('token', { data: { a: 'YQ==' } }))
      const refused = await r.put('agents', '/alice', agent('alice'))
      expect(refused).toMatchObject(
        refusal(422, 'Invalid', /metadata.resourceVersion: Invalid value: .*must be specified/),
      )
      const { status, body } = await r.put('secrets', '/token', secret('token', { data: { b: 'Yg==' } }))
      expect([status, body.data]).toEqual([200, { b: 'Yg==' }])
    })

    it('by merge patch merges objects, replaces lists, and removes what is null', async () => {
      const r = await newNamespace()
      const spec = { displayName: 'Alice', calendars: { read: ['a', 'b'] }, busy: { allDay: 'Free' } }
      await r.made('agents', agent('alice', spec, { labels: { a: '1', b: '2' } }))
      const patch = {
        metadata: { labels: { a: null, c: '3' } },
        spec: { displayName: null, calendars: { read: ['c'] }, busy: { tentative: 'Free' } },
      }
      const { body } = await r.patch('agents', '/alice', patch)
      expect(body.metadata.labels).toEqual({ b: '2', c: '3' })
      expect(body.spec).toMatchObject({ calendars: { read: ['c'] }, busy: { allDay: 'Free', tentative: 'Free' } })
      expect(body.spec).not.toHaveProperty('displayName')
    })

    it('sets the default again if a patch removes a value', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice', { calendars: { read: ['a'] } }))
      const { body } = await r.patch('agents', '/alice', { spec: { calendars: null } })
      expect(body.spec).toMatchObject({ calendars: { read: ['primary'] } })
    })

    it('increases the generation for the spec, and not for labels', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const labelled = await r.patch('agents', '/alice', { metadata: { labels: { team: 'a' } } })
      expect(labelled.body.metadata.generation).toBe(1)
      const suspended = await r.patch('agents', '/alice', { spec: { suspend: true } })
      expect(suspended.body.metadata.generation).toBe(2)
    })

    it('that changes nothing keeps the version', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const first = await r.patch('agents', '/alice', { spec: { suspend: true } })
      const second = await r.patch('agents', '/alice', { spec: { suspend: true } })
      expect(second.body).toEqual(first.body)
      expect((await r.put('agents', '/alice', first.body)).body).toEqual(first.body)
      const map = await r.made('configmaps', configMap('c', { data: { a: 'b' } }))
      expect((await r.patch('configmaps', '/c', { data: { a: 'b' } })).body).toEqual(map)
    })

    it('of an object that does not exist is refused', async () => {
      const r = await newNamespace()
      const missing = refusal(404, 'NotFound', 'agents.calendar-operator.io "nobody" not found')
      expect(await r.get('agents', '/nobody')).toMatchObject(missing)
      expect(await r.patch('agents', '/nobody', { spec: {} })).toMatchObject(missing)
      expect(await r.put('agents', '/nobody', agent('nobody', {}, { resourceVersion: '1' }))).toMatchObject(missing)
      expect(await r.get('secrets', '/none')).toMatchObject(refusal(404, 'NotFound', 'secrets "none" not found'))
    })

    it('of a uid is refused', async () => {
      const r = await newNamespace()
      await r.made('secrets', secret('token'))
      const answer = await r.patch('secrets', '/token', { metadata: { uid: '00000000-0000-0000-0000-000000000000' } })
      expect(answer).toMatchObject(refusal(422, 'Invalid', /metadata.uid: Invalid value: .*: field is immutable/))
    })

    it('with an unsupported media type is refused', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const answer = await r.patch('agents', '/alice', {}, 'application/strategic-merge-patch+json')
      expect(answer).toMatchObject(
        refusal(415, 'UnsupportedMediaType', /accepted media types include: .*merge-patch\+json/),
      )
    })
  })

  describe('the status', () => {
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: 'm',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }

    it('is changed only by its subresource', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const main = await r.patch('agents', '/alice', { spec: { suspend: true }, status: { observedGeneration: 9 } })
      expect(main.body.status).toEqual({ observedGeneration: -1 })
      const { status, body } = await r.patch('agents', '/alice/status', {
        metadata: { labels: { team: 'a' } },
        spec: { suspend: false },
        status: { observedGeneration: 2, conditions: [ready] },
      })
      expect(status).toBe(200)
      expect(body).toMatchObject({ spec: { suspend: true }, status: { observedGeneration: 2, conditions: [ready] } })
      expect(body.metadata.labels).toBeUndefined()
    })

    it('is replaced as a whole by PUT, and nothing else is', async () => {
      const r = await newNamespace()
      const { spec, ...rest } = await r.made('agents', agent('alice'))
      await r.patch('agents', '/alice/status', { status: { conditions: [ready] } })
      const { metadata } = (await r.get('agents', '/alice')).body
      const sent = { ...rest, metadata: { ...metadata, labels: { team: 'a' } }, spec: { ...spec, suspend: true } }
      const { status, body } = await r.put('agents', '/alice/status', { ...sent, status: { observedGeneration: 1 } })
      expect([status, body.status, body.spec]).toEqual([200, { observedGeneration: 1 }, spec])
      expect(body.metadata.labels).toBeUndefined()
    })

    it('is patched whatever uid the patch names: only a version is checked', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      const patch = { metadata: { uid: '00000000-0000-0000-0000-000000000000' }, status: { observedGeneration: 1 } }
      const { status, body } = await r.patch('agents', '/alice/status', patch)
      expect([status, body.status]).toEqual([200, { observedGeneration: 1 }])
    })

    it('has a new version and the same generation, and the same version when nothing changed', async () => {
      const r = await newNamespace()
      const created = await r.made('agents', agent('alice'))
      const first = await r.patch('agents', '/alice/status', { status: { observedGeneration: 1 } })
      expect(first.body.metadata.generation).toBe(1)
      expect(first.body.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion)
      const second = await r.patch('agents', '/alice/status', { status: { observedGeneration: 1 } })
      expect(second.body).toEqual(first.body)
    })

    it('has its list of conditions replaced as a whole by a merge patch, and none of a type twice', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      await r.patch('agents', '/alice/status', { status: { conditions: [ready] } })
      const synced = { ...ready, type: 'Synced' }
      const { body } = await r.patch('agents', '/alice/status', { status: { conditions: [synced] } })
      expect(body.status).toMatchObject({ conditions: [synced] })
      const twice = await r.patch('agents', '/alice/status', { status: { conditions: [synced, synced] } })
      expect(twice).toMatchObject(refusal(422, 'Invalid', /status.conditions\[1\]: Duplicate value: /))
    })

    it('has its default again once it is removed', async () => {
      const r = await newNamespace()
      await r.made('agents', agent('alice'))
      await r.patch('agents', '/alice/status', { status: { observedGeneration: 1 } })
      const { body } = await r.patch('agents', '/alice/status', { status: null })
      expect(body.status).toEqual({ observedGeneration: -1 })
    })
  })
}
