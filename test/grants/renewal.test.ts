/** When an access token is renewed, when Google is asked again after a refusal, and what people are told. */
import { beforeEach, describe, expect, test } from 'vitest'
import { isStepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import type { Grant } from '../../src/grants/grant.ts'
import type { GoogleFailure } from '../../src/google/port.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { marksOf } from '../../src/resources/ownership.ts'
import { Bench, CLIENT } from '../support/agent-bench.ts'
import { anAgent } from '../support/resources.ts'

const OWN = 'alice-google-grant'
const TOKEN = '1//0gAlice'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const PAGE = 'https://booking.example.com/google-calendar/sign-in/tag'

let bench: Bench

const gain = (force = false): Promise<Grant | StepFailure> => bench.gain(force)
const refreshes = (): number => bench.asked.filter(({ what }) => what === 'refresh').length

beforeEach(() => {
  bench = new Bench()
  bench.small.secret('alice-grant', { refresh_token: TOKEN })
})

/** An Agent whose person has signed in, as after a restart. */
function signedIn(values: Record<string, string> = {}): void {
  const alice = anAgent({ grantSecretRef: undefined })
  bench = new Bench(alice)
  const known = { refresh_token: TOKEN, account: 'alice@example.com', client_id: CLIENT }
  bench.small.secret(OWN, { ...known, ...values }, marksOf(alice, 'grant'))
}

/** The site belongs to another namespace: no page of it is for this Agent. */
function loseTheSite(): void {
  const lost = { type: 'SiteAccepted', status: 'False', reason: 'SiteConflict', message: '', lastTransitionTime: '' }
  bench.integration.status = { conditions: [lost] } as never
}

describe('a new access token', () => {
  test('of a new grant is written once, together with the account', async () => {
    await gain()
    expect(bench.small.writes).toEqual([`create Secret ${OWN}`])
    expect(bench.small.text(OWN)).toMatchObject({ account: 'alice@example.com', access_token: 'ya29.1' })
  })

  test('of a new grant is written once, too, if Google repeats the refresh token', async () => {
    bench.rotatesTo = TOKEN
    await gain()
    expect(bench.small.writes).toEqual([`create Secret ${OWN}`])
  })

  test('of a known account is written as soon as it is there', async () => {
    await gain()
    await bench.clock.advance(50 * MINUTE)
    expect(await bench.tokens.ensure(bench.request)).toBeUndefined()
    expect(bench.small.text(OWN).access_token).toBe('ya29.3')
  })

  test('is fetched at once when the credentials of the client have changed', async () => {
    await gain()
    bench.credentialsHash = 'another'
    await gain()
    expect(refreshes()).toBe(2)
    await gain()
    expect(refreshes()).toBe(2)
  })

  test('is fetched at once when the credentials change after a restart', async () => {
    signedIn({ access_token: 'ya29.kept', expires_at: '2026-11-23T11:00:00Z' })
    await gain()
    expect(refreshes()).toBe(0)
    bench.credentialsHash = 'another'
    await gain()
    expect(refreshes()).toBe(1)
  })
})

describe('a renewal that fails for a passing reason', () => {
  const PAST_DUE = 41 * MINUTE

  beforeEach(async () => {
    await gain()
    bench.refuses = { refresh: 'Unreachable' }
    await bench.clock.advance(PAST_DUE)
  })

  test('is tried again after pauses that double, up to the interval between two readings', async () => {
    bench.integration.spec.sync.interval = '1m'
    const gaps: number[] = []
    let last = -Infinity
    for (let elapsed = 0; elapsed < 3 * MINUTE; elapsed += 250) {
      const before = refreshes()
      await gain()
      if (refreshes() > before) {
        gaps.push(elapsed - last)
        last = elapsed
      }
      await bench.clock.advance(250)
    }
    expect(gaps.slice(1)).toEqual([750, 1_250, 2_250, 4_500, 9_000, 18_000, 45_000, 45_000, 45_000])
  })

  test('lets the calendars be read meanwhile, and says until when the token is good', async () => {
    await gain()
    expect(bench.known.lateRenewal?.stepFailure).toMatchObject({
      condition: 'Authorized',
      reason: 'GoogleUnreachable',
      message: expect.stringContaining('good until 2026-11-23T11:00:00Z') as string,
      requeue: { kind: 'wait', readsOn: true },
    })
  })

  test('is tried again at once when somebody asks for it', async () => {
    await gain()
    await gain(true)
    expect(refreshes()).toBe(3)
  })

  test('is tried again at once with other credentials', async () => {
    await gain()
    bench.credentialsHash = 'another'
    await gain()
    expect(refreshes()).toBe(3)
  })

  test('is forgotten when the next one succeeds', async () => {
    await gain()
    bench.refuses = {}
    await gain(true)
    expect(bench.known.lateRenewal).toBeUndefined()
    await gain(true)
    expect(refreshes()).toBe(3)
  })
})

describe('a grant that Google refuses', () => {
  const refused = async (refresh: GoogleFailure): Promise<void> => {
    signedIn()
    bench.refuses = { refresh }
    await gain()
  }

  test.each<[GoogleFailure, string]>([
    ['InvalidGrant', 'GrantRevoked'],
    ['SessionExpired', 'GrantExpired'],
    ['UnauthorizedClient', 'ClientChanged'],
    ['BlockedByAdmin', 'BlockedByAdmin'],
  ])('with %s is %s, and waits for a person', async (failure, reason) => {
    await refused(failure)
    const requeue = { kind: 'blocked', at: bench.clock.monotonic() + 5 * MINUTE }
    expect(await gain()).toMatchObject({ condition: 'Authorized', reason, requeue })
    expect(bench.known.refusal?.likelyCause).toBeTruthy()
    expect(refreshes()).toBe(1)
  })

  test('for a reason that is not known is tried again, and the grant is kept', async () => {
    signedIn()
    bench.refuses = { refresh: 'Unknown' }
    expect(await gain()).toMatchObject({ condition: 'Synced', reason: 'SyncFailed', requeue: { kind: 'retry' } })
    expect(bench.small.text(OWN).refresh_token).toBe(TOKEN)
    expect(bench.known.grant?.refreshToken).toBe(TOKEN)
  })

  test.each<GoogleFailure>(['InvalidClient', 'ClientDeleted'])(
    'with %s says nothing about the grant: it is the client’s fault',
    async (failure) => {
      signedIn()
      bench.refuses = { refresh: failure }
      await bench.tokens.load(bench.request)
      expect(await bench.tokens.ensure(bench.request)).toMatchObject({
        refused: 'OAuthClient',
        error: { failure },
      })
      expect(bench.known.refusal).toBeUndefined()
    },
  )

  test('is tried again at once with other credentials', async () => {
    await refused('InvalidGrant')
    bench.credentialsHash = 'another'
    await gain()
    expect(refreshes()).toBe(2)
  })

  test('is tried every five minutes for two hours, then every hour', async () => {
    await refused('InvalidGrant')
    const countIn = async (hours: number): Promise<number> => {
      const before = refreshes()
      for (let minutes = 0; minutes < hours * 60; minutes++) {
        await bench.clock.advance(MINUTE)
        await gain()
      }
      return refreshes() - before
    }
    expect(await countIn(2)).toBe(24)
    expect(await countIn(4)).toBe(4)
  })

  test('is reported with the current advice, although the refusal is remembered', async () => {
    await refused('InvalidGrant')
    expect(await gain()).toMatchObject({ message: expect.stringContaining(PAGE) as string })
    loseTheSite()
    const { message } = (await gain()) as StepFailure
    expect(message).not.toContain(PAGE)
    expect(message).toContain('put the new refresh token into a Secret')
  })

  test('that was supplied is to be replaced in its Secret', async () => {
    bench.refuses = { refresh: 'InvalidGrant' }
    const { message } = (await gain()) as StepFailure
    expect(message).toContain('put the new refresh token into Secret alice-grant')
    expect(message).not.toContain(PAGE)
  })
})

describe('a grant of another OAuth client', () => {
  test('is not sent to Google, and the message names both clients', async () => {
    signedIn({ client_id: '200000000002-b.apps.googleusercontent.com' })
    const result = await gain()
    const requeue = { kind: 'blocked', at: bench.clock.monotonic() + 5 * MINUTE }
    expect(result).toMatchObject({ condition: 'Authorized', reason: 'ClientChanged', requeue })
    const { message } = result as StepFailure
    expect(message).toContain(CLIENT)
    expect(message).toContain('200000000002-b')
    expect(message).toContain(`have the person open ${PAGE} and sign in again`)
    expect(bench.asked).toEqual([])
  })
})

describe('a bug in a client of Google’s', () => {
  test.each(['refresh', 'calendar'] as const)('in %s is thrown, and not taken for a refusal', async (method) => {
    const broken = { ...bench.client, [method]: () => Promise.reject(new RangeError('bug')) }
    await expect(bench.gain(false, broken)).rejects.toThrow('bug')
    expect(bench.known.refusal).toBeUndefined()
    // The next one continues as usual.
    expect(isStepFailure(await gain())).toBe(false)
  })
})

describe('a grant that cannot be written', () => {
  test('because of a bug stays in use, and the bug is thrown without its text', async () => {
    bench.rotatesTo = '1//0gRotated'
    bench.small.meanwhile = [() => void JSON.parse('1//0gSecret')]
    await expect(gain()).rejects.toMatchObject({ name: 'UnexpectedError', message: 'SyntaxError' })
    expect(bench.known.grant).toMatchObject({ refreshToken: '1//0gRotated', saved: false })
  })

  test('is written again after the pause that the API server asks for', async () => {
    bench.small.refuse = () => new ApiError('Unknown', 'busy', { retryAfterMs: 7_000 })
    await gain()
    expect(bench.known.unsaved?.requeue).toMatchObject({ kind: 'retry', notBefore: 7_000 })
  })
})

describe('an Agent without a grant', () => {
  test.each(['ensure', 'verify', 'renew'] as const)(
    'is told to sign in by %s, and looks again within an hour',
    async (step) => {
      bench = new Bench(anAgent({ grantSecretRef: undefined }))
      const refusal = await bench.tokens[step](bench.request)
      expect(refusal).toMatchObject({ reason: 'AwaitingSignIn', requeue: { kind: 'wait', for: HOUR } })
      expect((refusal as StepFailure).message).toContain(PAGE)
      expect(bench.known.grant).toBeUndefined()
    },
  )

  test('is not sent to a site that belongs to another namespace', async () => {
    bench = new Bench(anAgent({ grantSecretRef: undefined }))
    loseTheSite()
    expect(((await gain()) as StepFailure).message).not.toContain('https://')
  })
})

describe('an Agent that is deleted', () => {
  test('and created again under its name starts without the grant of the one before', async () => {
    await gain()
    bench.agent = { ...bench.agent, metadata: { ...bench.agent.metadata, uid: 'another' } }
    expect(bench.known.grant).toBeUndefined()
  })

  test('leaves nothing behind once it is forgotten', async () => {
    await gain()
    bench.tokens.forget('booking/alice')
    expect(bench.known.grant).toBeUndefined()
  })
})
