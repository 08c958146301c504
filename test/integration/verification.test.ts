/** When a client is verified: once a day while it is valid, slowly while it is refused, whatever triggers its integration. */
import { beforeEach, describe, expect, test } from 'vitest'
import { GoogleError, type GoogleFailure } from '../../src/google/port.ts'
import type { IntegrationDeps } from '../../src/integration/port.ts'
import { currentVerification, type KnownClient } from '../../src/integration/state.ts'
import { isVerificationDue, verifyClient } from '../../src/integration/verification.ts'
import { ManualClock } from '../support/clock.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

let clock: ManualClock
let state: KnownClient
let asked: number
let answer: GoogleFailure | undefined
let retryAfterMs: number | undefined

const FILE = { clientId: '1-a.apps.googleusercontent.com', clientSecret: 's', stripped: [] }

const credentials = (hash: string): KnownClient['client'] => ({ kind: 'usable', version: hash, file: FILE, hash })

beforeEach(() => {
  clock = new ManualClock()
  state = { client: credentials('a') }
  asked = 0
  answer = retryAfterMs = undefined
})

const deps = (): IntegrationDeps => {
  const client = {
    verify: async () => {
      asked++
      if (answer) throw new GoogleError(answer, 'refused', { retryAfterMs })
    },
  }
  return { clock, random: () => 0.5, google: { client: () => client } } as unknown as IntegrationDeps
}

/** The integration is woken: is Google asked? */
async function wake({ requested = false, isSuspect = false, longest = 5 * MINUTE } = {}): Promise<boolean> {
  const known = currentVerification(state)
  if (!isVerificationDue(known, { clock, isRequested: requested, isSuspect })) return false
  const hash = state.client.kind === 'usable' ? state.client.hash : ''
  const request = { file: FILE, hash, known, wasVerified: false, longestMs: longest }
  state = { ...state, verification: await verifyClient(deps(), request) }
  return true
}

/** It is woken every ten seconds: how often is Google asked? */
async function timesIn(duration: number): Promise<number> {
  const before = asked
  for (let passed = 0; passed < duration; passed += 10 * SECOND) {
    await clock.advance(10 * SECOND)
    await wake()
  }
  return asked - before
}

describe('a client that Google accepts', () => {
  beforeEach(() => wake())

  test('is verified again after a day, and not before', async () => {
    await clock.advance(24 * HOUR - SECOND)
    expect(await wake()).toBe(false)
    await clock.advance(SECOND)
    expect(await wake()).toBe(true)
  })

  test.each([-48, 48])('is so whatever the time of day: set by %s hours', async (hours) => {
    clock.setTimeOfDay(hours * HOUR)
    expect(await wake()).toBe(false)
    await clock.advance(24 * HOUR)
    expect(await wake()).toBe(true)
  })

  test('is verified at once if it is another one, or if somebody requests it', async () => {
    state = { ...state, client: credentials('b') }
    expect([await wake(), await wake(), await wake({ requested: true })]).toEqual([true, false, true])
  })

  test('is verified once for all agents that meet a refusal together', async () => {
    await clock.advance(MINUTE)
    expect([await wake({ isSuspect: true }), await wake({ isSuspect: true })]).toEqual([true, false])
    await clock.advance(10 * SECOND)
    expect(await wake({ isSuspect: true })).toBe(true)
  })

  test('stays good while Google is away', async () => {
    answer = 'Unreachable'
    await wake({ requested: true })
    expect(state.verification?.finding.reason).toBe('Proved')
  })
})

describe('a client that Google refuses', () => {
  beforeEach(() => {
    answer = 'InvalidClient'
    return wake()
  })

  test('is asked about every five minutes in the first two hours, and hourly then, however often it is woken', async () => {
    expect(await timesIn(2 * HOUR)).toBe(24)
    expect(await timesIn(3 * HOUR)).toBe(3)
  })

  test('is asked about often again when it is another one', async () => {
    await timesIn(3 * HOUR)
    state = { ...state, client: credentials('b') }
    await wake()
    expect(await timesIn(10 * MINUTE)).toBe(2)
  })
})

test('a client that Google does not answer about is asked about with a backoff, as long as the interval at most', async () => {
  answer = 'Unreachable'
  await wake({ longest: MINUTE })
  let times = 0
  for (let passed = 0; passed < 10 * MINUTE; passed += SECOND) {
    await clock.advance(SECOND)
    if (await wake({ longest: MINUTE })) times++
  }
  expect(times).toBeGreaterThan(10)
  expect(await wake({ isSuspect: true })).toBe(false)
  expect(times).toBeLessThan(25)
})
