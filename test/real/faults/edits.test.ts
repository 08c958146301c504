/**
 * People and the operator write the same objects at the same time: with `kubectl apply --server-side`, with an update of what
 * they read, or with a patch. No change is lost, and conflicts are not reported.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../../src/resources/types.ts'
import type { Body, Client } from '../../contract/client.ts'
import { agentManifest } from '../../journeys/support/manifests.ts'
import { told, writesOf } from './support/audit.ts'
import type { Replica } from './support/replica.ts'
import { Harness } from './support/harness.ts'
import type { NamespaceFixture } from './support/namespace-fixture.ts'
import { until } from './support/until.ts'

const PEOPLE = ['alice', 'bob', 'carol', 'dora']
const ROUNDS = 16
const MINE = 'example.com/mine'
const OURS = 'calendar-operator.io/revoke'
const REQUESTED_AT = 'calendar-operator.io/requestedAt'
const MERGE = 'application/merge-patch+json'
const APPLY = 'application/apply-patch+yaml'

let harness: Harness
let fixture: NamespaceFixture
let operator: Replica
let user: Client

beforeAll(async () => {
  harness = await Harness.start()
  fixture = await harness.namespace('booking')
  user = await harness.kubernetes.client({ name: 'user', groups: ['system:masters'] })
  for (const name of PEOPLE) await fixture.addPerson(name)
  operator = await harness.replica('operator')
  await fixture.untilReady(...PEOPLE)
})
afterAll(() => harness.stop())

const agentPath = (name: string): string => `/apis/calendar-operator.io/v1alpha1/namespaces/booking/agents/${name}`
const configMapPath = (name: string): string => `/api/v1/namespaces/booking/configmaps/${name}-calendar`

async function send(path: string, patch: object, type: string): Promise<void> {
  const { status, text } = await user.request('PATCH', path, patch, { 'content-type': type })
  expect(status, text).toBe(200)
}

/** Edits an object: reads, changes and writes it, and starts again on a conflict. */
async function update(path: string, change: (object: Body) => void): Promise<void> {
  for (;;) {
    const { body } = await user.request('GET', path)
    change(body)
    const { status, text } = await user.request('PUT', path, body)
    if (status === 200) return
    expect(status, text).toBe(409)
  }
}

/** Makes each kind of edit once. No edit undoes another, so that all of them must be there in the end. */
const EDITS: ((name: string, round: number) => Promise<void>)[] = [
  (name, round) => {
    const { metadata, spec, ...rest } = agentManifest(name, { account: fixture.account(name), displayName: `${round}` })
    const labels = Object.fromEntries(Array.from({ length: round + 1 }, (_, n) => [`applied-${n}`, 'yes']))
    const query = '?fieldManager=gitops&force=true'
    return send(agentPath(name) + query, { ...rest, metadata: { ...metadata, labels }, spec }, APPLY)
  },
  (name, round) =>
    update(agentPath(name), ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, [`updated-${round}`]: 'yes' }
      if (round === 1) metadata.finalizers = [...(metadata.finalizers ?? []), MINE]
    }),
  (name, round) => {
    // Each time, the operator has to add or remove its finalizer.
    const spec = { deletionPolicy: round % 2 === 1 ? 'Revoke' : 'Retain' }
    return send(agentPath(name), { metadata: { labels: { [`patched-${round}`]: 'yes' } }, spec }, MERGE)
  },
  (name, round) => {
    fixture.addEvent(name, 2 * round)
    return send(agentPath(name), { metadata: { annotations: { [REQUESTED_AT]: `${round}` } } }, MERGE)
  },
  (name, round) => send(configMapPath(name), { metadata: { annotations: { [`noted-${round}`]: 'yes' } } }, MERGE),
]

async function editAll(name: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) for (const edit of EDITS) await edit(name, round)
}

const all = (what: string): object =>
  Object.fromEntries(Array.from({ length: ROUNDS }, (_, round) => [`${what}-${round}`, 'yes']))

async function untilDone(name: string): Promise<Agent> {
  return until(`${name} is as it was edited last`, async () => {
    const agent = await fixture.agent(name)
    const handled = agent.status?.lastHandledReconcileAt === `${ROUNDS - 1}`
    const busy = (await fixture.busy(name)).length
    if (handled && busy === ROUNDS && agent.metadata.finalizers?.includes(OURS)) return agent
    throw new Error(`${busy} are busy, and the agent is ${JSON.stringify({ ...agent, spec: undefined })}`)
  })
}

describe('people who edit while the operator writes', () => {
  /** Every status that was visible. */
  const seen: string[] = []

  it('lose no edit, and the operator loses no write', async () => {
    const watch = await harness.admin.watch('/apis/calendar-operator.io/v1alpha1/agents?watch=true')
    const watching = (async () => {
      for (let event = await watch.next(); event; event = await watch.next())
        seen.push(JSON.stringify(event.object.status))
    })().catch(() => undefined)
    await Promise.all(PEOPLE.map(editAll))
    for (const name of PEOPLE) {
      const { metadata, spec } = await untilDone(name)
      expect(metadata.labels).toEqual({ ...all('applied'), ...all('patched') })
      expect(metadata.annotations).toEqual({ ...all('updated'), [REQUESTED_AT]: `${ROUNDS - 1}` })
      expect([...(metadata.finalizers ?? [])].sort()).toEqual([OURS, MINE])
      expect(spec).toMatchObject({ displayName: `${ROUNDS - 1}`, deletionPolicy: 'Revoke' })
      const configMap = await fixture.objects.get('ConfigMap', `${name}-calendar`)
      expect(configMap.metadata.annotations).toEqual({ ...all('noted'), 'calendar-operator.io/agent': name })
      expect(configMap.metadata.labels).toEqual({
        'app.kubernetes.io/managed-by': 'calendar-operator',
        'app.kubernetes.io/component': 'calendar',
      })
      expect(configMap.metadata.ownerReferences).toMatchObject([{ uid: metadata.uid, controller: true }])
    }
    await fixture.untilReady(...PEOPLE)
    watch.close()
    await watching
  })

  it('cause conflicts, which are not reported', () => {
    const writes = writesOf(harness.kubernetes, 'operator')
    const beaten = writes.filter(({ code }) => code === 409)
    expect(beaten.length, told(writes).slice(-20).join('\n')).toBeGreaterThan(0)
    expect(writes.filter(({ code }) => code >= 400 && code !== 409)).toEqual([])
    expect(seen.length).toBeGreaterThan(PEOPLE.length * ROUNDS)
    expect(seen.filter((status) => /409|Conflict/.test(status))).toEqual([])
    expect(operator.log().filter(({ level }) => ['warn', 'error', 'fatal'].includes(level))).toEqual([])
  })
})
