import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { beforeEach, describe, expect, test } from 'vitest'
import { suppliedGrant, type Grant } from '../../src/grants/grant.ts'
import type { GrantState } from '../../src/grants/grant-state.ts'
import { createTokenSource } from '../../src/grants/token-source.ts'
import type { Agent } from '../../src/resources/types.ts'
import { isStepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import { Bench } from '../support/agent-bench.ts'

const MINUTE = 60_000

let bench: Bench

beforeEach(() => {
  bench = new Bench()
  bench.small.secret('alice-grant', { refresh_token: '1//0gAlice' })
})

const gain = (force = false): Promise<Grant | StepFailure> => bench.gain(force)

const refreshes = (): number => bench.asked.filter(({ what }) => what === 'refresh').length

describe('what is kept of the grants of several Agents', () => {
  /** What is known of the grant of an Agent with this name. */
  async function gainFor(name: string): Promise<GrantState> {
    bench.agent = { ...bench.agent, metadata: { ...bench.agent.metadata, name, uid: name } }
    expect(await gain()).toMatchObject({ accessToken: expect.stringContaining('ya29.') as string })
    return bench.known
  }

  test('are their scopes once, if they are the same', async () => {
    const [one, other] = [await gainFor('anna'), await gainFor('ben')]
    expect(one.grant?.accessToken).not.toBe(other.grant?.accessToken)
    expect(one.grant?.scopes).toEqual(['https://www.googleapis.com/auth/calendar'])
    expect(other.grant?.scopes).toBe(one.grant?.scopes)
  })

  test('stays as it is where they share it, whatever is renewed', async () => {
    const consent = (detail: 'Busy' | 'Full') => ({ detail, accessToken: false, write: false, calendars: ['primary'] })
    const shared = Object.freeze(consent('Busy'))
    const granted = { ...suppliedGrant('1//0gAlice', '', { grantedAt: 0, now: 0 }), consent: shared }
    let grant: Grant = { ...granted, scopes: ['of anna'] }
    const store = { load: (_: Agent, before: GrantState) => ({ state: { ...before, grant } }) }
    const tokens = createTokenSource({ clock: bench.clock, store } as never)
    const load = (name: string) => tokens.load({ agent: { metadata: { name, uid: name } } } as never)
    await load('anna')
    grant = { ...granted, scopes: ['of ben'], consent: consent('Full') }
    await load('ben')
    grant = { ...granted, scopes: ['of anna', 'more'] }
    expect(await load('anna')).toBeUndefined()
  })

  test('needs no hidden class of its own for each Agent', async () => {
    setFlagsFromString('--allow-natives-syntax')
    const haveSameMap = runInThisContext('(a, b) => %HaveSameMap(a, b)') as (a: object, b: object) => boolean
    for (let n = 0; n < 20; n++) await gainFor(`agent${n}`)
    const [one, other] = [await gainFor('anna'), await gainFor('ben')]
    expect(haveSameMap(one, other)).toBe(true)
  })
})

describe('a grant that Google refuses', () => {
  beforeEach(async () => {
    await gain()
    await bench.clock.advance(50 * MINUTE)
    bench.refuses = { refresh: 'InvalidGrant' }
    expect(await gain()).toMatchObject({ reason: 'GrantRevoked' })
  })

  test('causes no request before the pause ends', async () => {
    await gain()
    await bench.clock.advance(4 * MINUTE)
    expect(await gain()).toMatchObject({ reason: 'GrantRevoked' })
    expect(refreshes()).toBe(2)
  })

  test('is tried again when the pause has ended', async () => {
    await bench.clock.advance(6 * MINUTE)
    await gain()
    expect(refreshes()).toBe(3)
  })

  test('is tried again when somebody asks for it', async () => {
    await gain(true)
    expect(refreshes()).toBe(3)
  })

  test('is tried again when the token has changed', async () => {
    bench.refuses = {}
    bench.small.secret('alice-grant', { refresh_token: '1//0gAnother' })
    expect(isStepFailure(await gain())).toBe(false)
    expect(bench.asked.at(-2)).toMatchObject({ what: 'refresh', token: '1//0gAnother' })
  })
})

describe('an account whose Google Calendar is switched off', () => {
  const lookups = (): number => bench.asked.filter(({ what }) => what === 'calendar').length

  beforeEach(async () => {
    // It has been waiting for its person for hours.
    await bench.clock.advance(3 * 60 * MINUTE)
    bench.refuses = { calendar: 'CalendarDisabled' }
    expect(await gain()).toMatchObject({ condition: 'Synced', reason: 'CalendarDisabled' })
  })

  test('is asked for every five minutes from then on, whatever triggers a reconcile', async () => {
    for (let minutes = 0; minutes < 30; minutes++) {
      await bench.clock.advance(MINUTE)
      expect(await gain()).toMatchObject({ reason: 'CalendarDisabled' })
    }
    expect(lookups()).toBe(1 + 6)
  })

  test('is asked for every hour after two hours', async () => {
    await bench.clock.advance(121 * MINUTE)
    await gain()
    await bench.clock.advance(59 * MINUTE)
    await gain()
    expect(lookups()).toBe(2)
    await bench.clock.advance(MINUTE)
    await gain()
    expect(lookups()).toBe(3)
  })

  test('is asked for at once when somebody asks for it, and for another grant', async () => {
    await gain(true)
    bench.small.secret('alice-grant', { refresh_token: '1//0gAnother' })
    await gain()
    expect(lookups()).toBe(3)
  })
})

describe('an access token', () => {
  test('is renewed once for concurrent callers', async () => {
    const gained = await Promise.all([gain(), gain(), gain()])
    expect(refreshes()).toBe(1)
    expect(new Set(gained)).toEqual(new Set([bench.known.grant]))
  })

  test.each([-3, 3])('keeps its end if the time of day is set by %d h while Google is asked', async (hours) => {
    const { client } = bench
    const meanwhile: typeof client = {
      ...client,
      refresh: (token) => {
        bench.clock.setTimeOfDay(hours * 60 * MINUTE)
        return client.refresh(token)
      },
    }
    await bench.gain(false, meanwhile)
    expect(bench.known.grant?.expiresAt).toBe(bench.clock.now() + 60 * MINUTE)
    await gain()
    expect(refreshes()).toBe(1)
  })

  test('is found without waiting for anything while it is valid and its Secret has not changed', async () => {
    await gain()
    const { tokens, request } = bench
    for (const step of ['load', 'ensure', 'verify'] as const) expect(tokens[step](request)).toBeUndefined()
  })

  const renewedAfter = async (chance: number): Promise<number> => {
    bench.chance = chance
    await gain()
    const since = bench.clock.now()
    while (refreshes() < 2) {
      await bench.clock.advance(5_000)
      await gain()
    }
    return bench.clock.now() - since
  }

  test('is renewed at two thirds of its lifetime', async () => {
    const after = await renewedAfter(0)
    expect(after).toBeGreaterThanOrEqual(40 * MINUTE - 1)
    expect(after).toBeLessThan(40 * MINUTE + 10_000)
  })

  test('is renewed up to a twentieth of its lifetime earlier, by chance, so that agents spread out', async () => {
    const after = await renewedAfter(0.999)
    expect(after).toBeGreaterThanOrEqual(37 * MINUTE - 1)
    expect(after).toBeLessThan(37 * MINUTE + 20_000)
  })
})

describe('a renewal', () => {
  test('that fails for a passing reason leaves the token in use, for as long as that is valid and no longer', async () => {
    await gain()
    bench.refuses = { refresh: 'Unreachable' }
    await bench.clock.advance(45 * MINUTE)
    expect(isStepFailure(await gain())).toBe(false)
    expect(bench.known.grant?.accessToken).toBe('ya29.1')
    await bench.clock.advance(16 * MINUTE)
    expect(await gain()).toMatchObject({ condition: 'Authorized', reason: 'GoogleUnreachable' })
  })

  test('whose answer repeats neither the scopes nor the end of the grant changes neither', async () => {
    const grantExpiresAt = bench.clock.now() + 7 * 24 * 60 * MINUTE
    bench.answer = { grantExpiresAt }
    await gain()
    const { scopes } = bench.known.grant ?? {}
    bench.answer = { scopes: undefined }
    await bench.clock.advance(45 * MINUTE)
    await gain()
    expect(refreshes()).toBe(2)
    expect(bench.known.grant).toMatchObject({ scopes, grantExpiresAt })
  })
})

describe('an account whose Google Calendar is switched off', () => {
  test('is reported at the account check, and says nothing about the grant', async () => {
    bench.refuses = { calendar: 'CalendarDisabled' }
    expect(await gain()).toMatchObject({
      condition: 'Synced',
      reason: 'CalendarDisabled',
      requeue: { kind: 'blocked' },
    })
    bench.refuses = {}
    await bench.clock.advance(5 * MINUTE)
    expect(isStepFailure(await gain())).toBe(false)
  })
})
