/** What follows when Google refuses to let a calendar be read: what is said, what is asked again, and when. */
import { beforeEach, describe, expect, test } from 'vitest'
import { stepFailure } from '../../src/failures/step-failure.ts'
import type { GoogleFailure } from '../../src/google/port.ts'
import { anAgent } from '../support/resources.ts'
import { ALICE, meeting, MINUTE, Reader } from './support/reader.ts'

const TEAM = 'team@group.calendar.google.com'

let reader: Reader

beforeEach(() => {
  reader = new Reader()
  reader.agent = anAgent({ calendars: { read: ['primary', TEAM] } })
})

const idsAsked = (): string[] => reader.asked.map(({ calendarId }) => calendarId)

describe('a calendar that Google refuses', () => {
  test.each<[failure: GoogleFailure, reason: string, advice: RegExp]>([
    ['NotFound', 'CalendarNotFound', /no calendar primary that this account may see: correct spec\.calendars\.read/],
    ['Forbidden', 'CalendarForbidden', /may not read calendar primary: have its owner share it/],
  ])('with %s is %s: the others are read', async (failure, reason, advice) => {
    reader.answers = [{ pages: [failure] }, { pages: [[meeting()]] }]
    const [failed, ...others] = await reader.sync()
    expect([failed?.condition, failed?.reason, others]).toEqual(['Synced', reason, []])
    expect(failed?.message).toMatch(advice)
    expect(reader.calendar()?.failure).toMatchObject({ refused: true, error: `403 ${failure}` })
    expect(reader.calendar(TEAM)?.snapshot.events).toBe(1)
  })

  test('for a scope that was not granted needs another sign-in: no other calendar is asked for', async () => {
    reader.answers = [{ pages: ['ScopeInsufficient'] }]
    const [failed, ...others] = await reader.sync()
    expect([failed?.condition, failed?.reason, others]).toEqual(['Authorized', 'ScopeMissing', []])
    expect(failed?.message).toMatch(/reading calendar primary: sign in again, with every permission ticked/)
    expect(idsAsked()).toEqual([ALICE])
  })

  test('is asked for every five minutes in the first two hours, and hourly then', async () => {
    reader.agent = anAgent()
    const refused = { pages: ['NotFound' as const] }
    const start = reader.clock.monotonic()
    const at: number[] = []
    while (at.length < 27) {
      reader.answers = [refused]
      await reader.nextRound()
      at.push(Math.round((reader.clock.monotonic() - start) / MINUTE))
    }
    expect(at.slice(0, 25)).toEqual(Array.from({ length: 25 }, (_, n) => 5 * n))
    expect(at.slice(25)).toEqual([180, 240])
  })

  test('is not asked for meanwhile, and still reported', async () => {
    reader.answers = [{ pages: ['NotFound'] }]
    await reader.sync()
    await reader.clock.advance(4 * MINUTE)
    const [failed] = await reader.sync()
    expect(failed?.reason).toBe('CalendarNotFound')
    expect(idsAsked()).toEqual([ALICE, TEAM])
  })

  test('for a reason that is not known is asked for again after five seconds, and less and less often, at most by the interval', async () => {
    reader.agent = anAgent()
    const pauses: number[] = []
    for (let round = 0; round < 9; round++) {
      reader.answers = [{ pages: ['Unknown'] }]
      const [failed] = await reader.nextRound()
      expect(failed?.message).toBe("Calendar primary can't be read (403 Unknown); the operator keeps trying.")
      pauses.push(Math.round(((reader.calendar()?.dueAt ?? 0) - reader.clock.monotonic()) / 1_000))
      expect(failed?.requeue).toMatchObject({ kind: 'wait', for: pauses.at(-1)! * 1_000 })
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
    expect(reader.calendar()?.failure).toMatchObject({ refused: false, error: '403 Unknown', attempts: 9 })
  })

  test('because it is too large says how to make it smaller, with Busy only where Full is published', async () => {
    const messageOf = async (detail: 'Busy' | 'Full'): Promise<string | undefined> => {
      reader = new Reader()
      reader.agent.spec.publish.calendar = { kind: 'Secret', name: 'c', detail, formats: ['JSON'] }
      reader.answers = [{ pages: ['CalendarTooLarge'] }]
      return (await reader.sync())[0]?.message
    }
    expect(await messageOf('Full')).toMatch(/sync\.window in the integration, or publish\.calendar\.detail: Busy/)
    expect(await messageOf('Busy')).toMatch(/sync\.window in the integration\.$/)
  })
})

describe('a failure that concerns every calendar', () => {
  test('leaves a calendar that was read before it was due to the retry', async () => {
    await reader.sync()
    reader.answers = [{ pages: ['Unreachable'] }]
    await reader.sync(true)
    expect(idsAsked()).toEqual([ALICE, TEAM, ALICE])
    await reader.sync()
    expect(idsAsked().slice(3)).toEqual([ALICE])
    expect(reader.calendar()?.failure).toBeUndefined()
  })

  test('keeps what is known, also if the sync token was refused just before', async () => {
    reader.agent = anAgent()
    reader.answers = [{ pages: [[meeting()]] }, { pages: ['SyncTokenExpired'] }, { pages: ['Unreachable'] }]
    await reader.sync()
    await reader.nextRound()
    expect(reader.busy()).toEqual({ intervals: 1, complete: true })
    await reader.nextRound()
    expect(reader.kindsAsked()).toEqual(['all', 'S1', 'all', 'all'])
  })

  test('because the Calendar API is switched off ends the round, and says nothing about the calendars', async () => {
    reader.answers = [{ pages: ['APIDisabled'] }]
    expect(await reader.sync()).toEqual([])
    expect(reader.apiDisabled).toBe(true)
    expect(idsAsked()).toEqual([ALICE])
    expect(reader.calendar()?.failure).toBeUndefined()
    await reader.sync()
    expect(reader.apiDisabled).toBe(false)
    expect(idsAsked()).toEqual([ALICE, ALICE, TEAM])
  })
})

describe('an access token that Google refuses', () => {
  test('is renewed once, and the new one is used for the other calendars, too', async () => {
    reader.answers = [{ pages: ['Unauthenticated'] }, { pages: [[meeting()]] }]
    expect(await reader.sync()).toEqual([])
    expect(reader.tokens).toEqual(['ya29', 'ya29.new', 'ya29.new'])
    expect(reader.calendar()?.snapshot.events).toBe(1)
  })

  test('that can’t be renewed ends the round with that failure, and keeps what is known', async () => {
    reader.answers = [{ pages: [[meeting()]] }]
    await reader.sync()
    await reader.clock.advance(10 * MINUTE)
    reader.answers = [{ pages: ['Unauthenticated'] }]
    const dead = stepFailure('Authorized', 'GrantRevoked', 'gone', { kind: 'blocked', at: 0 })
    reader.renew = async () => dead
    expect(await reader.sync()).toEqual([dead])
    expect(reader.tokens).toEqual(['ya29', 'ya29', 'ya29'])
    expect(reader.calendar()).toMatchObject({ syncToken: 'S1', snapshot: { events: 1 } })
    expect(reader.calendar()?.failure).toBeUndefined()
  })

  test('is renewed once only: a second refusal is that calendar’s, and is tried again', async () => {
    reader.answers = [{ pages: ['Unauthenticated'] }, { pages: ['Unauthenticated'] }]
    const [failed, ...others] = await reader.sync()
    expect([failed?.reason, failed?.requeue.kind, others]).toEqual(['SyncFailed', 'wait', []])
    expect(reader.tokens).toEqual(['ya29', 'ya29.new', 'ya29.new'])
  })

  test.each<GoogleFailure>(['APIDisabled', 'RateLimited'])(
    'is renewed before %s is believed, if it may be another client’s',
    async (failure) => {
      reader.isTokenProven = false
      reader.answers = [{ pages: [failure] }]
      expect(await reader.sync()).toEqual([])
      expect(reader.apiDisabled).toBe(false)
      expect(reader.tokens).toEqual(['ya29', 'ya29.new', 'ya29.new'])
    },
  )
})

test('a token that was renewed for one calendar is the client’s for the next one: its limit is believed', async () => {
  reader.isTokenProven = false
  reader.answers = [{ pages: ['Unauthenticated'] }, {}, { pages: ['RateLimited'] }]
  const [failed, ...others] = await reader.sync()
  expect([failed?.reason, others]).toEqual(['RateLimited', []])
  expect(reader.tokens).toEqual(['ya29', 'ya29.new', 'ya29.new'])
})

describe('the memory of an Agent', () => {
  test('counts all its calendars, but not a calendar’s former state', async () => {
    reader.answers = [{ pages: [[meeting()]] }, { pages: [[meeting()]] }]
    await reader.sync()
    const bytes = [ALICE, TEAM].map((id) => reader.calendar(id)?.snapshot.encoded.length ?? NaN)
    expect(reader.budget.total).toBe(bytes[0]! + bytes[1]!)
    await reader.clock.advance(10 * MINUTE)
    reader.answers = [{ pages: [[meeting()]] }, { pages: [[meeting()]] }]
    await reader.sync()
    expect(reader.budget.total).toBe(bytes[0]! + bytes[1]!)
  })
})

test('a long listing is seen to go on with each page', async () => {
  reader.agent = anAgent()
  reader.answers = [{ pages: [[meeting()], [meeting({ id: 'b' })], [meeting({ id: 'c' })]] }]
  await reader.sync()
  expect(reader.progress).toBe(4)
})

test('a round that was asked for reads every calendar, and an announced change only its own', async () => {
  await reader.sync()
  await reader.sync(true)
  await reader.sync(false, new Set([TEAM]))
  expect(idsAsked()).toEqual([ALICE, TEAM, ALICE, TEAM, TEAM])
})
