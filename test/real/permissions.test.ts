/** An operator that lacks one of its rights: what it reports, what it leaves alone, and how it continues once it has the right. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { OPERATOR_NAMESPACE, OPERATOR_USER, untilMay } from '../journeys/support/roles.ts'
import { agentManifest, integrationManifest } from '../journeys/support/manifests.ts'
import { startWorld, type World } from '../journeys/support/world.ts'
import type { Rule } from '../support/rbac.ts'
import type { RealKubernetes } from './cluster.ts'

interface RoleObject {
  rules: Rule[]
}

let world: World
let kubernetes: RealKubernetes

beforeEach(async () => {
  world = await startWorld({ start: false })
  if (!world.kubernetes) throw new Error('this needs a real API server: vitest.kubernetes.config.ts')
  kubernetes = world.kubernetes
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
})

afterEach(() => world.stop())

/** Removes one verb on one resource from a Role. Returns a function that restores it. */
async function without(verb: string, resource: string, where = inWorld()): Promise<() => Promise<void>> {
  const text = await kubernetes.kubectl('get', 'role', where.role, '-n', where.namespace, '-o', 'json')
  const role = JSON.parse(text) as RoleObject
  const change = async (rules: Rule[]): Promise<void> => {
    const patch = JSON.stringify({ rules })
    await kubernetes.kubectl('patch', 'role', where.role, '-n', where.namespace, '--type=merge', '-p', patch)
  }
  await change(role.rules.flatMap((rule) => withoutRight(rule, verb, resource)))
  await untilMayNot(verb, resource, where.namespace)
  return async () => {
    await change(role.rules)
    await untilMay(kubernetes, question(verb, resource), where.namespace)
  }
}

const GROUPS: Record<string, string> = {
  agents: '.calendar-operator.io',
  events: '.events.k8s.io',
  leases: '.coordination.k8s.io',
}

/** The arguments of `kubectl auth can-i`. */
function question(verb: string, resource: string): string {
  const [plural = '', subresource] = resource.split('/')
  return `${verb} ${plural}${GROUPS[plural] ?? ''}${subresource === undefined ? '' : ` --subresource=${subresource}`}`
}

async function untilMayNot(verb: string, resource: string, namespace: string): Promise<void> {
  const ask = ['auth', 'can-i', ...question(verb, resource).split(' '), '-n', namespace, '--as', OPERATOR_USER]
  await vi.waitFor(() => expect(kubernetes.kubectl(...ask)).rejects.toThrow(), 90_000)
}

const inWorld = () => ({ role: 'calendar-operator', namespace: world.namespace })
const inOwn = () => ({ role: 'calendar-operator-own-namespace', namespace: OPERATOR_NAMESPACE })

function withoutRight(rule: Rule, verb: string, resource: string): Rule[] {
  const resources = rule.resources ?? []
  if (!resources.includes(resource)) return [rule]
  const others = { ...rule, resources: resources.filter((one) => one !== resource) }
  const rest = { ...rule, resources: [resource], verbs: rule.verbs.filter((one) => one !== verb) }
  return [others, rest].filter(({ resources: some, verbs }) => some.length > 0 && verbs.length > 0)
}

/** The right in the words of the API server: verb, resource and namespace. */
const lacks = (verb: string, resource: string, group = '', namespace = world.namespace) =>
  `cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "${namespace}"`

const logged = (text: string, level?: string) => (): boolean =>
  world.lines.some((line) => {
    const record = JSON.parse(line) as { level: string }
    return line.replaceAll('\\"', '"').includes(text) && (level === undefined || record.level === level)
  })

async function startedReady(): Promise<void> {
  await world.startOperator()
  await world.objects.apply(agentManifest('alice'))
  await world.untilReady('alice')
}

describe('an operator that may not', () => {
  test.each([
    ['list', 'secrets', ''],
    ['watch', 'configmaps', ''],
    ['list', 'agents', 'calendar-operator.io'],
  ])('%s %s says so, and goes on once it may', async (verb, resource, group) => {
    const give = await without(verb, resource)
    const starting = world.startOperator()
    const started = starting.then(() => true)
    await vi.waitFor(() => expect(logged(lacks(verb, resource, group))()).toBe(true), 150_000)
    await give()
    expect(await started).toBe(true)
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
  })

  test.each(['ConfigMap', 'Secret'])('create what it publishes as a %s says so in the status', async (kind) => {
    const give = await without('create', `${kind.toLowerCase()}s`)
    await world.startOperator()
    await world.objects.apply(agentManifest('alice', { publish: { calendar: { kind, name: 'published' } } }))
    const agent = await world.untilReason('alice', 'PublishFailed')
    const synced = agent.status?.conditions?.find(({ type }) => type === 'Synced')
    expect(synced?.message).toContain(lacks('create', `${kind.toLowerCase()}s`))
    await give()
    await world.untilReady('alice')
    expect(await world.objects.find(kind, 'published')).toBeDefined()
  })

  test('write a status reports it in its log', async () => {
    const give = await without('patch', 'agents/status')
    await world.startOperator()
    await world.objects.apply(agentManifest('alice'))
    await world.until('it is said', logged(lacks('patch', 'agents/status', 'calendar-operator.io'), 'warn'))
    await give()
    await world.untilReady('alice')
  })

  test('read the client Secret does not take it for missing', async () => {
    await startedReady()
    const give = await without('get', 'secrets')
    await world.restartOperator()
    await world.until('it is said', logged(lacks('get', 'secrets'), 'warn'))
    await world.clock.advance(90_000)
    const { status } = await world.integration()
    expect(JSON.stringify(status)).not.toContain('SecretNotFound')
    expect(await world.objects.find('ConfigMap', 'alice-calendar')).toBeDefined()
    await give()
    await world.untilReady('alice')
  })

  test('write Events works without them', async () => {
    const give = await without('create', 'events')
    await startedReady()
    expect(await world.objects.list('Event')).toEqual([])
    await give()
  })

  test('delete a Secret keeps a revoked agent until it may', async () => {
    await world.startOperator()
    await world.objects.apply(agentManifest('alice', { deletionPolicy: 'Revoke' }))
    await world.untilReady('alice')
    const give = await without('delete', 'secrets')
    await world.objects.delete('Agent', 'alice')
    await world.until('it is said', logged(lacks('delete', 'secrets'), 'warn'))
    expect(await world.objects.find('Agent', 'alice')).toBeDefined()
    await give()
    await world.until('the agent is gone', async () => (await world.objects.find('Agent', 'alice')) === undefined)
    expect(await world.objects.find('Secret', 'alice-google-grant')).toBeUndefined()
  })

  test('take the Lease reports it, and leads once it may', async () => {
    const give = await without('create', 'leases', inOwn())
    await world.startOperator({ 'leader-elect': 'true' })
    const words = lacks('create', 'leases', 'coordination.k8s.io', OPERATOR_NAMESPACE)
    await world.until('it is said', logged(words, 'warn'))
    await give()
    await world.objects.apply(agentManifest('alice'))
    await world.untilReady('alice')
  })
})

test('an operator that loses its whole role deletes nothing, and catches up when it has the role again', async () => {
  await startedReady()
  const before = await world.objects.get('ConfigMap', 'alice-calendar')
  const text = await kubernetes.kubectl('get', 'role', 'calendar-operator', '-n', world.namespace, '-o', 'yaml')
  await kubernetes.kubectl('delete', 'role', 'calendar-operator', '-n', world.namespace)
  await untilMayNot('list', 'agents', world.namespace)
  await world.stopOperator()
  const starting = world.startOperator()
  await vi.waitFor(() => expect(logged(lacks('list', 'agents', 'calendar-operator.io'), 'warn')()).toBe(true), 150_000)
  expect(await world.objects.get('ConfigMap', 'alice-calendar')).toEqual(before)
  expect(await world.objects.find('Secret', 'alice-google-grant')).toBeDefined()
  await kubernetes.apply(text.replace(/^ {2}(resourceVersion|uid|creationTimestamp):.*\n/gm, ''))
  await untilMay(kubernetes, question('list', 'agents'), world.namespace)
  await starting
  await world.addPerson('bob')
  await world.objects.apply(agentManifest('bob'))
  await world.untilReady('bob')
  await world.untilReady('alice')
})
