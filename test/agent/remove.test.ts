import { beforeEach, describe, expect, test } from 'vitest'
import { NO_GRANT, type GrantState } from '../../src/grants/grant-state.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { remove } from '../../src/agent/remove.ts'
import type { AgentRun } from '../../src/agent/steps.ts'
import type { Outcome } from '../../src/controller/outcome.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { MANAGED_BY, NOT_YET_CHECKED } from '../../src/resources/names.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import type { Agent } from '../../src/resources/types.ts'
import { anAgent } from '../support/resources.ts'
import { Bench, CLIENT } from '../support/agent-bench.ts'

const OWN = 'alice-google-grant'
const OTHER_CLIENT = '200000000002-a.apps.googleusercontent.com'
const stored = { refresh_token: 'own', account: 'alice@example.com', client_id: CLIENT }

let bench: Bench
let alice: Agent
let finalizers: string[] | undefined
/** What is remembered of the grant. */
let known: GrantState
let deletingSince: number | undefined
let resolution: AgentRun['resolution']

beforeEach(() => {
  alice = anAgent({ deletionPolicy: 'Revoke' })
  finalizers = ['calendar-operator.io/revoke']
  Object.assign(alice.metadata, { finalizers, deletionTimestamp: '2026-11-23T10:00:00Z' })
  bench = new Bench(alice)
  known = NO_GRANT
  ;({ resolution } = bench.run)
  deletingSince = undefined
  bench.small.secret('alice-grant', { refresh_token: 'supplied' })
})

async function go(): Promise<Outcome> {
  const { deps } = bench
  const cluster = { ...deps.cluster, patch: letGo }
  const current = (agent: Agent): GrantState => (agent === alice ? known : deps.tokens.current(agent))
  const tokens = { ...deps.tokens, current }
  deletingSince ??= bench.clock.monotonic()
  return remove({ ...bench.run, deps: { ...deps, cluster, tokens } as typeof deps, resolution }, deletingSince)
}

const letGo = (_: unknown, patch: { metadata: { finalizers: string[] } }): Promise<unknown> => {
  finalizers = patch.metadata.finalizers
  return Promise.resolve(undefined)
}

const asked = (wanted: string): string[] => bench.asked.flatMap(({ what, token }) => (what === wanted ? [token] : []))
const revoked = (): string[] => asked('revoke')
const events = (): string[] => bench.small.events.map(({ type, reason }) => `${type} ${reason}`)
const marks = (): ReturnType<typeof marksOf> => marksOf(alice, 'grant')

function addOther(
  spec: Partial<Agent['spec']> = {},
  values: Record<string, string> | null = { ...stored, refresh_token: 'of the other' },
  name = 'other',
): Agent {
  const other = anAgent({ account: 'Alice@example.com', ...spec }, name)
  bench.small.agents.push(other)
  if (values) bench.small.secret(`${name}-google-grant`, values, marksOf(other, 'grant'))
  return other
}

describe('an Agent that is deleted with Revoke', () => {
  test('revokes what it was authorized with, and deletes its own Secret, not the supplied one', async () => {
    bench.small.secret(OWN, stored, marks())
    await go()
    expect(revoked()).toEqual(['own'])
    expect(bench.small.get('Secret', OWN)).toBeUndefined()
    expect(bench.small.get('Secret', 'alice-grant')).toBeDefined()
    expect(finalizers).toEqual([])
    expect(events()).toEqual([])
  })

  test('revokes a grant of 0.1.0, too', async () => {
    bench.small.secret(OWN, stored, { labels: MANAGED_BY })
    await go()
    expect(revoked()).toEqual(['own'])
    expect(bench.small.get('Secret', OWN)).toBeUndefined()
  })

  test('revokes nothing if it never was authorized', async () => {
    await go()
    expect(revoked()).toEqual([])
    expect(finalizers).toEqual([])
  })

  test('does not revoke the grant of another account that an Agent of the same name has left, nor delete its Secret', async () => {
    bench.small.secret(OWN, { ...stored, account: 'carol@example.com' }, marks())
    await go()
    expect(revoked()).toEqual([])
    expect(bench.small.get('Secret', OWN)).toBeDefined()
    expect(finalizers).toEqual([])
    expect(events()).toEqual(['Warning WrongAccount'])
  })

  test('does not revoke a token that never passed its checks, and deletes its Secret', async () => {
    const annotations = { ...marks().annotations, [NOT_YET_CHECKED]: 'true' }
    bench.small.secret(OWN, stored, { ...marks(), annotations })
    known = { ...NO_GRANT, grant: { refreshToken: 'in use', checked: false } as Grant }
    await go()
    expect(revoked()).toEqual([])
    expect(bench.small.get('Secret', OWN)).toBeUndefined()
  })

  test.each([
    ['somebody else’s', {}],
    ['another Agent’s', marksOf({ metadata: { name: 'bob' } }, 'grant')],
    ['controlled by an Agent', { labels: MANAGED_BY, ownerReferences: withController([], anAgent({}, 'bob')) }],
    ['of 0.1.0, with another account', { labels: MANAGED_BY }],
  ])('touches nothing that is %s', async (_, metadata) => {
    const before = bench.small.secret(OWN, { ...stored, account: 'bob@example.com' }, metadata)
    await go()
    expect(revoked()).toEqual([])
    expect(bench.small.get('Secret', OWN)).toEqual(before)
    expect(finalizers).toEqual([])
  })

  test('revokes the grant that was used, although its Secret was deleted first', async () => {
    const pendingRevocation = { token: 'withdrawn', account: 'alice@example.com', clientId: CLIENT }
    const grant = { refreshToken: 'in use', checked: true, account: 'alice@example.com' } as Grant
    known = { ...NO_GRANT, pendingRevocation, grant }
    await go()
    expect(revoked().sort()).toEqual(['in use', 'withdrawn'])
  })
})

describe('a grant that another Agent uses, too', () => {
  beforeEach(() => bench.small.secret(OWN, stored, marks()))

  test('is not revoked, the Secret is deleted, and an Event says so without naming the other Agent', async () => {
    addOther()
    await go()
    expect(revoked()).toEqual([])
    expect(bench.small.get('Secret', OWN)).toBeUndefined()
    expect(events()).toEqual(['Normal GrantShared'])
    expect(bench.small.events[0]?.note).not.toContain('other-')
    expect(bench.small.events[0]?.note).not.toContain('@')
    expect(finalizers).toEqual([])
  })

  test('is not revoked if the other Agent uses its grant from memory', async () => {
    const other = addOther({ grantSecretRef: { name: 'other-grant' } }, null)
    bench.small.secret('other-grant', { refresh_token: '1//0gSupplied' })
    await bench.deps.tokens.load({ ...bench.request, agent: other })
    await go()
    expect(events()).toEqual(['Normal GrantShared'])
    expect(revoked()).toEqual([])
  })

  test('is not revoked if the status of the other Agent says so and nobody can be asked', async () => {
    const other = addOther({}, null)
    const condition = {
      type: 'Authorized',
      status: 'True',
      reason: 'Granted',
      message: '',
      lastTransitionTime: '',
    } as const
    other.status = { conditions: [condition] }
    resolution = { kind: 'suspended', key: resolution.key, integration: bench.integration }
    await go()
    expect(events()).toEqual(['Normal GrantShared'])
    expect(revoked()).toEqual([])
  })

  test.each<[string, () => void]>([
    ['of another client', () => addOther({}, { ...stored, client_id: OTHER_CLIENT })],
    ['of another account', () => addOther({ account: 'carol@example.com' })],
    ['that waits for its person', () => addOther({}, null)],
    ['that goes, too', () => (addOther().metadata.deletionTimestamp = '2026-11-23T10:00:00Z')],
  ])('is ended where the other is one %s', async (_, add) => {
    add()
    await go()
    expect(revoked()).toEqual(['own'])
    expect(events()).toEqual([])
  })

  test('is not revoked while that is not known', async () => {
    addOther()
    bench.small.refuseRead = (name) => (name === 'other-google-grant' ? new ApiError('Unreachable', 'away') : undefined)
    await expect(go()).rejects.toThrow('away')
    expect(revoked()).toEqual([])
    expect(finalizers).not.toEqual([])
  })
})

describe('a claim of another Agent that it uses the grant', () => {
  const noResolution = (): AgentRun['resolution'] => ({
    kind: 'suspended',
    key: resolution.key,
    integration: bench.integration,
  })

  beforeEach(() => {
    bench.small.secret(OWN, stored, marks())
    // What the tenant's Secret says is forged: Google knows better.
    addOther({}, { ...stored, refresh_token: 'forged' })
  })

  test('prevents nothing if Google does not know the token', async () => {
    bench.refuses = { refresh: 'InvalidGrant' }
    await go()
    expect(revoked()).toEqual(['own'])
    expect(events()).toEqual([])
  })

  test('prevents nothing if the token is the grant of another account', async () => {
    bench.account = 'mallory@example.com'
    await go()
    expect(revoked()).toEqual(['own'])
    expect(events()).toEqual([])
  })

  test('prevents nothing if the access token beside it is stolen from yet another client, or made up', async () => {
    const far = { access_token: 'made up', expires_at: '2026-11-23T10:50:00Z' }
    bench.small.secret('other-google-grant', { ...stored, ...far }, marksOf(anAgent({}, 'other'), 'grant'))
    bench.refuses = { calendar: 'Unauthenticated', refresh: 'InvalidGrant' }
    await go()
    expect(revoked()).toEqual(['own'])
  })

  test('counts while nobody can be asked', async () => {
    resolution = noResolution()
    await go()
    expect(revoked()).toEqual([])
    expect(events()).toEqual(['Normal GrantShared'])
  })

  test('is asked about for a minute while Google is away; then the Agent goes with a warning, and its Secret stays', async () => {
    bench.refuses = { refresh: 'Unreachable' }
    expect(await go()).toMatchObject({ kind: 'retry' })
    await bench.clock.advance(60_000)
    await go()
    expect(revoked()).toEqual([])
    expect(finalizers).toEqual([])
    expect(events()).toEqual(['Warning RevokeFailed'])
    expect(bench.small.get('Secret', OWN)).toBeDefined()
  })

  test('costs one question for each token, however many Agents have it', async () => {
    bench.account = 'mallory@example.com'
    for (let index = 0; index < 200; index++) {
      const other = addOther({}, { ...stored, refresh_token: 'forged' }, `other-${index}`)
      await bench.deps.tokens.load({ ...bench.request, agent: other })
    }
    await go()
    expect(revoked()).toEqual(['own'])
    expect(asked('calendar')).toHaveLength(1)
  })

  test('is not looked into for too many Agents at once: the next attempt continues', async () => {
    bench.refuses = { refresh: 'InvalidGrant' }
    for (let index = 0; index < 30; index++) addOther({}, { ...stored, refresh_token: `f-${index}` }, `other-${index}`)
    expect(await go()).toMatchObject({ kind: 'retry' })
    expect(asked('refresh')).toHaveLength(20)
    expect(revoked()).toEqual([])
    await go()
    expect(asked('refresh')).toHaveLength(31)
    expect(revoked()).toEqual(['own'])
    expect(events()).toEqual([])
  })

  test('costs a bounded number of reads if nobody can be asked', async () => {
    resolution = noResolution()
    const reads: string[] = []
    bench.small.refuseRead = (name) => void reads.push(name)
    const foreign = { ...stored, client_id: OTHER_CLIENT }
    for (let index = 0; index < 100; index++) addOther({}, foreign, `other-${index}`)
    bench.small.secret('other-google-grant', foreign, marksOf(anAgent({}, 'other'), 'grant'))
    await go()
    expect(reads.length).toBeLessThan(25)
    expect(events()).toEqual(['Normal GrantShared'])
  })
})

describe('with Google away', () => {
  beforeEach(() => {
    bench.small.secret(OWN, stored, marks())
    bench.refuses = { revoke: 'Unreachable' }
  })

  test('revoking is tried for a minute, then the Agent is deleted with a warning, and its Secret stays', async () => {
    expect(await go()).toMatchObject({ kind: 'retry' })
    await bench.clock.advance(59_000)
    expect(await go()).toMatchObject({ kind: 'retry' })
    expect(finalizers).not.toEqual([])
    await bench.clock.advance(1_000)
    await go()
    expect(finalizers).toEqual([])
    expect(events()).toEqual(['Warning RevokeFailed'])
    expect(bench.small.get('Secret', OWN)).toBeDefined()
  })

  test('a long pause that Google asks for does not keep the Agent for longer than that minute', async () => {
    bench.retryAfterMs = 60 * 60_000
    expect(await go()).toMatchObject({ kind: 'retry', notBefore: 60_000 })
    await bench.clock.advance(50_000)
    expect(await go()).toMatchObject({ kind: 'retry', notBefore: 10_000 })
  })

  test('the minute is measured by the monotonic clock, whatever the time of day is', async () => {
    bench.clock.setTimeOfDay(6 * 60 * 60_000)
    expect(await go()).toMatchObject({ kind: 'retry' })
    expect(finalizers).not.toEqual([])
  })
})
