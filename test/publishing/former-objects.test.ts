/** Objects under former names, while the person is asked to consent to more: their readers still get what was agreed to. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { PublishDeps } from '../../src/publishing/port.ts'
import { updateFormerObjects } from '../../src/publishing/former-objects.ts'
import { publishedObject } from '../../src/publishing/published-object.ts'
import type { PublicationState } from '../../src/publishing/state.ts'
import { ApiError, type KubernetesObject, type ObjectMeta } from '../../src/kubernetes/port.ts'
import { MANAGED_BY } from '../../src/resources/names.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import { zones } from '../calendar/support.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

const alice = anAgent({
  publish: {
    staleAfter: '15m',
    whenStale: 'KeepLast',
    calendar: { kind: 'ConfigMap', name: 'calendar', detail: 'Busy', formats: ['JSON'] },
    accessToken: { name: 'token' },
  },
})
const owned = (role: 'calendar' | 'access-token'): Partial<ObjectMeta> => ({
  ...marksOf(alice, role),
  ownerReferences: withController([], alice),
})
const TOKEN = { access_token: 'new', expires_at: '2026-11-23T11:00:00Z', token_type: 'Bearer' }
const CALENDAR = { 'busy.json': 'new', 'events.json': 'not agreed to' }

let small: SmallCluster
let deps: PublishDeps
let state: PublicationState

beforeEach(() => {
  small = new SmallCluster()
  small.agents = [alice]
  deps = { cluster: small.cluster, clock: new ManualClock(), zones }
  publish()
  small.secret('former-token', { access_token: 'old', theirs: 'x' }, owned('access-token'))
  small.configMap('former-calendar', { 'busy.json': 'old' }, owned('calendar'))
})

/** Publishes under the new names. */
function publish(): void {
  const versionOf = ({ metadata }: KubernetesObject): string => metadata.resourceVersion ?? ''
  const calendar = { kind: 'ConfigMap', name: 'calendar' } as const
  const token = { kind: 'Secret', name: 'token' } as const
  const map = small.configMap('calendar', CALENDAR, owned('calendar'))
  const secret = small.secret('token', TOKEN, owned('access-token'))
  state = {
    calendar: publishedObject({ ...calendar, resourceVersion: versionOf(map) }, CALENDAR),
    accessToken: publishedObject({ ...token, resourceVersion: versionOf(secret) }, TOKEN),
  }
}

const update = (): Promise<void> => updateFormerObjects(deps, alice, state)
const texts = (): unknown[] => [small.text('former-token'), small.get('ConfigMap', 'former-calendar')?.data]

describe('an object under a former name', () => {
  test('gets the new values of its role, and only of the keys that it has', async () => {
    await update()
    expect(texts()).toEqual([{ access_token: 'new', theirs: 'x' }, { 'busy.json': 'new' }])
  })

  test('is a ConfigMap, too, that has the name of the Secret with the access token', async () => {
    const spec = { ...alice.spec, publish: { ...alice.spec.publish, accessToken: { name: 'former-calendar' } } }
    await updateFormerObjects(deps, { ...alice, spec }, state)
    expect(small.get('ConfigMap', 'former-calendar')?.data).toEqual({ 'busy.json': 'new' })
  })

  test('stays as it is while nothing is known about what is published now', async () => {
    state = {}
    await update()
    expect(small.writes).toEqual([])
  })

  test('of 0.1.0, whose role is not known, stays as it is, and the others are updated', async () => {
    const old = { labels: MANAGED_BY, ownerReferences: withController([], alice) }
    small.objects.clear()
    publish()
    small.secret('of-0.1.0', { access_token: 'old' }, old)
    small.configMap('former-calendar', { 'busy.json': 'old' }, owned('calendar'))
    await update()
    expect(small.text('of-0.1.0')).toEqual({ access_token: 'old' })
    expect(small.get('ConfigMap', 'former-calendar')?.data).toEqual({ 'busy.json': 'new' })
  })

  test('that is gone meanwhile is not made again, and the others are updated', async () => {
    const { cluster } = small
    const readSecret: typeof cluster.readSecret = async (namespace, name) =>
      name === 'former-token' ? undefined : cluster.readSecret(namespace, name)
    deps = { ...deps, cluster: { ...cluster, readSecret } }
    await update()
    expect(small.writes).toEqual(['patch ConfigMap former-calendar'])
  })

  test('that has become somebody else’s stays as it is', async () => {
    const theirs = withController([], anAgent({}, 'bob'))
    const { cluster } = small
    const readSecret: typeof cluster.readSecret = async (...at) => {
      const secret = await cluster.readSecret(...at)
      return secret && { ...secret, metadata: { ...secret.metadata, ownerReferences: theirs } }
    }
    deps = { ...deps, cluster: { ...cluster, readSecret } }
    await update()
    expect(small.text('former-token')).toEqual({ access_token: 'old', theirs: 'x' })
  })

  test('that has the same values already is not written, nor is anything else read for it', async () => {
    await update()
    small.writes.length = 0
    small.refuseRead = (name) => (name.startsWith('former-') ? undefined : new ApiError('Forbidden', 'nobody asks'))
    await update()
    expect(small.writes).toEqual([])
  })

  test('gets nothing of what somebody else has just written under the new name', async () => {
    small.secret('token', { ...TOKEN, access_token: 'theirs' }, owned('access-token'))
    await expect(update()).rejects.toMatchObject({ failure: 'Conflict' })
    expect(small.text('former-token')).toEqual({ access_token: 'old', theirs: 'x' })
  })

  test('that can’t be written ends the step, and the reason is reported', async () => {
    small.refuse = () => new ApiError('Forbidden', 'forbidden')
    await expect(update()).rejects.toThrow('forbidden')
  })
})
