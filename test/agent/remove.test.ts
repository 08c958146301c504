import { beforeEach, describe, expect, test } from 'vitest'
import { NO_GRANT, type GrantState } from '../../src/grants/grant-state.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { remove } from '../../src/agent/remove.ts'
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

beforeEach(() => {
  alice = anAgent({ deletionPolicy: 'Revoke' })
  finalizers = ['calendar-operator.io/revoke']
  Object.assign(alice.metadata, { finalizers, deletionTimestamp: '2026-11-23T10:00:00Z' })
  bench = new Bench(alice)
  known = NO_GRANT
  deletingSince = undefined
  bench.small.secret('alice-grant', { refresh_token: 'supplied' })
})

async function go(): Promise<Outcome> {
  const { deps } = bench
  const cluster = { ...deps.cluster, patch: letGo }
  const tokens = { ...deps.tokens, current: () => known }
  deletingSince ??= bench.clock.monotonic()
  return remove({ ...deps, cluster, tokens } as typeof deps, alice, deletingSince)
}

const letGo = (_: unknown, patch: { metadata: { finalizers: string[] } }): Promise<unknown> => {
  finalizers = patch.metadata.finalizers
  return Promise.resolve(undefined)
}

const revoked = (): string[] => bench.asked.map(({ token }) => token)
const events = (): string[] => bench.small.events.map(({ type, reason }) => `${type} ${reason}`)
const marks = (): ReturnType<typeof marksOf> => marksOf(alice, 'grant')

function addOther(spec: Partial<Agent['spec']> = {}, values: Record<string, string> | null = stored): Agent {
  const other = anAgent({ account: 'Alice@example.com', ...spec }, 'other')
  bench.small.agents.push(other)
  if (values) bench.small.secret('other-google-grant', values, marksOf(other, 'grant'))
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
    const other = addOther({}, null)
    const condition = {
      type: 'Authorized',
      status: 'True',
      reason: 'Granted',
      message: '',
      lastTransitionTime: '',
    } as const
    other.status = { conditions: [condition] }
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
