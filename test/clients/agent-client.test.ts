/** What the client of an Agent adds to a request, and what it finds out. */
import { beforeEach, describe, expect, test } from 'vitest'
import { agentClient, type AgentClient } from '../../src/clients/agent-client.ts'
import { createIntegrationRegistry } from '../../src/clients/integration-registry.ts'
import { Bypass } from '../../src/google/bypass.ts'
import type { GoogleClient } from '../../src/google/port.ts'
import { ManualClock } from '../support/clock.ts'

const REQUEST = { calendarId: 'alice@example.com' } as never
const LIMITS = { payer: { account: 'alice' }, priority: 'interactive' } as never
const SENT = { payer: { account: 'alice' }, priority: 'interactive', bypass: undefined }

/** Each request by its name, with the last argument that Google's client was given. */
let asked: [string, unknown][]
/** Whether Google limits the client: before a request, and after it. */
let limited: [before: boolean, after: boolean]

beforeEach(() => {
  asked = []
  limited = [false, false]
})

const google = new Proxy({} as GoogleClient, {
  get: (_, name: string) => {
    if (name === 'credentials') return undefined
    if (name === 'limit') return () => (limited[asked.length > 0 ? 1 : 0] ? {} : undefined)
    return async (...given: unknown[]) => void asked.push([name, given.at(-1)])
  },
})

const clientWith = (bypass?: Bypass): AgentClient => {
  const integrations = createIntegrationRegistry(new ManualClock())
  return agentClient(google, { integrations, key: 'a/google', bypass, limits: () => LIMITS })
}

describe('a request of an Agent', () => {
  test.each<[string, (client: AgentClient) => Promise<unknown>]>([
    ['calendar', (client) => client.calendar('t', 'id')],
    ['events', (client) => client.events('t', REQUEST, () => undefined)],
    ['event', (client) => client.event('t', REQUEST)],
    ['insertEvent', (client) => client.insertEvent('t', REQUEST)],
    ['patchEvent', (client) => client.patchEvent('t', REQUEST)],
    ['deleteEvent', (client) => client.deleteEvent('t', REQUEST)],
    ['watch', (client) => client.watch('t', REQUEST)],
  ])('counts in the budgets of its account, and tells that the API is on: %s', async (name, send) => {
    const client = clientWith()
    await send(client)
    expect(asked).toEqual([[name, SENT]])
    expect(client.takeFindings()).toEqual({ api: 'Enabled' })
    expect(client.takeFindings()).toEqual({})
  })

  test('that stops a channel counts, too, and tells nothing of the API', async () => {
    const client = clientWith()
    await client.stopChannel('t', REQUEST)
    expect(asked).toEqual([['stopChannel', SENT]])
    expect(client.takeFindings()).toEqual({})
  })
})

describe('a request that may ignore a limit', () => {
  /** What a request finds out about the limit. */
  async function found(isUsed: boolean): Promise<boolean> {
    const bypass = new Bypass()
    if (isUsed) bypass.tryUse({ tryAcquire: () => true, delay: () => 0 })
    const client = clientWith(bypass)
    await client.refresh('token')
    expect(asked).toEqual([['refresh', bypass]])
    return client.takeFindings().limitEnded ?? false
  }

  test('tells that the limit has ended if it did ignore one, and none is left', async () => {
    limited = [true, false]
    expect(await found(true)).toBe(true)
  })

  test.each<[string, typeof limited, boolean]>([
    ['it is limited again', [true, true], true],
    ['there was none', [false, false], true],
    ['it did not ignore it', [true, false], false],
  ])('tells nothing where %s', async (_, states, isUsed) => {
    limited = states
    expect(await found(isUsed)).toBe(false)
  })
})
