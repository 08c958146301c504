/** Until when an Agent's outputs can be trusted, by what was read, by the status after a restart, and by the token in use. */
import { beforeEach, describe, expect, test } from 'vitest'
import { endOfTrust, outputsOf } from '../../src/agent/trust.ts'
import { newCalendarsState, type CalendarState } from '../../src/calendars/state.ts'
import { NO_GRANT } from '../../src/grants/grant-state.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { publishedObject, type PublishedObject } from '../../src/publishing/published-object.ts'
import type { ObservedState } from '../../src/agent/state.ts'
import { timestamp } from '../../src/resources/conditions.ts'
import type { Agent } from '../../src/resources/types.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const MINUTE = 60_000
const integration = anIntegration()

let clock: ManualClock
let now: number
let agent: Agent
let observed: ObservedState

beforeEach(() => {
  clock = new ManualClock()
  now = clock.now()
  agent = anAgent()
  observed = { grant: NO_GRANT, calendars: newCalendarsState(), publication: {} }
})

/** The calendars were read so many minutes ago; undefined: never. */
function read(...minutesAgo: (number | undefined)[]): void {
  const states = minutesAgo.map((minutes, index): [string, CalendarState] => {
    const lastRead = minutes === undefined ? {} : { lastRead: clock.monotonic() - minutes * MINUTE }
    return [`${index}@example.com`, lastRead as unknown as CalendarState]
  })
  observed = { ...observed, calendars: { ...observed.calendars, byId: new Map(states) } }
}

/** The status names a reading so many minutes ago. */
const told = (minutesAgo: number): void =>
  void (agent = { ...agent, status: { sync: { lastSyncTime: timestamp(now - minutesAgo * MINUTE) } } })

/** In minutes from now. */
function endsIn(): number | undefined {
  const end = endOfTrust(clock, agent, integration, observed)
  return end === undefined ? undefined : Math.round((end - now) / MINUTE)
}

describe('after a restart', () => {
  test('the reading that the status names counts, although nothing was read yet', () => {
    told(9)
    expect(endsIn()).toBe(6)
    told(20)
    expect(endsIn()).toBe(-5)
  })

  test('a reading that the status names in the future was stamped by a wrong clock, and says nothing', () => {
    told(-1)
    expect(endsIn()).toBeUndefined()
  })

  test('nothing is known without a status, or without an integration', () => {
    expect(endsIn()).toBeUndefined()
    told(9)
    expect(endOfTrust(clock, agent, undefined, observed)).toBeUndefined()
  })
})

describe('the last reading', () => {
  test('is that of the calendar that was read longest ago', () => {
    read(2, 7)
    expect(endsIn()).toBe(8)
  })

  test('counts if it is later than the one that the status names', () => {
    told(9)
    read(2)
    expect(endsIn()).toBe(13)
    read(11)
    expect(endsIn()).toBe(6)
  })

  test('is the end of a calendar whose own end was written with a wrong clock', () => {
    const document = {
      ...{ version: 1, agent: 'booking/alice', timeZone: 'UTC', complete: true, busy: [] },
      window: { start: timestamp(now), end: timestamp(now + MINUTE) },
      ...{ syncedAt: timestamp(now), freshUntil: timestamp(now + 600 * MINUTE) },
    }
    const calendar = object('ConfigMap', 'alice-calendar', { 'busy.json': JSON.stringify(document) })
    observed = { ...observed, publication: { calendar } }
    read(2)
    expect(endsIn()).toBe(13)
  })
})

describe('a published token', () => {
  const publishing = anAgent({
    publish: { staleAfter: '15m', whenStale: 'KeepLast', accessToken: { name: 'alice-token' } },
  })

  beforeEach(() => {
    agent = publishing
    const accessToken = object('Secret', 'alice-token', { expires_at: timestamp(now + 50 * MINUTE) })
    observed = { ...observed, publication: { accessToken } }
    read(2)
  })

  const inUse = (grant: Partial<Grant>): void =>
    void (observed = { ...observed, grant: { ...NO_GRANT, grant: grant as Grant } })

  test('is trusted until the time that stands in it, whenever the calendars were read', () => {
    expect(endsIn()).toBe(50)
    expect(outputsOf(agent, observed)).toMatchObject([{ output: 'access_token', goodUntil: now + 50 * MINUTE }])
  })

  test('is not trusted longer than the one in use', () => {
    inUse({ accessToken: 'ya29', expiresAt: now + 30 * MINUTE })
    expect(endsIn()).toBe(30)
  })

  test('is not judged by the end of a token that is not in use any more', () => {
    inUse({ expiresAt: now - MINUTE })
    expect(endsIn()).toBe(50)
  })
})

function object(kind: 'ConfigMap' | 'Secret', name: string, data: Record<string, string>): PublishedObject {
  return publishedObject({ kind, name, resourceVersion: '1' }, data)
}
