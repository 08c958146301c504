/** Whose grant it is, and whether its scopes suffice: before it is used for anything else. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { StepFailure } from '../../src/failures/step-failure.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { GoogleError, type GoogleClient, type GoogleFailure } from '../../src/google/port.ts'
import { NOT_YET_CHECKED } from '../../src/resources/names.ts'
import { Bench } from '../support/agent-bench.ts'

const OWN = 'alice-google-grant'
const MINUTE = 60_000
const CALENDAR = 'https://www.googleapis.com/auth/calendar'
const EVENTS = 'https://www.googleapis.com/auth/calendar.events'

let bench: Bench

const gain = (force = false): Promise<Grant | StepFailure> => bench.gain(force)
const asked = (): string[] => bench.asked.map(({ what }) => what)
const inFiveMinutes = () => ({ kind: 'blocked', at: bench.clock.monotonic() + 5 * MINUTE })
const isMarkedUnchecked = (): boolean =>
  bench.small.get('Secret', OWN)?.metadata.annotations?.[NOT_YET_CHECKED] === 'true'

beforeEach(() => {
  bench = new Bench()
  bench.small.secret('alice-grant', { refresh_token: '1//0gAlice' })
})

describe('the scopes', () => {
  test('that are missing are named, and Google is not asked for the account', async () => {
    bench.answer = { scopes: [EVENTS] }
    const result = await gain()
    expect(result).toMatchObject({ condition: 'Authorized', reason: 'ScopeMissing', requeue: inFiveMinutes() })
    expect((result as StepFailure).message).toContain(`lacks ${CALENDAR}:`)
    expect((result as StepFailure).message).toContain('with every permission ticked')
    expect(asked()).toEqual(['refresh'])
    expect(bench.known.grant?.checked).toBe(false)
  })

  test('that Google does not name are taken to be there', async () => {
    bench.answer = { scopes: undefined }
    expect(await gain()).toMatchObject({ account: 'alice@example.com', checked: true })
  })
})

describe('the account', () => {
  test('of somebody else is named together with spec.account, and the grant stays unchecked', async () => {
    bench.account = 'mallory@example.com'
    const result = await gain()
    expect(result).toMatchObject({ condition: 'Authorized', reason: 'WrongAccount', requeue: inFiveMinutes() })
    const { message } = result as StepFailure
    expect(message).toContain('belongs to mallory@example.com, but spec.account says alice@example.com')
    expect(bench.known.grant?.checked).toBe(false)
    expect(bench.small.get('Secret', OWN)).toBeUndefined()
  })

  test('is asked for once', async () => {
    await gain()
    await bench.clock.advance(50 * MINUTE)
    await gain()
    expect(asked()).toEqual(['refresh', 'calendar', 'refresh'])
  })

  test('is asked for again with a new access token if Google refuses the first one', async () => {
    const { client } = bench
    const once: GoogleClient = {
      ...client,
      calendar: async (token, id) => {
        const found = await client.calendar(token, id)
        if (token === 'ya29.1') throw new GoogleError('Unauthenticated', 'no')
        return found
      },
    }
    expect(await bench.gain(false, once)).toMatchObject({ account: 'alice@example.com', accessToken: 'ya29.3' })
    expect(asked()).toEqual(['refresh', 'calendar', 'refresh', 'calendar'])
    expect(bench.small.text(OWN)).toMatchObject({ account: 'alice@example.com', access_token: 'ya29.3' })
  })

  test('is asked for twice at most, and the new access token is kept', async () => {
    bench.refuses = { calendar: 'Unauthenticated' }
    expect(await gain()).toMatchObject({ condition: 'Synced', reason: 'SyncFailed', requeue: { kind: 'retry' } })
    expect(asked()).toEqual(['refresh', 'calendar', 'refresh', 'calendar'])
    expect(bench.known.grant).toMatchObject({ refreshToken: '1//0gAlice', accessToken: 'ya29.3' })
  })

  test('is not known if Google refuses to renew the access token that it did not take', async () => {
    bench.refuses = { calendar: 'Unauthenticated' }
    await bench.tokens.load(bench.request)
    await bench.tokens.ensure(bench.request)
    bench.refuses = { calendar: 'Unauthenticated', refresh: 'InvalidGrant' }
    expect(await bench.tokens.verify(bench.request)).toMatchObject({ reason: 'GrantRevoked' })
    expect(asked()).toEqual(['refresh', 'calendar', 'refresh'])
  })

  test('is not known while the Calendar API is switched off for the whole project', async () => {
    bench.refuses = { calendar: 'APIDisabled' }
    await bench.tokens.load(bench.request)
    await bench.tokens.ensure(bench.request)
    expect(await bench.tokens.verify(bench.request)).toEqual({ refused: 'CalendarAPI' })
    expect(bench.known.grant).toMatchObject({ accessToken: 'ya29.1', checked: false })
  })

  test.each<[GoogleFailure, string]>([
    ['Unreachable', 'GoogleUnreachable'],
    ['RateLimited', 'RateLimited'],
    ['Unknown', 'SyncFailed'],
  ])('is asked for again after %s (%s)', async (failure, reason) => {
    bench.refuses = { calendar: failure }
    expect(await gain()).toMatchObject({ reason, requeue: { kind: 'retry' } })
    bench.refuses = {}
    expect(await gain()).toMatchObject({ account: 'alice@example.com' })
    expect(asked()).toEqual(['refresh', 'calendar', 'calendar'])
  })
})

describe('scopes that don’t reach the calendar list', () => {
  beforeEach(() => {
    bench.refuses = { calendar: 'ScopeInsufficient' }
  })

  test('are enough if the integration asks for no more: the account stays unknown, and is not asked for again', async () => {
    expect(await gain()).toMatchObject({ accountHidden: true, checked: true, refreshToken: '1//0gAlice' })
    expect(isMarkedUnchecked()).toBe(false)
    expect(bench.small.text(OWN)).not.toHaveProperty('account')
    await gain()
    expect(asked()).toEqual(['refresh', 'calendar'])
  })

  test('are insufficient if Google never named the granted scopes', async () => {
    bench.answer = { scopes: undefined }
    const result = await gain()
    expect(result).toMatchObject({ condition: 'Authorized', reason: 'ScopeMissing', requeue: inFiveMinutes() })
    expect(bench.known.grant?.checked).toBe(false)
  })
})
