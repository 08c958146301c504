/**
 * Writes that a real API server refuses although the operator may make them: by a webhook, a policy, a quota, or because the
 * object is immutable. The status says who refused and what to do; nothing that stands is lost, other Agents go on, and what was
 * refused is made good once it may be.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Agent } from '../../src/resources/types.ts'
import type { Client } from '../contract/client.ts'
import { agentManifest, integrationManifest } from '../journeys/support/manifests.ts'
import { startWorld, type World } from '../journeys/support/world.ts'
import { Webhook, WEBHOOK } from './admission/webhook.ts'
import { realOf } from './tenants/support/tenant.ts'

const REASONS = 'no token=c2VjcmV0 in my namespace'
const QUOTA = 'team-quota'
const POLICY = 'no-calendars'

let world: World
let api: Client
let undo: (() => Promise<unknown>)[]

beforeEach(async () => {
  undo = []
  world = await startWorld()
  api = await realOf(world).client()
  await world.objects.apply(integrationManifest({ sync: { interval: '10s' } }))
  for (const name of ['alice', 'bob']) {
    await world.addPerson(name)
    await world.objects.apply(agentManifest(name, spec(name)))
  }
  for (const name of ['alice', 'bob']) await world.untilReady(name)
})

afterEach(async () => {
  for (const step of undo.reverse()) await step()
  await world.stop()
})

/** Published objects are trusted for a minute, and so is an Agent whose newest calendar can't be written. */
const spec = (name: string) => ({ publish: { calendar: { name: `${name}-calendar` }, staleAfter: '1m' } })

const ready = ({ status }: Agent) => status?.conditions?.find(({ type }) => type === 'Ready')

/** Adds an appointment, and requests a reconcile. */
async function appoint(name: string, hours: number): Promise<void> {
  const [start, end] = [world.inHours(hours), world.inHours(hours + 1)]
  world.google.addEvent({
    calendar: `${name}@example.com`,
    event: { start: { dateTime: start }, end: { dateTime: end } },
  })
  await world.clock.advance(11_000)
  const annotations = { 'calendar-operator.io/requestedAt': String(world.clock.now()) }
  await world.objects.patch('Agent', name, { metadata: { annotations } })
}

const untilBusy = (name: string, times: number): Promise<unknown> =>
  world.until(`${name} is busy ${times} times`, async () => (await world.busy(name)).busy.length === times)

/** The message names who refused at once, even while the published objects are still fresh. */
const untilTold = (name: string, words: string): Promise<unknown> =>
  world.until(`${name} says ${words}`, async () => ready(await world.agent(name))?.message.includes(words))

/** Alice's published objects, without fields that only count writes. */
async function standing(): Promise<object> {
  const { data, metadata } = await world.objects.get('ConfigMap', 'alice-calendar')
  return { data, uid: metadata.uid }
}

/** Alice's write is refused: her status has these words, her objects stay, bob continues, and she recovers by herself. */
async function expectRefusal(words: string, lift: () => Promise<unknown>): Promise<void> {
  const before = await standing()
  await appoint('alice', 2)
  await untilTold('alice', words)
  const alice = await world.untilReason('alice', 'PublishFailed')
  expect(ready(alice)).toMatchObject({ status: 'False' })
  expect(ready(alice)?.message).toContain(words)
  expect(ready(alice)?.message).toContain('alice-calendar')
  expect(await standing()).toEqual(before)
  const event = await world.untilEvent(
    'that says so',
    ({ type, reason }) => type === 'Warning' && reason === 'PublishFailed',
  )
  expect(event.note).toContain(words)
  await appoint('bob', 2)
  await untilBusy('bob', 1)
  expect(ready(await world.agent('bob'))?.status).toBe('True')
  await lift()
  await world.untilReady('alice')
  await untilBusy('alice', 1)
  expect(world.lines.join('')).not.toContain('c2VjcmV0')
  expect(JSON.stringify(await world.objects.list('Event'))).not.toContain('c2VjcmV0')
}

describe('an admission webhook', () => {
  let webhook: Webhook

  beforeEach(async () => {
    webhook = await Webhook.install(api, world.namespace)
    undo.push(() => webhook.uninstall())
    // The API server notices it a moment after it was created.
    const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' } }
    webhook.verdict = ({ name }) => (name === 'probe' ? { code: 403, message: 'it works' } : undefined)
    await world.until('it is asked', async () => {
      const { status } = await api.request('POST', `/api/v1/namespaces/${world.namespace}/configmaps?dryRun=All`, probe)
      return status === 403
    })
  })

  const denyAlice = (code: number, reason?: string) => (): void => {
    webhook.verdict = ({ name }) =>
      name === 'alice-calendar' ? { code, message: REASONS, ...(reason ? { reason } : {}) } : undefined
  }

  test.each<[string, () => void]>([
    ['that says no', denyAlice(403)],
    ['that answers as if there were a conflict', denyAlice(409, 'Conflict')],
    ['that answers as if there were too many requests', denyAlice(429, 'TooManyRequests')],
  ])('%s is named, and its own words are not repeated', async (_, deny) => {
    deny()
    await expectRefusal(`the admission webhook ${WEBHOOK} denied it`, async () => (webhook.verdict = () => undefined))
  })

  test.each<[string, () => Promise<unknown>]>([
    ['is down', () => webhook.fall()],
    ['is slow', async () => (webhook.hangs = true)],
  ])('that %s is told as such', async (_, break_) => {
    const before = await standing()
    await break_()
    await appoint('alice', 2)
    await untilTold('alice', `the admission webhook ${WEBHOOK} could not be called`)
    const alice = await world.untilReason('alice', 'PublishFailed')
    expect(ready(alice)?.message).toContain(`the admission webhook ${WEBHOOK} could not be called`)
    expect(await standing()).toEqual(before)
    await webhook.uninstall()
    undo.pop()
    await world.untilReady('alice')
    await untilBusy('alice', 1)
  })

  test('that refuses grants loses none: what Google rotated meanwhile is stored later', async () => {
    world.google.switches({ rotateRefreshTokens: true })
    webhook.verdict = ({ name }) => (name === 'carol-google-grant' ? { code: 403, message: REASONS } : undefined)
    world.addSecret(await world.addPerson('carol'))
    await world.objects.apply(agentManifest('carol', spec('carol')))
    const carol = await world.untilReason('carol', 'PublishFailed')
    expect(ready(carol)?.message).toContain(`the admission webhook ${WEBHOOK} denied it`)
    expect(ready(carol)?.message).toContain('carol-google-grant')
    webhook.verdict = () => undefined
    await world.untilReady('carol')
    await world.restartOperator()
    await world.clock.advance(2 * 3_600_000)
    await world.untilReady('carol')
  })
})

describe('a ValidatingAdmissionPolicy', () => {
  test('is named with its binding', async () => {
    const group = '/apis/admissionregistration.k8s.io/v1'
    const policies = `${group}/validatingadmissionpolicies`
    const bindings = `${group}/validatingadmissionpolicybindings`
    const apiVersion = 'admissionregistration.k8s.io/v1'
    const policy = {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: POLICY },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
          ],
        },
        validations: [{ expression: "!(object.metadata.name in ['alice-calendar', 'probe'])", message: REASONS }],
      },
    }
    const binding = {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: `${POLICY}-here` },
      spec: {
        policyName: POLICY,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': world.namespace } } },
      },
    }
    expect((await api.request('POST', policies, policy)).status).toBe(201)
    undo.push(() => api.request('DELETE', `${policies}/${POLICY}`))
    expect((await api.request('POST', bindings, binding)).status).toBe(201)
    const lift = () => api.request('DELETE', `${bindings}/${POLICY}-here`)
    undo.push(lift)
    const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' } }
    await world.until('it is in force', async () => {
      const { status } = await api.request('POST', `/api/v1/namespaces/${world.namespace}/configmaps?dryRun=All`, probe)
      return status === 422
    })
    await expectRefusal(`the ValidatingAdmissionPolicy ${POLICY} (binding ${POLICY}-here) denied it`, lift)
  })
})

describe('a ResourceQuota', () => {
  const path = (): string => `/api/v1/namespaces/${world.namespace}/resourcequotas`

  /** Fewer than there are: the controller counts. */
  async function limit(resource: string): Promise<void> {
    const spec = { hard: { [`count/${resource}`]: '1' } }
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: QUOTA }, spec }
    expect((await api.request('POST', path(), quota)).status).toBe(201)
  }

  const untilInForce = (plural: string, kind: string): Promise<unknown> =>
    world.until('the quota is in force', async () => {
      const probe = { apiVersion: 'v1', kind, metadata: { name: 'probe' } }
      return (
        (await api.request('POST', `/api/v1/namespaces/${world.namespace}/${plural}?dryRun=All`, probe)).status === 403
      )
    })

  const lift = () => api.request('DELETE', `${path()}/${QUOTA}`)

  test.each<[string, { plural: string; object: string }]>([
    ['of ConfigMaps that is used up', { plural: 'configmaps', object: '/configmaps' }],
    ['of Secrets that is used up', { plural: 'secrets', object: 'carol-google-grant' }],
  ])('%s is named; who has a calendar keeps it up to date', async (_, { plural, object }) => {
    await world.addPerson('carol')
    await limit(plural)
    undo.push(lift)
    await untilInForce(plural, plural === 'secrets' ? 'Secret' : 'ConfigMap')
    await world.objects.apply(agentManifest('carol', spec('carol')))
    const carol = await world.untilReason('carol', 'PublishFailed')
    expect(ready(carol)?.message).toContain(`exceeded quota: ${QUOTA}`)
    expect(ready(carol)?.message).toContain(object)
    await appoint('alice', 2)
    await untilBusy('alice', 1)
    expect(ready(await world.agent('alice'))?.status).toBe('True')
    await lift()
    await world.untilReady('carol')
    expect((await world.objects.secretText('carol-google-grant')).refresh_token).toBeDefined()
  })
})

describe('an immutable object', () => {
  test('is reported as immutable, with a way to repair it', async () => {
    await world.objects.patch('ConfigMap', 'alice-calendar', { immutable: true })
    await expectRefusal('it is immutable: delete it, and it is made anew', () =>
      world.objects.delete('ConfigMap', 'alice-calendar'),
    )
  })

  test('with the access token is reported too', async () => {
    await world.objects.patch('Agent', 'alice', { spec: { publish: { accessToken: { name: 'alice-token' } } } })
    await world.until('the token stands', () => world.objects.find('Secret', 'alice-token'))
    await world.untilReady('alice')
    const { metadata } = await world.objects.patch('Secret', 'alice-token', { immutable: true })
    await world.clock.advance(3_600_000)
    const alice = await world.untilReason('alice', 'PublishFailed')
    expect(ready(alice)?.message).toContain('it is immutable: delete it, and it is made anew')
    expect(ready(alice)?.message).toContain('alice-token')
    expect((await world.objects.get('Secret', 'alice-token')).metadata.uid).toBe(metadata.uid)
    await world.objects.delete('Secret', 'alice-token')
    await world.untilReady('alice')
    expect((await world.objects.get('Secret', 'alice-token')).metadata.uid).not.toBe(metadata.uid)
  })
})
