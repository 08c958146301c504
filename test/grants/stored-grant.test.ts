/** What a grant Secret says is used as it is: after a restart, and after somebody has edited it. */
import { beforeEach, describe, expect, test } from 'vitest'
import { isStepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { CONSENT_IS_GUESS, NOT_YET_CHECKED, SIGNED_IN_BY } from '../../src/resources/names.ts'
import { marksOf } from '../../src/resources/ownership.ts'
import { Bench, CLIENT } from '../support/agent-bench.ts'
import { anAgent } from '../support/resources.ts'

const OWN = 'alice-google-grant'
const TOKEN = '1//0gAlice'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const alice = anAgent({ grantSecretRef: undefined })
const marks = marksOf(alice, 'grant')
const full = { detail: 'Full', accessToken: true, write: false, calendars: ['primary'] }

let bench: Bench
/** The names of the Secrets that were read. */
let reads: string[]

const at = (ms: number): string => new Date(bench.clock.now() + ms).toISOString()

/** The Secret of a grant in use, whose access token ends in an hour. */
const values = (more: Record<string, string> = {}): Record<string, string> => ({
  refresh_token: TOKEN,
  account: 'alice@example.com',
  client_id: CLIENT,
  scope: 'https://www.googleapis.com/auth/calendar',
  granted_at: at(-2 * DAY),
  access_token: 'ya29.kept',
  expires_at: at(HOUR),
  ...more,
})

const without = (...keys: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(values()).filter(([key]) => !keys.includes(key)))

const annotated = (...names: string[]) => ({
  ...marks,
  annotations: { ...marks.annotations, ...Object.fromEntries(names.map((name) => [name, 'true'])) },
})

const store = (data: Record<string, string>, metadata: object = marks): void =>
  void bench.small.secret(OWN, data, metadata)

const gain = (force = false): Promise<Grant | StepFailure> => bench.gain(force)
const refreshes = (): number => bench.asked.filter(({ what }) => what === 'refresh').length
const own = () => bench.small.get('Secret', OWN)

beforeEach(() => {
  bench = new Bench(alice)
  reads = []
  bench.small.refuseRead = (name) => void reads.push(name)
})

describe('after a restart', () => {
  test('a grant is used without a request to Google, and without a write', async () => {
    store(values({ consent: JSON.stringify(full) }), annotated(SIGNED_IN_BY))
    expect(await gain()).toMatchObject({ accessToken: 'ya29.kept', consent: full, checked: true })
    expect(await gain()).toMatchObject({ accessToken: 'ya29.kept' })
    expect(bench.asked).toEqual([])
    expect(bench.small.writes).toEqual([])
    expect(reads).toEqual([OWN])
  })

  test('the access token is renewed when two thirds of its remaining life have passed', async () => {
    store(values({ expires_at: at(30 * MINUTE) }))
    await gain()
    await bench.clock.advance(19 * MINUTE)
    await gain()
    expect(refreshes()).toBe(0)
    await bench.clock.advance(MINUTE)
    await gain()
    expect(refreshes()).toBe(1)
  })

  test('an access token that claims a longer life than Google gives is renewed at once', async () => {
    store(values({ expires_at: at(2 * HOUR) }))
    await gain()
    expect(refreshes()).toBe(1)
  })

  test.each(['access_token', 'expires_at'])('a grant without its %s is renewed at once', async (key) => {
    store(without(key))
    expect(await gain()).toMatchObject({ accessToken: 'ya29.1' })
  })

  test('a grant that was not checked yet is checked, and marked so', async () => {
    store(values(), annotated(NOT_YET_CHECKED))
    await bench.tokens.load(bench.request)
    expect(bench.known.grant).toMatchObject({ checked: false })
    await gain()
    expect(bench.known.grant).toMatchObject({ checked: true })
    expect(own()?.metadata.annotations?.[NOT_YET_CHECKED]).toBeUndefined()
  })

  test('the last use of the grant is known from the end of its access token', async () => {
    store(values({ expires_at: at(HOUR) }))
    expect(await gain()).toMatchObject({ lastUsedAt: bench.clock.now() })
  })

  test.each([
    ['ends too late', { expires_at: '2026-11-23T12:00:00Z' }],
    ['ends at no known time', { expires_at: 'soon' }],
  ])('the last use of a grant whose access token %s is not known', async (_, more) => {
    store(values(more))
    await bench.tokens.load(bench.request)
    expect(bench.known.grant).toMatchObject({ refreshToken: TOKEN, lastUsedAt: undefined })
  })
})

describe('the time of consent', () => {
  test.each([
    ['a fact', [], false],
    ['a guess where that is noted', [CONSENT_IS_GUESS], true],
  ])('that the Secret states is %s', async (_, names, grantedAtIsGuess) => {
    store(values(), annotated(...names))
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now() - 2 * DAY, grantedAtIsGuess })
    expect(bench.small.writes).toEqual([])
  })

  test('is a fact in a Secret without annotations, and stays one', async () => {
    store(values(), { labels: marks.labels })
    expect(await gain()).toMatchObject({ grantedAtIsGuess: false })
    expect(own()?.metadata.annotations?.[CONSENT_IS_GUESS]).toBeUndefined()
  })

  test('is guessed to be the creation of a Secret that states none', async () => {
    store(without('granted_at'), { ...marks, creationTimestamp: at(-3 * DAY) })
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now() - 3 * DAY, grantedAtIsGuess: true })
  })

  test('is guessed to be now if nothing says when', async () => {
    store(without('granted_at'))
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now(), grantedAtIsGuess: true })
  })

  test('is guessed to be now, not the creation, if the Secret states one in the future', async () => {
    store(values({ granted_at: at(DAY) }), { ...marks, creationTimestamp: at(-3 * DAY) })
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now(), doubtedGrantedAt: bench.clock.now() + DAY })
  })
})

describe('the end of a grant', () => {
  test('that the Secret states is known', async () => {
    store(values({ grant_expires_at: at(7 * DAY) }))
    expect(await gain()).toMatchObject({ grantExpiresAt: bench.clock.now() + 7 * DAY })
  })

  test('that Google states is kept in the Secret', async () => {
    store(without('access_token'))
    bench.answer = { grantExpiresAt: bench.clock.now() + 7 * DAY }
    await gain()
    expect(Date.parse(bench.small.text(OWN).grant_expires_at ?? '')).toBe(bench.clock.now() + 7 * DAY)
  })

  test('is left out of the Secret where nobody stated it', async () => {
    store(without('access_token'))
    await gain()
    expect(bench.small.text(OWN)).not.toHaveProperty('grant_expires_at')
  })

  test('in the year 9999 is not believed', async () => {
    store(values({ grant_expires_at: '9999-12-31T00:00:00Z' }))
    expect((await gain()) as Grant).toHaveProperty('grantExpiresAt', undefined)
  })
})

describe('an edited Secret', () => {
  test('does not bring the renewal of its access token forward', async () => {
    store(values())
    await gain()
    const { renewAt } = bench.known.grant!
    await bench.clock.advance(20 * MINUTE)
    store(values({ note: 'x' }))
    expect(await gain()).toMatchObject({ renewAt, accessToken: 'ya29.kept' })
    expect(reads).toEqual([OWN, OWN])
    expect(bench.asked).toEqual([])
  })

  test('brings another access token into use', async () => {
    store(values())
    await gain()
    store(values({ access_token: 'ya29.another', expires_at: at(50 * MINUTE) }))
    const expected = { accessToken: 'ya29.another', expiresAt: bench.clock.now() + 50 * MINUTE }
    expect(await gain()).toMatchObject(expected)
    expect(bench.known.generation).toBe(1)
  })

  test('brings a corrected time of consent into use', async () => {
    store(values())
    await gain()
    store(values({ granted_at: at(-5 * DAY) }))
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now() - 5 * DAY })
  })

  test('with another refresh token is another grant', async () => {
    store(values())
    await gain()
    const { generation } = bench.known
    store(values({ refresh_token: '1//0gOther' }))
    expect(await gain()).toMatchObject({ refreshToken: '1//0gOther' })
    expect(bench.known.generation).not.toBe(generation)
  })

  test('with another refresh token replaces one that could not be saved: a person has signed in again', async () => {
    store(without('access_token'))
    bench.rotatesTo = '1//0gRotated'
    bench.small.refuse = () => new ApiError('Unreachable', 'away')
    expect(await gain()).toMatchObject({ refreshToken: '1//0gRotated', saved: false })
    bench.rotatesTo = undefined
    bench.small.refuse = undefined
    store(values({ refresh_token: '1//0gSignedIn', access_token: 'ya29.signed-in' }))
    expect(await gain()).toMatchObject({ refreshToken: '1//0gSignedIn', accessToken: 'ya29.signed-in' })
    expect(bench.small.text(OWN).refresh_token).toBe('1//0gSignedIn')
  })

  test('without a refresh token leaves no grant', async () => {
    store(values())
    await gain()
    store(without('refresh_token'))
    expect(await gain()).toMatchObject({ condition: 'Authorized', reason: 'AwaitingSignIn' })
    expect(bench.known.grant).toBeUndefined()
    expect(bench.asked).toEqual([])
  })

  test('does not cut the pause after a refusal short', async () => {
    store(without('access_token'))
    bench.refuses = { refresh: 'InvalidGrant' }
    expect(await gain()).toMatchObject({ reason: 'GrantRevoked' })
    store({ ...without('access_token'), note: 'x' })
    expect(await gain()).toMatchObject({ reason: 'GrantRevoked' })
    expect(refreshes()).toBe(1)
  })

  test('gets its marks back, and the recorded consent stays as it is', async () => {
    const consent = JSON.stringify(full)
    store(values({ consent }), { labels: marks.labels, annotations: { [SIGNED_IN_BY]: 'x' } })
    await gain()
    expect(own()?.metadata.annotations).toMatchObject(marks.annotations)
    expect(bench.small.text(OWN).consent).toBe(consent)
  })

  test('gets its marks back as soon as the API server takes the write, though Google is away', async () => {
    store(without('access_token'), { labels: marks.labels })
    bench.refuses = { refresh: 'Unreachable' }
    bench.small.refuse = () => new ApiError('Forbidden', 'no')
    await gain()
    expect(own()?.metadata.annotations).toBeUndefined()
    bench.small.refuse = undefined
    await gain()
    expect(own()?.metadata.annotations).toMatchObject(marks.annotations)
  })
})

describe('a deleted Secret', () => {
  const remove = (): boolean => bench.small.objects.delete(`Secret/booking/${OWN}`)

  test('takes the grant out of use, and what is to be revoked is remembered', async () => {
    store(values({ consent: JSON.stringify(full) }))
    await gain()
    remove()
    const expected = { condition: 'Authorized', reason: 'AwaitingSignIn', requeue: { kind: 'wait', for: HOUR } }
    expect(await gain()).toMatchObject(expected)
    expect(bench.known.grant).toBeUndefined()
    expect(bench.known).toMatchObject({
      pendingRevocation: { token: TOKEN, account: 'alice@example.com', clientId: CLIENT },
      lastConsent: full,
    })
    // It is remembered for as long as nothing replaces it.
    expect(await gain()).toMatchObject(expected)
    expect(bench.known).toMatchObject({ pendingRevocation: { token: TOKEN }, lastConsent: full })
  })

  test('of a grant that never passed its checks leaves nothing to revoke', async () => {
    store(values({ account: 'bob@example.com' }), annotated(NOT_YET_CHECKED))
    expect(await gain()).toMatchObject({ reason: 'WrongAccount' })
    remove()
    await gain()
    expect(bench.known.grant).toBeUndefined()
    expect(bench.known.pendingRevocation).toBeUndefined()
  })

  test('that is gone before it can be read takes the grant out of use, too', async () => {
    store(values())
    await gain()
    store(values())
    bench.small.refuseRead = () => (remove(), undefined)
    expect(await gain()).toMatchObject({ reason: 'AwaitingSignIn' })
    expect(bench.known.grant).toBeUndefined()
  })

  test('of a supplied grant is made again from the supplied token', async () => {
    bench = new Bench()
    bench.small.secret('alice-grant', { refresh_token: TOKEN })
    await gain()
    remove()
    expect(isStepFailure(await gain())).toBe(false)
    expect(refreshes()).toBe(2)
    expect(bench.small.text(OWN).refresh_token).toBe(TOKEN)
  })

  test('of a supplied grant whose write the API server refuses changes nothing: it is used from memory', async () => {
    bench = new Bench()
    bench.small.secret('alice-grant', { refresh_token: TOKEN })
    bench.rotatesTo = '1//0gRotated'
    bench.small.refuse = () => new ApiError('Forbidden', 'no')
    await gain()
    expect(await gain()).toMatchObject({ refreshToken: '1//0gRotated' })
    expect(refreshes()).toBe(1)
  })
})
