import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backEnd, failureOf, startHarness, type Harness, type Written } from './support/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const ACCESS = 'ya29.access'
const WHERE = { calendarId: 'alice@example.com', eventId: 'abc123' }
const EVENT = { id: 'abc123', etag: '"7"', status: 'confirmed', summary: 'Viewing' }
const stored: Written = { json: EVENT }

const get = () => harness.client.event(ACCESS, WHERE)
const insert = () =>
  harness.client.insertEvent(ACCESS, {
    calendarId: WHERE.calendarId,
    event: { id: 'abc123', summary: 'Viewing' },
    sendUpdates: 'all',
  })
const patch = () =>
  harness.client.patchEvent(ACCESS, { ...WHERE, fields: { summary: null }, etag: '"7"', sendUpdates: 'none' })
const remove = () => harness.client.deleteEvent(ACCESS, { ...WHERE, sendUpdates: 'externalOnly' })
const WRITES = { insert, patch, remove }

describe('a request about one event', () => {
  test('reads it with all of its guests', async () => {
    harness.next(stored)
    expect(await get()).toEqual({ id: 'abc123', etag: '"7"', isCancelled: false, resource: EVENT })
    const [asked] = harness.asked
    expect(asked?.path).toBe('/calendar/v3/calendars/alice%40example.com/events/abc123')
    expect(asked?.query.maxAttendees).toBeUndefined()
    expect(asked?.query.fields).toContain('attendees')
  })

  test.each([
    ['a read', get],
    ['an insert', insert],
    ['a patch', patch],
    ['a deletion', remove],
  ])('carries the access token: %s', async (_, request) => {
    harness.next(stored)
    await request()
    expect(harness.asked[0]?.headers.authorization).toBe(`Bearer ${ACCESS}`)
  })

  test('without an answer is Unreachable, and says what has failed', async () => {
    harness.next((response) => response.socket?.destroy())
    const { failure, message } = await failureOf(get())
    expect([failure, message]).toEqual(['Unreachable', expect.stringContaining('the connection failed')])
  })

  test('of an id that cannot be encoded is not sent', async () => {
    const half = { ...WHERE, eventId: 'a\ud800' }
    expect((await failureOf(harness.client.event(ACCESS, half))).message).toBe('the request could not be made')
    expect(harness.asked).toEqual([])
  })

  test('tells a cancelled event from one that Google does not know', async () => {
    harness.next({ json: { ...EVENT, status: 'cancelled' } }, backEnd(404, 'notFound'))
    expect((await get())?.isCancelled).toBe(true)
    expect(await get()).toBeUndefined()
  })

  test('inserts it with an id of our own, and says whom Google tells', async () => {
    harness.next(stored)
    expect(await insert()).toMatchObject({ kind: 'created', event: { id: 'abc123' } })
    const [asked] = harness.asked
    expect(asked?.method).toBe('POST')
    expect(asked?.query).toMatchObject({ sendUpdates: 'all', conferenceDataVersion: '1' })
    expect(JSON.parse(asked?.body ?? '')).toEqual({ id: 'abc123', summary: 'Viewing' })
    expect(harness.observed[0]?.slice(0, 2)).toEqual(['events.insert', 'ok'])
  })

  test('says of an id that is taken that it is a duplicate', async () => {
    harness.next(backEnd(409, 'duplicate'))
    expect(await insert()).toEqual({ kind: 'duplicate' })
  })

  test('treats a 409 for another reason as passing', async () => {
    harness.next(backEnd(409, 'conflict'))
    expect((await failureOf(insert())).failure).toBe('Unreachable')
  })

  test('patches only the version that was read', async () => {
    harness.next(stored, backEnd(412, 'conditionNotMet'), backEnd(404, 'notFound'), backEnd(410, 'deleted'))
    expect(await patch()).toMatchObject({ kind: 'patched' })
    const [asked] = harness.asked
    expect(asked?.method).toBe('PATCH')
    expect(asked?.headers['if-match']).toBe('"7"')
    expect(JSON.parse(asked?.body ?? '')).toEqual({ summary: null })
    expect(await patch()).toEqual({ kind: 'changed' })
    expect(await patch()).toEqual({ kind: 'gone' })
    expect(await patch()).toEqual({ kind: 'gone' })
  })

  test('counts an event that does not exist as deleted', async () => {
    harness.next({ status: 204, text: '' }, backEnd(404, 'notFound'), backEnd(410, 'deleted'))
    for (let time = 0; time < 3; time++) await remove()
    expect(harness.asked[0]?.method).toBe('DELETE')
    expect(harness.asked[0]?.query.sendUpdates).toBe('externalOnly')
  })

  test('does not take half an answer for an event', async () => {
    harness.next({ text: '{"id":"abc1' }, { json: { id: 'abc123' } })
    expect((await failureOf(insert())).failure).toBe('Unreachable')
    expect((await failureOf(insert())).failure).toBe('Unreachable')
  })
})

describe('a write that is refused', () => {
  test.each([
    [400, 'invalid', 'Refused'],
    [400, 'timeRangeEmpty', 'Refused'],
    [403, 'forbidden', 'Forbidden'],
    [403, 'requiredAccessLevel', 'Forbidden'],
    [403, 'forbiddenForNonOrganizer', 'Forbidden'],
    [403, 'insufficientPermissions', 'ScopeInsufficient'],
    [403, 'notACalendarUser', 'CalendarDisabled'],
    [401, 'authError', 'Unauthenticated'],
    [503, 'backendError', 'Unreachable'],
    [403, 'somethingNew', 'Unknown'],
  ])('says of %i %s that it is %s', async (status, reason, failure) => {
    for (const write of Object.values(WRITES)) {
      harness.next(backEnd(status, reason))
      expect((await failureOf(write())).failure).toBe(failure)
    }
  })

  test.each([
    [{ location: 'attendees[0].email' }, '400 invalid at attendees[0].email'],
    [{ location: 'maxAttendees', locationType: 'parameter' }, '400 invalid'],
    [{ location: 'bob@example.org' }, '400 invalid'],
    [{ location: 7 }, '400 invalid'],
  ])('names the field that Google names, and nothing else: %j', async (place, message) => {
    const errors = [{ domain: 'global', reason: 'invalid', ...place }]
    harness.next({ status: 400, json: { error: { code: 400, errors } } })
    expect((await failureOf(insert())).message).toBe(message)
  })

  test('says that the calendar of an insertion is not there', async () => {
    harness.next(backEnd(404, 'notFound'))
    expect((await failureOf(insert())).failure).toBe('NotFound')
  })

  test.each([
    [403, 'rateLimitExceeded'],
    [403, 'quotaExceeded'],
    [403, 'userRateLimitExceeded'],
    [429, 'rateLimitExceeded'],
  ])('by %i %s limits that calendar, and not the client', async (status, reason) => {
    harness.next(backEnd(status, reason, 'usageLimits'), stored)
    const error = await failureOf(insert())
    expect(error.failure).toBe('RateLimited')
    expect(error.retryAfterMs).toBeGreaterThan(0)
    expect(harness.client.limit()).toBeUndefined()
    expect(await get()).toBeDefined()
  })

  test.each(['defaultPerMinutePerProject', 'defaultPerDayPerProject'])('by %s limits the client', async (limit) => {
    const detail = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMIT_EXCEEDED' }
    const details = [{ ...detail, metadata: { quota_limit: limit } }]
    harness.next({ status: 429, json: { error: { code: 429, status: 'RESOURCE_EXHAUSTED', details } } })
    await failureOf(insert())
    expect(harness.client.limit()).toBeDefined()
  })
})
