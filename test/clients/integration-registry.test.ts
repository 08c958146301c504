/** Who finds out whether a switched-off API is on again. */
import { beforeEach, describe, expect, test } from 'vitest'
import { agentClient } from '../../src/clients/agent-client.ts'
import { Bypass } from '../../src/google/bypass.ts'
import { GoogleError, type GoogleClient, type GoogleFailure } from '../../src/google/port.ts'
import { createIntegrationRegistry } from '../../src/clients/integration-registry.ts'
import type { IntegrationRegistry } from '../../src/clients/port.ts'
import { ManualClock } from '../support/clock.ts'

const MINUTE = 60_000

let clock: ManualClock
let registry: IntegrationRegistry
let permitted: boolean

beforeEach(() => {
  clock = new ManualClock()
  registry = createIntegrationRegistry(clock)
  permitted = true
  const client = { tryBypass: () => permitted } as unknown as GoogleClient
  const entry = { credentialsHash: 'a', ready: false, apiDisabled: true, siteAccepted: true, message: '' }
  registry.put('a/google', { ...entry, client })
  registry.report('a/google', { api: 'Disabled' })
})

const probe = (bypass?: Bypass): (() => void) | undefined => registry.tryAcquireProbe('a/google', bypass)

/** What the agents' client makes of an answer of Google's. */
async function meets(failure: GoogleFailure | undefined, bypass?: Bypass): Promise<string> {
  const calendar = async (): Promise<{ id: string }> => {
    if (failure) throw new GoogleError(failure, 'refused')
    return { id: 'primary' }
  }
  const real = { calendar, limit: () => undefined } as unknown as GoogleClient
  const client = agentClient(real, { integrations: registry, key: 'a/google', bypass })
  const answer = await client.calendar('ya29', 'primary').then(
    () => 'answered',
    (error: unknown) => (error as GoogleError).message,
  )
  registry.report('a/google', client.takeFindings())
  return answer
}

const state = (): string | undefined => registry.api('a/google')?.state

describe('the request that finds out', () => {
  test('is one in five minutes, and one in an hour after two hours', async () => {
    expect(probe()).toBeUndefined()
    await clock.advance(5 * MINUTE)
    expect([probe() !== undefined, probe() !== undefined]).toEqual([true, false])
    await clock.advance(3 * 60 * MINUTE)
    expect(probe()).toBeDefined()
    await clock.advance(59 * MINUTE)
    expect(probe()).toBeUndefined()
    await clock.advance(MINUTE)
    expect(probe()).toBeDefined()
  })

  test('may be taken before its time by a bypass, once', () => {
    expect(probe(new Bypass())).toBeDefined()
    permitted = false
    expect(probe(new Bypass())).toBeUndefined()
  })

  test('is offered to the next one where somebody asks for the integration', () => {
    registry.offerProbe('a/google')
    expect(registry.canProbe('a/google', false)).toBe(true)
    expect([probe() !== undefined, probe() !== undefined]).toEqual([true, false])
  })

  test.each<GoogleFailure>(['Unreachable', 'RateLimited', 'DailyQuotaExceeded', 'Unauthenticated', 'Unknown'])(
    'is given back where Google says %s, which tells nothing of the API',
    async (failure) => {
      await clock.advance(5 * MINUTE)
      expect(await meets(failure)).toBe('refused')
      expect(state()).toBe('Disabled')
      expect(await meets('APIDisabled')).toBe('refused')
      expect(await meets('APIDisabled')).toBe('one request finds out whether the API is on again')
    },
  )

  test.each<GoogleFailure | undefined>([undefined, 'NotFound', 'Forbidden', 'SyncTokenExpired'])(
    'tells that the API is on where it is answered by %s',
    async (failure) => {
      await clock.advance(5 * MINUTE)
      await meets(failure)
      expect(state()).toBe('Enabled')
      expect(await meets(undefined)).toBe('answered')
    },
  )

  test('is not sent if it is another one’s turn', async () => {
    expect(await meets(undefined)).toBe('one request finds out whether the API is on again')
    expect(await meets(undefined, new Bypass())).toBe('answered')
  })
})
