import { beforeEach, describe, expect, test } from 'vitest'
import { demandOf, type Demand } from '../../src/integration/demand.ts'
import { shortageOf } from '../../src/integration/budget-share.ts'
import type { Agent, CalendarIntegration } from '../../src/resources/types.ts'
import { reservedBy } from '../../src/google/replica-role.ts'
import { SlidingBudget } from '../../src/rate-limit/sliding-budget.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

let agents: Map<string, Agent[]>
let integrations: Map<string, CalendarIntegration>
let peers: string[]

beforeEach(() => {
  agents = new Map()
  integrations = new Map()
  peers = []
})

function integration(name: string, spec: Partial<CalendarIntegration['spec']> = {}): CalendarIntegration {
  const given = anIntegration()
  const made = { ...given, metadata: { ...given.metadata, name }, spec: { ...given.spec, ...spec } }
  integrations.set(`booking/${name}`, made)
  return made
}

function agent(
  of: string,
  read: string[],
  { account, ...spec }: Partial<Agent['spec']> & { account?: string } = {},
): void {
  const given = anAgent({ ...spec, calendars: { ...anAgent().spec.calendars, read } })
  const authorized = account === undefined ? {} : { status: { authorization: { account } } }
  const key = `booking/${of}`
  agents.set(key, [...(agents.get(key) ?? []), { ...given, ...authorized }])
}

function demand(of: CalendarIntegration, clientId?: string): Demand {
  const cluster = {
    agents: { byIndex: (_: string, key: string) => agents.get(key) ?? [] },
    integrations: { get: (key: string) => integrations.get(key) },
    namespaces: undefined,
  }
  return demandOf({ cluster, registry: { peersOf: () => peers } } as never, of, clientId)
}

const perMinute = (requestsPerMinute: number, requestsPerMinutePerAgent = 600) => ({
  quota: { requestsPerMinute, requestsPerMinutePerAgent },
})

describe('the demand of an integration', () => {
  test('is its calendars divided by the interval', () => {
    const one = integration('google', perMinute(1))
    agent('google', ['primary', 'team@group.calendar.google.com'])
    agent('google', ['primary'])
    agent('google', ['primary', 'other'], { suspend: true })
    expect(demand(one)).toMatchObject({
      pollsPerMinute: 0.6000000000000001,
      exceeded: undefined,
    })
  })

  test('exceeds its budget above nine tenths of it, and says how much is needed', () => {
    const one = integration('google', perMinute(60))
    for (let count = 0; count < 270; count++) agent('google', ['primary'])
    expect(demand(one).exceeded).toBeUndefined()
    agent('google', ['primary'])
    expect(demand(one).exceeded).toEqual({
      ...{ needed: 54.2, left: 54, budget: 60, enough: 61 },
      ...{ calendars: 271, integrations: 1 },
    })
  })

  test('is that of all integrations of a verified client, against the largest budget', () => {
    const one = integration('google', perMinute(1))
    integration('second', perMinute(2))
    for (const of of ['google', 'second']) for (let count = 0; count < 5; count++) agent(of, ['primary'])
    peers = ['booking/second']
    expect(demand(one, 'client').exceeded).toMatchObject({
      needed: 2,
      left: 1.8,
      budget: 2,
      calendars: 10,
      integrations: 2,
    })
    // A secret that was not accepted shares nothing.
    expect(demand(one).exceeded).toMatchObject({ needed: 1, left: 0.9, budget: 1, calendars: 5, integrations: 1 })
  })

  test('is compared with its own budget where the client has enough', () => {
    const one = integration('google', perMinute(1))
    integration('second', perMinute(100))
    for (let count = 0; count < 5; count++) agent('google', ['primary'])
    peers = ['booking/second']
    expect(demand(one, 'client').exceeded).toMatchObject({ budget: 1, integrations: 1 })
  })

  test('of an account is that of its Agents, once Google has confirmed it', () => {
    const one = integration('google', perMinute(600, 1))
    for (const account of ['Alice@example.com', 'alice@example.com'])
      agent('google', ['primary', 'b', 'c'], { account })
    for (let count = 0; count < 20; count++) agent('google', ['primary'])
    expect([...demand(one).accounts]).toEqual([['alice@example.com', { needed: 1.2, left: 0.9, budget: 1, enough: 2 }]])
  })
})

test('the demand of an account is compared with the budget of its own integration where the client has enough', () => {
  const account = 'alice@example.com'
  const one = integration('google', perMinute(600, 1))
  const second = integration('second', perMinute(600, 100))
  agent('google', ['primary', 'b', 'c', 'd', 'e'], { account })
  agent('second', ['primary'], { account })
  peers = ['booking/second']
  expect(demand(one, 'client').accounts.get(account)).toMatchObject({ needed: 1, budget: 1, enough: 2 })
  peers = ['booking/google']
  expect(demand(second, 'client').accounts.size).toBe(0)
})

test('an Agent that is being deleted is not polled', () => {
  const one = integration('google', perMinute(1))
  agent('google', ['primary'])
  const [known] = agents.get('booking/google') ?? []
  if (known) known.metadata.deletionTimestamp = '2026-11-23T10:00:00Z'
  expect(demand(one).pollsPerMinute).toBe(0)
})

test.each([
  [5, 3, 6],
  [10, 8, 11],
  [20, 17, 21],
  [29, 26, 30],
])('beside another replica, a budget of %i leaves %i for polls, as many as are sent', (budget, left, enough) => {
  const clock = new ManualClock()
  const reserved = (of: number): number => reservedBy('leader', of)
  const sent = new SlidingBudget(
    clock,
    () => budget,
    () => reserved(budget),
  )
  expect(shortageOf(left, budget, reserved)).toBeUndefined()
  expect(shortageOf(left + 0.1, budget, reserved)).toMatchObject({ left, enough })
  expect(sent.mostFor('routine')).toBe(left)
})

test('a shortage never shows the same numbers twice', () => {
  expect(shortageOf(54.01, 60)).toMatchObject({ needed: 54.1, left: 54 })
  expect(shortageOf(0.001, 1)).toBeUndefined()
})
