/** How a grant gets into its Secret while others write it, too. The cluster here has versions, and nothing else. */
import { beforeEach, describe, expect, test } from 'vitest'
import { ApiError, type Secret } from '../../src/kubernetes/port.ts'
import { decode } from '../../src/resources/encoding.ts'

import { MANAGED_BY } from '../../src/resources/names.ts'
import type { Agent } from '../../src/resources/types.ts'
import { keepGrant, type NewGrant } from '../../src/web/keep.ts'
import type { WebDeps } from '../../src/web/port.ts'

const CLIENT = '100000000001-a.apps.googleusercontent.com'
const SAME_PROJECT = '100000000001-b.apps.googleusercontent.com'
const OTHER_PROJECT = '200000000002-a.apps.googleusercontent.com'

const agent = {
  metadata: { namespace: 'booking', name: 'alice', uid: 'u' },
  spec: { account: 'alice@example.com' },
} as Agent

const grant = (clientId = CLIENT): NewGrant => ({
  attempt: { id: 'attempt' },
  before: structuredClone(stored),
  refreshToken: 'new',
  accessToken: 'access',
  expiresAt: 2_000_000_000_000,
  scopes: ['scope'],
  account: 'alice@example.com',
  grantedAt: 1_900_000_000_000,
  clientId,
})

const base64 = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString('base64')]))

let stored: Secret | undefined
let version: number
/** What others do between our read and our write, once each. */
let meanwhile: (() => void)[]
let revoked: string[]
let agents: Agent[]

beforeEach(() => {
  stored = undefined
  version = 1
  meanwhile = []
  revoked = []
  agents = [agent]
})

function theyWrite(values: Record<string, string>, labels: Record<string, string> = MANAGED_BY): void {
  const metadata = { namespace: 'booking', name: 'alice-google-grant', labels, resourceVersion: String(++version) }
  stored = { apiVersion: 'v1', kind: 'Secret', metadata, data: base64(values) }
}

const refuse = (failure: ApiError['failure']): never => {
  throw new ApiError(failure, failure)
}

const deps = {
  cluster: {
    readSecret: () => Promise.resolve(structuredClone(stored)),
    create(secret: Secret) {
      meanwhile.shift()?.()
      if (stored) refuse('AlreadyExists')
      stored = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(++version) } }
      return Promise.resolve(stored)
    },
    patch({ metadata }: Secret, patch: { data: Record<string, string | null> }) {
      meanwhile.shift()?.()
      if (!stored) return refuse('NotFound')
      if (stored.metadata.resourceVersion !== metadata.resourceVersion) refuse('Conflict')
      const data = Object.entries({ ...stored.data, ...patch.data }).filter(([, value]) => value !== null)
      stored = { ...stored, data: Object.fromEntries(data) as Record<string, string> }
      return Promise.resolve(stored)
    },
    agents: { list: () => agents },
  },
  google: {
    revoke(token: string) {
      revoked.push(token)
      return Promise.resolve()
    },
  },
  log: { info: () => undefined },
} as unknown as WebDeps

const keep = (clientId?: string): Promise<void> => keepGrant(deps, agent, grant(clientId))
const kept = (): string | undefined => decode(stored?.data).refresh_token

describe('a new grant', () => {
  test('is kept where there was none', async () => {
    await keep()
    expect(kept()).toBe('new')
    expect(stored?.metadata.labels).toEqual(MANAGED_BY)
  })

  test('goes over what the leader writes between our read and our write', async () => {
    theyWrite({ refresh_token: 'old', access_token: 'a' })
    meanwhile = [() => theyWrite({ refresh_token: 'old', access_token: 'b' })]
    await keep()
    expect(kept()).toBe('new')
  })

  test('goes into the Secret that somebody else of us makes meanwhile', async () => {
    meanwhile = [() => theyWrite({ refresh_token: 'theirs' })]
    await keep()
    expect(kept()).toBe('new')
  })

  test('does not go into one that a stranger makes meanwhile', async () => {
    meanwhile = [() => theyWrite({ theirs: 'x' }, {})]
    await expect(keep()).rejects.toThrow('Secret booking/alice-google-grant exists and is not ours')
    expect(decode(stored?.data)).toEqual({ theirs: 'x' })
  })

  test('is given up where every try meets another write', async () => {
    theyWrite({ refresh_token: 'old' })
    meanwhile = Array.from({ length: 20 }, () => () => theyWrite({ refresh_token: 'old' }))
    await expect(keep()).rejects.toThrow('Conflict')
    expect(kept()).toBe('old')
  })
})

describe('the grant that it replaces', () => {
  const old = { refresh_token: 'old', account: 'alice@example.com', client_id: CLIENT }

  test.each([
    ['is revoked where it is of another project', old, OTHER_PROJECT, ['old']],
    ['is left alone where it is of the same client: revoking it would end the new one', old, CLIENT, []],
    ['is left alone where it is of the same project', old, SAME_PROJECT, []],
    ['is left alone where nobody knows whose it was', { refresh_token: 'old', client_id: CLIENT }, OTHER_PROJECT, []],
  ])('%s', async (_, values, clientId, expected) => {
    theyWrite(values)
    await keep(clientId)
    expect(revoked).toEqual(expected)
  })

  test('is left alone where another Agent lives on that account', async () => {
    agents = [agent, { ...agent, metadata: { ...agent.metadata, name: 'other' } }]
    theyWrite(old)
    await keep(OTHER_PROJECT)
    expect(revoked).toEqual([])
  })
})
