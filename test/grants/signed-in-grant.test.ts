/** How a grant gets into its Secret while others write it, too. The cluster here has versions, and nothing else. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Log } from '../../src/platform/log.ts'
import { ManualClock } from '../support/clock.ts'
import { ApiError, type Secret } from '../../src/kubernetes/port.ts'
import { decode } from '../../src/resources/secret-encoding.ts'
import { parseConsent, type Consent } from '../../src/resources/consent.ts'
import { AGENT_ANNOTATION, grantSecretName, MANAGED_BY, NOT_YET_CHECKED } from '../../src/resources/names.ts'
import { marksOf } from '../../src/resources/ownership.ts'
import type { Agent } from '../../src/resources/types.ts'
import { GrantStore } from '../../src/grants/grant-store.ts'
import { revokeReplaced } from '../../src/grants/revocation.ts'
import type { SignedInGrant } from '../../src/grants/signed-in-grant.ts'

const CLIENT = '100000000001-a.apps.googleusercontent.com'
const SAME_PROJECT = '100000000001-b.apps.googleusercontent.com'
const OTHER_PROJECT = '200000000002-a.apps.googleusercontent.com'

const agent = {
  metadata: { namespace: 'booking', name: 'alice', uid: 'u' },
  spec: { account: 'alice@example.com' },
} as Agent

const consent: Consent = { detail: 'Full', accessToken: true, write: false, calendars: ['primary'] }

const grant = (clientId = CLIENT): SignedInGrant => ({
  signedInBy: 'attempt',
  before: structuredClone(stored),
  refreshToken: 'new',
  accessToken: 'access',
  expiresAt: 2_000_000_000_000,
  scopes: ['scope'],
  account: 'alice@example.com',
  grantedAt: 1_900_000_000_000,
  clientId,
  consent,
})

const base64 = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString('base64')]))

let stored: Secret | undefined
let version: number
/** What others do between our read and our write, once each. */
let meanwhile: (() => void)[]
let revoked: string[]
let agents: Agent[]
/** The grants of other Agents, by the name of their Secrets. */
let others: Map<string, Secret>

beforeEach(() => {
  stored = undefined
  version = 1
  meanwhile = []
  revoked = []
  agents = [agent]
  others = new Map()
})

function theyWrite(values: Record<string, string>, marks: Partial<Secret['metadata']> = { labels: MANAGED_BY }): void {
  const metadata = { namespace: 'booking', name: 'alice-google-grant', ...marks, resourceVersion: String(++version) }
  stored = { apiVersion: 'v1', kind: 'Secret', metadata, data: base64(values) }
}

const refuse = (failure: ApiError['failure']): never => {
  throw new ApiError(failure, failure)
}

const cluster = {
  secrets: { get: (key: string) => others.get(key.split('/')[1] ?? '') },
  readSecret: (_: string, name: string) =>
    Promise.resolve(structuredClone(name === 'alice-google-grant' ? stored : others.get(name))),
  create(secret: Secret) {
    meanwhile.shift()?.()
    if (stored) refuse('AlreadyExists')
    stored = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(++version) } }
    return Promise.resolve(stored)
  },
  patch({ metadata }: Secret, patch: { metadata: object; data: Record<string, string | null> }) {
    meanwhile.shift()?.()
    if (!stored) return refuse('NotFound')
    if (stored.metadata.resourceVersion !== metadata.resourceVersion) refuse('Conflict')
    const data = Object.entries({ ...stored.data, ...patch.data }).filter(([, value]) => value !== null)
    stored = { ...stored, metadata: { ...stored.metadata, ...patch.metadata } }
    stored = { ...stored, data: Object.fromEntries(data) as Record<string, string> }
    return Promise.resolve(stored)
  },
  agents: { list: () => agents },
}

const google = {
  revoke(token: string) {
    revoked.push(token)
    return Promise.resolve()
  },
}
const log = { info: () => undefined } as unknown as Log
const grants = new GrantStore({ cluster: cluster as never, clock: new ManualClock() })

async function keep(clientId = CLIENT): Promise<void> {
  const replaced = await grants.saveSignedIn(agent, grant(clientId))
  revokeReplaced({ grants, google, log }, agent, { replaced: replaced?.authorized, by: clientId })
}
const bobs = { apiVersion: 'calendar-operator.io/v1alpha1', kind: 'Agent', name: 'bob', uid: 'b', controller: true }
const kept = (): string | undefined => decode(stored?.data).refresh_token

describe('a new grant', () => {
  test('is stored if there was none', async () => {
    await keep()
    expect(kept()).toBe('new')
    expect(stored?.metadata).toMatchObject({ ...marksOf(agent, 'grant'), namespace: 'booking' })
  })

  test('is not written a second time if the API server refuses it', async () => {
    let attempts = 0
    meanwhile = Array.from({ length: 5 }, () => () => (attempts++, refuse('Forbidden')))
    await expect(keep()).rejects.toThrow('Forbidden')
    expect(attempts).toBe(1)
  })

  test('records what its page showed', async () => {
    await keep()
    expect(parseConsent(decode(stored?.data).consent ?? '')).toEqual(consent)
  })

  test('labels a Secret of 0.1.0, and removes the annotations of the earlier grant', async () => {
    theyWrite({ refresh_token: 'old' })
    await keep()
    const { labels, annotations } = stored?.metadata ?? {}
    expect({ labels, annotations }).toMatchObject(marksOf(agent, 'grant'))
    expect(annotations?.[NOT_YET_CHECKED]).toBeNull()
  })

  test('overwrites what the leader writes between our read and our write', async () => {
    theyWrite({ refresh_token: 'old', access_token: 'a' })
    meanwhile = [() => theyWrite({ refresh_token: 'old', access_token: 'b' })]
    await keep()
    expect(kept()).toBe('new')
  })

  test('is written into a Secret that another replica creates in the meantime', async () => {
    meanwhile = [() => theyWrite({ refresh_token: 'theirs' })]
    await keep()
    expect(kept()).toBe('new')
  })

  test('is not written into a Secret that somebody else creates in the meantime', async () => {
    meanwhile = [() => theyWrite({ theirs: 'x' }, {})]
    await expect(keep()).rejects.toThrow('was made by somebody else and is left alone')
    expect(decode(stored?.data)).toEqual({ theirs: 'x' })
  })

  test.each<[string, Partial<Secret['metadata']>]>([
    ['that another Agent has', { labels: MANAGED_BY, ownerReferences: [bobs] }],
    ['of another Agent, by its annotation', { labels: MANAGED_BY, annotations: { [AGENT_ANNOTATION]: 'bob' } }],
  ])('is not written into a Secret %s', async (_, metadata) => {
    theyWrite({ refresh_token: 'theirs' }, metadata)
    await expect(keep()).rejects.toThrow('belongs to Agent bob')
    expect(kept()).toBe('theirs')
  })

  test('fails if every attempt meets another write', async () => {
    theyWrite({ refresh_token: 'old' })
    meanwhile = Array.from({ length: 20 }, () => () => theyWrite({ refresh_token: 'old' }))
    await expect(keep()).rejects.toThrow('Conflict')
    expect(kept()).toBe('old')
  })
})

describe('the grant that it replaces', () => {
  const old = { refresh_token: 'old', account: 'alice@example.com', client_id: CLIENT }

  test.each([
    ['is revoked if it is of another project', old, OTHER_PROJECT, ['old']],
    ['is not revoked if it is of the same client: that would end the new grant', old, CLIENT, []],
    ['is not revoked if it is of the same project', old, SAME_PROJECT, []],
    ['is not revoked if its account is not known', { refresh_token: 'old', client_id: CLIENT }, OTHER_PROJECT, []],
  ])('%s', async (_, values, clientId, expected) => {
    theyWrite(values)
    await keep(clientId)
    await new Promise(setImmediate)
    expect(revoked).toEqual(expected)
  })

  test('is not revoked if it never passed its checks: it may be somebody else’s', async () => {
    theyWrite(old, { labels: MANAGED_BY, annotations: { [NOT_YET_CHECKED]: 'true' } })
    await keep(OTHER_PROJECT)
    expect(revoked).toEqual([])
  })

  const another = { ...agent, metadata: { ...agent.metadata, name: 'another', uid: 'another' } }

  test.each([
    ['is not revoked if another Agent uses that account and project', SAME_PROJECT, []],
    ['is revoked if another Agent of that account uses another project', OTHER_PROJECT, ['old']],
  ])('%s', async (_, clientId, expected) => {
    agents = [agent, another]
    const metadata = { name: grantSecretName(another), ...marksOf(another, 'grant') }
    const data = base64({ refresh_token: 'x', client_id: clientId })
    others.set(metadata.name, { apiVersion: 'v1', kind: 'Secret', metadata, data })
    theyWrite(old)
    await keep(OTHER_PROJECT)
    await new Promise(setImmediate)
    expect(revoked).toEqual(expected)
  })

  test('is revoked if the other Agent of that account has no grant yet', async () => {
    agents = [agent, another]
    theyWrite(old)
    await keep(OTHER_PROJECT)
    await new Promise(setImmediate)
    expect(revoked).toEqual(['old'])
  })
})
