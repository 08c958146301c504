/** What the sign-in pages and a deletion learn from grant Secrets: never from one that is not this Agent's. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { TokenSource } from '../../src/grants/port.ts'
import { GrantStore } from '../../src/grants/grant-store.ts'
import { revokeAll } from '../../src/grants/revocation.ts'
import { GoogleError } from '../../src/google/port.ts'
import { MANAGED_BY, NOT_YET_CHECKED, SIGNED_IN_BY } from '../../src/resources/names.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import type { Agent } from '../../src/resources/types.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

const OWN = 'alice-google-grant'
const CLIENT = '100000000001-a.apps.googleusercontent.com'
const OTHER_CLIENT = '100000000001-b.apps.googleusercontent.com'
const alice = anAgent()
const marks = marksOf(alice, 'grant')
const consent = { detail: 'Full', accessToken: true, write: false, calendars: ['primary'] }
const values = {
  refresh_token: '1//0gAlice',
  account: 'alice@example.com',
  client_id: CLIENT,
  consent: JSON.stringify(consent),
}

let small: SmallCluster
let grants: GrantStore

beforeEach(() => {
  small = new SmallCluster()
  small.agents = [alice]
  grants = new GrantStore({ cluster: small.cluster, clock: new ManualClock() })
})

describe('an Agent’s own grant', () => {
  beforeEach(() => {
    small.secret(OWN, values, { ...marks, annotations: { ...marks.annotations, [SIGNED_IN_BY]: 'attempt' } })
  })

  test('is known, and read with what it was authorized with', async () => {
    const authorized = { token: '1//0gAlice', account: 'alice@example.com', clientId: CLIENT }
    expect(grants.known(alice)?.metadata.name).toBe(OWN)
    expect(await grants.read(alice)).toMatchObject({ signedInBy: 'attempt', authorized })
    expect(await grants.readToReplace(alice)).toMatchObject({ signedInBy: 'attempt', authorized })
  })

  test('says what its person consented to', async () => {
    expect(await grants.readConsent(alice)).toEqual(consent)
  })

  test('is deleted in the version that was read', async () => {
    const read = await grants.read(alice)
    await grants.delete(read!)
    expect(small.writes).toEqual([`delete Secret ${OWN}`])
    expect(small.get('Secret', OWN)).toBeUndefined()
  })
})

test('A grant without a record of consent says nothing about it', async () => {
  small.secret(OWN, { refresh_token: '1//0gAlice' }, marks)
  expect(await grants.readConsent(alice)).toBeUndefined()
})

test.each([
  ['without a refresh token', { account: 'alice@example.com' }, {}],
  ['that never passed its checks', values, { [NOT_YET_CHECKED]: 'true' }],
])('A grant %s authorizes nobody', async (_, data, annotations) => {
  small.secret(OWN, data, { ...marks, annotations: { ...marks.annotations, ...annotations } })
  expect((await grants.read(alice))?.authorized).toBeUndefined()
})

test('An object of 0.1.0 without a refresh token is no grant', async () => {
  small.secret(OWN, { account: 'alice@example.com' }, { labels: MANAGED_BY })
  expect(await grants.read(alice)).toBeUndefined()
})

test('An Agent without a grant has nothing to read', async () => {
  expect(grants.known(alice)).toBeUndefined()
  expect(await grants.read(alice)).toBeUndefined()
  expect(await grants.readToReplace(alice)).toBeUndefined()
  expect(await grants.readConsent(alice)).toBeUndefined()
})

const RENAME = 'rename or delete that Secret, or rename the Agent'

describe.each([
  ['of another Agent', marksOf({ metadata: { name: 'bob' } }, 'grant'), RENAME],
  ['of somebody else', {}, RENAME],
  [
    'with a controller',
    { ...marks, ownerReferences: withController([], anAgent({}, 'bob')) },
    'remove its owner reference to Agent bob before Agent bob is deleted',
  ],
])('a Secret %s under the name of the grant', (_, metadata, advice) => {
  test('is not known, not read, and never replaced', async () => {
    small.secret(OWN, values, metadata)
    expect(grants.known(alice)).toBeUndefined()
    expect(await grants.read(alice)).toBeUndefined()
    expect(await grants.readConsent(alice)).toBeUndefined()
    await expect(grants.readToReplace(alice)).rejects.toThrow(`is left alone: ${advice}`)
  })
})

describe('a grant that is revoked with its Agent', () => {
  const again = (spec: Partial<Agent['spec']> = {}, metadata: object = {}): Agent => {
    const other = anAgent({ account: 'alice@example.com', ...spec }, 'again')
    return { ...other, metadata: { ...other.metadata, ...metadata } }
  }
  const authorized = { token: '1//0gAlice', account: 'alice@example.com', clientId: CLIENT }

  let revoked: string[]
  let answer: () => Promise<void>

  const google = { revoke: (token: string) => (revoked.push(token), answer()) }
  const noTokens = {} as TokenSource

  const revoke = (grant: Partial<typeof authorized> = {}) =>
    revokeAll({ grants, cluster: small.cluster, tokens: noTokens, google }, alice, {
      grants: [{ ...authorized, ...grant }],
      through: undefined,
    })

  beforeEach(() => {
    revoked = []
    answer = () => Promise.resolve()
    small.secret(OWN, values, marks)
  })

  test('is revoked if nobody else uses it', async () => {
    expect(await revoke()).toEqual({ shared: false, undecided: false })
    expect(revoked).toEqual(['1//0gAlice'])
  })

  test.each<[string, Record<string, string>]>([
    ['the same client', { client_id: CLIENT }],
    ['a client that is not known', {}],
  ])('is left if another Agent of that account has a grant of %s', async (_, more) => {
    small.agents = [alice, again()]
    small.secret('again-google-grant', { refresh_token: 'x', ...more }, marksOf(again(), 'grant'))
    expect(await revoke()).toEqual({ shared: true, undecided: false })
    expect(revoked).toEqual([])
  })

  test('is left if its own client is not known, and another Agent of that account has a grant', async () => {
    small.agents = [alice, again()]
    small.secret('again-google-grant', { refresh_token: 'x', client_id: OTHER_CLIENT }, marksOf(again(), 'grant'))
    expect(await revoke({ clientId: undefined as never })).toEqual({ shared: true, undecided: false })
  })

  test.each<[string, Agent, Record<string, string>, object]>([
    [
      'has a grant of another client',
      again(),
      { refresh_token: 'x', client_id: OTHER_CLIENT },
      marksOf(again(), 'grant'),
    ],
    ['has a Secret without a token', again(), { client_id: CLIENT }, marksOf(again(), 'grant')],
    ['has a Secret of somebody else under its grant’s name', again(), { refresh_token: 'x', client_id: CLIENT }, {}],
    [
      'is being deleted',
      again({}, { deletionTimestamp: '2026-11-23T10:00:00Z' }),
      { refresh_token: 'x', client_id: CLIENT },
      marksOf(again(), 'grant'),
    ],
  ])('is revoked if the other Agent of that account %s', async (_, other, data, metadata) => {
    small.agents = [alice, other]
    small.secret('again-google-grant', data, metadata)
    expect(await revoke()).toEqual({ shared: false, undecided: false })
    expect(revoked).toEqual(['1//0gAlice'])
  })

  test('is revoked if another Agent has a grant of another account', async () => {
    small.agents = [alice, anAgent({}, 'bob')]
    const bobs = { refresh_token: 'x', account: 'bob@example.com', client_id: CLIENT }
    small.secret('bob-google-grant', bobs, marksOf(anAgent({}, 'bob'), 'grant'))
    expect(await revoke()).toEqual({ shared: false, undecided: false })
  })

  test('is left if another Agent of that account is authorized, whatever became of its Secret', async () => {
    const conditions = [{ type: 'Authorized', status: 'True' }]
    small.agents = [alice, { ...again(), status: { conditions } as never }]
    expect(await revoke()).toEqual({ shared: true, undecided: false })
  })

  test('that Google refuses to revoke is reported', async () => {
    const away = new GoogleError('Unreachable', 'away')
    answer = () => Promise.reject(away)
    expect(await revoke()).toEqual({ shared: false, undecided: false, failed: away })
  })

  test('throws a bug instead of calling it Google’s refusal', async () => {
    answer = () => Promise.reject(new RangeError('bug'))
    await expect(revoke()).rejects.toThrow('bug')
  })
})
