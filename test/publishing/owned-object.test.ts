import { beforeEach, describe, expect, test } from 'vitest'
import { removeFormerObjects } from '../../src/publishing/former-objects.ts'
import { readOwned, writeOwned } from '../../src/publishing/owned-object.ts'
import type { Target } from '../../src/publishing/ownership.ts'
import type { PublicationState } from '../../src/publishing/state.ts'
import type { AgentDeps } from '../../src/agent/port.ts'
import { digestsOf, publishedObject, type Data, type PublishedObject } from '../../src/publishing/published-object.ts'
import { isStepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import { ApiError, type ConfigMap } from '../../src/kubernetes/port.ts'
import { AGENT_ANNOTATION, MANAGED_BY } from '../../src/resources/names.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

const alice = anAgent({ publish: { staleAfter: '15m', whenStale: 'KeepLast', accessToken: { name: 'token' } } })
const bob = anAgent({ publish: { staleAfter: '15m', whenStale: 'KeepLast', accessToken: { name: 'token' } } }, 'bob')
const target: Target = { kind: 'Secret', name: 'token', role: 'access-token', keys: ['access_token', 'old_key'] }
const data = { access_token: 'new' }
const marks = marksOf(alice, 'access-token')
const [byAlice, byBob] = [withController([], alice), withController([], bob)]

let small: SmallCluster
let deps: AgentDeps

beforeEach(() => {
  small = new SmallCluster()
  small.agents = [alice]
  deps = { cluster: small.cluster, clock: new ManualClock() } as unknown as AgentDeps
})

async function publish(known?: PublishedObject): Promise<PublishedObject | StepFailure> {
  const standing = await readOwned(deps, alice, target, known)
  return isStepFailure(standing) ? standing : writeOwned(deps, alice, { ...target, data }, standing)
}

const holding = (data: Data): Partial<PublishedObject> => ({ digests: digestsOf(data) })

const refusalOf = async (): Promise<StepFailure | undefined> => {
  const result = await publish()
  return isStepFailure(result) ? result : undefined
}

describe('publishing', () => {
  test('creates the object with role, annotation and owner', async () => {
    await publish()
    expect(small.text('token')).toEqual(data)
    expect(small.get('Secret', 'token')?.metadata).toMatchObject({ ...marks, ownerReferences: byAlice })
  })

  test('writes nothing if nothing differs', async () => {
    small.secret('token', data, { ...marks, ownerReferences: byAlice })
    await publish()
    expect(small.writes).toEqual([])
  })

  test('restores missing labels, annotation and owner, and leaves what is not ours', async () => {
    const bystander = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p' }
    const labels = { ...marks.labels, 'app.kubernetes.io/component': 'mine', theirs: 'x' }
    small.secret('token', { ...data, theirs: 'x' }, { labels, ownerReferences: [bystander, ...byAlice] })
    await publish()
    const { metadata } = small.get('Secret', 'token')!
    expect(metadata.labels).toEqual({ ...marks.labels, theirs: 'x' })
    expect(metadata.annotations).toEqual(marks.annotations)
    expect(metadata.ownerReferences).toEqual([bystander, ...byAlice])
    expect(small.text('token')).toEqual({ ...data, theirs: 'x' })
  })

  test('adopts its own object again if only the owner reference is missing', async () => {
    small.secret('token', data, marks)
    await publish()
    expect(small.get('Secret', 'token')?.metadata.ownerReferences).toEqual(byAlice)
  })

  test('removes a key of ours that is no longer wanted', async () => {
    small.secret('token', { old_key: 'x' }, { ...marks, ownerReferences: byAlice })
    await publish()
    expect(small.text('token')).toEqual(data)
  })

  test('takes its keys back from binaryData, where they would keep every write from being accepted', async () => {
    const map: Target = { kind: 'ConfigMap', name: 'calendar', role: 'calendar', keys: ['busy.json', 'busy.ics'] }
    const owned = { ...marksOf(alice, 'calendar'), ownerReferences: byAlice }
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const moved = small.configMap('calendar', { theirs: 'x' }, owned)
    moved.binaryData = { 'busy.json': base64('{"é": 1}'), 'busy.ics': base64('old'), picture: 'AAAA' }
    const found = await readOwned(deps, alice, map, undefined)
    if (!found || isStepFailure(found)) throw new Error('it was not found')
    expect(found.digests).toEqual(digestsOf({ 'busy.json': '{"é": 1}', 'busy.ics': 'old' }))
    await writeOwned(deps, alice, { ...map, data: { 'busy.json': 'new' } }, found)
    const { data: texts, binaryData } = small.get('ConfigMap', 'calendar') as ConfigMap
    expect(texts).toEqual({ theirs: 'x', 'busy.json': 'new' })
    expect(binaryData).toEqual({ picture: 'AAAA' })
  })

  test('knows what a mutating webhook has made of the data while only the labels were restored', async () => {
    small.secret('token', data, { ...marks, labels: {}, ownerReferences: byAlice })
    small.admit = (object) => ({ ...object, data: { access_token: Buffer.from('theirs').toString('base64') } })
    expect(await readOwned(deps, alice, target, undefined)).toMatchObject(holding({ access_token: 'theirs' }))
  })

  test.each<[string, Parameters<SmallCluster['secret']>[2], string]>([
    ['another Agent’s', { ...marksOf(bob, 'access-token'), ownerReferences: byBob }, 'belongs to Agent bob'],
    ['another Agent’s, by its annotation', marksOf(bob, 'access-token'), 'belongs to Agent bob'],
    ['somebody else’s', {}, 'was made by somebody else'],
  ])('leaves an object alone that is %s', async (_, metadata, words) => {
    const before = small.secret('token', { access_token: 'theirs' }, metadata)
    const failed = await refusalOf()
    expect(failed).toMatchObject({ condition: 'Synced', reason: 'PublishConflict' })
    expect(failed?.message).toContain(words)
    expect(failed?.requeue).toEqual({ kind: 'blocked', at: deps.clock.monotonic() + 5 * 60_000 })
    expect(small.get('Secret', 'token')).toEqual(before)
  })

  test('waits until the object of a deleted Agent of the same name is removed', async () => {
    small.secret('token', data, { ...marks, ownerReferences: [{ ...byAlice[0]!, uid: 'earlier' }] })
    expect(await refusalOf()).toMatchObject({ reason: 'PublishFailed', requeue: { kind: 'wait' } })
  })

  test.each(['alice-google-grant', 'bob-google-grant', 'calendar-operator-keys'])(
    'never creates or adopts %s, whatever its controller',
    async (name) => {
      const reserved = { ...target, name }
      expect(await readOwned(deps, alice, reserved, undefined)).toMatchObject({ reason: 'PublishConflict' })
      const before = small.secret(name, { refresh_token: 'x' }, { labels: MANAGED_BY, ownerReferences: byAlice })
      const failed = await readOwned(deps, alice, reserved, undefined)
      expect(failed).toMatchObject({ reason: 'PublishConflict' })
      expect((failed as StepFailure).message).toContain('remove its owner reference to Agent alice')
      const known = publishedObject(
        { kind: 'Secret', name, resourceVersion: before.metadata.resourceVersion ?? '' },
        {},
      )
      expect(await readOwned(deps, alice, reserved, known)).toMatchObject({ reason: 'PublishConflict' })
      expect(small.writes).toEqual([])
    },
  )

  test('does not overwrite what somebody creates under the name meanwhile', async () => {
    small.meanwhile = [() => small.secret('token', { access_token: 'theirs' })]
    expect(await refusalOf()).toMatchObject({ reason: 'PublishConflict' })
    expect(small.text('token')).toEqual({ access_token: 'theirs' })
  })

  test('does not overwrite what somebody changes meanwhile', async () => {
    small.secret('token', { access_token: 'old' }, { ...marks, ownerReferences: byAlice })
    small.meanwhile = [() => small.secret('token', { access_token: 'theirs' })]
    await expect(publish()).rejects.toMatchObject({ failure: 'Conflict' })
    expect(small.text('token')).toEqual({ access_token: 'theirs' })
  })

  test('finds a ConfigMap without our label, which the watch does not show', async () => {
    const { keys } = target
    const calendar: Target = { kind: 'ConfigMap', name: 'calendar', role: 'calendar', keys }
    small.configMap('calendar', data, { ownerReferences: byAlice })
    const written = await writeOwned(deps, alice, { ...calendar, data }, undefined)
    expect(isStepFailure(written)).toBe(false)
    expect(small.get('ConfigMap', 'calendar')?.metadata).toMatchObject(marksOf(alice, 'calendar'))
  })

  test('fails with the reason why the object can’t be created', async () => {
    small.refuse = () => new ApiError('Forbidden', 'forbidden')
    await expect(publish()).rejects.toMatchObject({ failure: 'Forbidden' })
  })

  test('is tried again if an object under the name appears and vanishes while it is written', async () => {
    small.refuse = () => new ApiError('AlreadyExists', 'AlreadyExists')
    expect(await publish()).toMatchObject({ reason: 'PublishFailed', requeue: { kind: 'retry' } })
  })

  test('looks for a ConfigMap that has lost our label, and does not ask for a Secret that the watch shows as gone', async () => {
    const known = (kind: 'ConfigMap' | 'Secret'): PublishedObject =>
      publishedObject({ kind, name: 'token', resourceVersion: '1' }, data)
    const map: Target = { ...target, kind: 'ConfigMap', role: 'calendar' }
    small.configMap('token', { access_token: 'edited' }, { ownerReferences: byAlice })
    const found = await readOwned(deps, alice, map, known('ConfigMap'))
    expect(found).toMatchObject(holding({ access_token: 'edited' }))
    small.refuseRead = () => new ApiError('Forbidden', 'nobody asks')
    expect(await readOwned(deps, alice, target, known('Secret'))).toBeUndefined()
    expect(await readOwned(deps, alice, { ...map, name: 'another' }, undefined)).toBeUndefined()
  })
})

describe('an object of 0.1.0', () => {
  test('gets our labels at first sight, and keeps its data', async () => {
    small.secret('token', { access_token: 'old' }, { labels: MANAGED_BY, ownerReferences: byAlice })
    const standing = await readOwned(deps, alice, target, undefined)
    expect(standing).toMatchObject(holding({ access_token: 'old' }))
    expect(small.get('Secret', 'token')?.metadata).toMatchObject({ ...marks, ownerReferences: byAlice })
  })

  test('without a controller is adopted if only this Agent names it', async () => {
    small.secret('token', data, { labels: MANAGED_BY })
    await publish()
    expect(small.get('Secret', 'token')?.metadata.ownerReferences).toEqual(byAlice)
  })

  test('without a controller is left alone if another Agent names it, too', async () => {
    small.agents = [alice, bob]
    small.secret('token', data, { labels: MANAGED_BY })
    expect(await refusalOf()).toMatchObject({ reason: 'PublishConflict' })
    expect(small.writes).toEqual([])
  })
})

describe('an object that was published under a former name', () => {
  let state: PublicationState

  beforeEach(() => {
    small.secret('old-token', data, { ...marks, ownerReferences: byAlice })
    small.configMap('old-calendar', data, { labels: MANAGED_BY, ownerReferences: byAlice })
    state = { accessToken: publishedObject({ kind: 'Secret', name: 'token', resourceVersion: '1' }, data) }
  })

  test('is removed, and what the spec names stays', async () => {
    small.secret('token', data, { ...marks, ownerReferences: byAlice })
    await removeFormerObjects(deps, alice, state)
    expect(small.text('token')).toEqual(data)
    expect(small.get('Secret', 'old-token')).toBeUndefined()
  })

  test('is removed once everything is published under the new name', async () => {
    await removeFormerObjects(deps, alice, state)
    expect(small.writes).toEqual(['delete Secret old-token', 'delete ConfigMap old-calendar'])
  })

  test.each([undefined, publishedObject({ kind: 'Secret', name: 'old-token', resourceVersion: '1' }, data)])(
    'is kept until then',
    async (standing) => {
      await removeFormerObjects(deps, alice, { accessToken: standing })
      expect(small.writes).toEqual([])
    },
  )

  test('is kept until an object of the new kind is published, although its name is the same', async () => {
    const { publish: wanted } = alice.spec
    const calendar = { ...anAgent().spec.publish.calendar!, kind: 'Secret', name: 'old-calendar' } as const
    const renamed = { ...alice, spec: { ...alice.spec, publish: { ...wanted, calendar } } }
    const published = (kind: 'ConfigMap' | 'Secret'): PublicationState => ({
      ...state,
      calendar: publishedObject({ kind, name: 'old-calendar', resourceVersion: '1' }, data),
    })
    await removeFormerObjects(deps, renamed, published('ConfigMap'))
    expect(small.writes).toEqual([])
    await removeFormerObjects(deps, renamed, published('Secret'))
    expect(small.writes).toEqual(['delete Secret old-token', 'delete ConfigMap old-calendar'])
  })

  test('is all that is removed: no grant, no key, nothing of another Agent or of somebody else', async () => {
    small.secret('bob-google-grant', {}, { labels: MANAGED_BY, ownerReferences: byAlice })
    small.secret('calendar-operator-keys', {}, { labels: MANAGED_BY, ownerReferences: byAlice })
    small.secret('kept', {}, { ...marksOf(alice, 'grant'), ownerReferences: byAlice })
    small.secret('bobs', {}, { ...marksOf(bob, 'access-token'), ownerReferences: byBob })
    small.secret('theirs', {}, { annotations: { [AGENT_ANNOTATION]: 'alice' }, ownerReferences: byAlice })
    await removeFormerObjects(deps, alice, state)
    expect(small.writes).toEqual(['delete Secret old-token', 'delete ConfigMap old-calendar'])
  })

  test('that cannot be deleted is reported', async () => {
    small.refuse = () => new ApiError('Forbidden', 'forbidden')
    await expect(removeFormerObjects(deps, alice, state)).rejects.toThrow('forbidden')
  })
})
