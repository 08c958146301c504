import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ids, meeting, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const EVENTS = '/calendars/primary/events'
const insert = (body: Record<string, unknown>, query = '') => harness.api('POST', `${EVENTS}${query}`, { body })
const at = (time: string) => ({ dateTime: `2026-11-24${time}` })
const get = (id: string) => harness.api('GET', `${EVENTS}/${id}`)

describe('insert', () => {
  it('accepts a chosen id in [a-v0-9]{5,1024}, once for ever', async () => {
    expect(refusal(await insert({ id: 'abcz1', ...meeting('09:00', '10:00') }))).toBe('400 invalid')
    expect(refusal(await insert({ id: 'abc1', ...meeting('09:00', '10:00') }))).toBe('400 invalid')
    expect((await insert({ id: 'abcde', ...meeting('09:00', '10:00') })).status).toBe(200)
    expect(refusal(await insert({ id: 'abcde', ...meeting('09:00', '10:00') }))).toBe('409 duplicate')
    expect((await harness.api('DELETE', `${EVENTS}/abcde`)).status).toBe(204)
    expect(refusal(await insert({ id: 'abcde', ...meeting('09:00', '10:00') }))).toBe('409 duplicate')
  })

  it('requires a start and an end, in this order, of the same type', async () => {
    const { start } = meeting('09:00', '10:00')
    expect(refusal(await insert({ start }))).toBe('400 required')
    expect(refusal(await insert(meeting('11:00', '10:00')))).toBe('400 timeRangeEmpty')
    expect(refusal(await insert({ start, end: { date: '2026-11-24' } }))).toBe('400 invalid')
    expect((await insert(meeting('10:00', '10:00'))).status).toBe(200)
  })

  it('shows times with the offset of the calendar, beside the zone that was written', async () => {
    const { body } = await insert({
      start: at('T09:00:00Z'),
      end: { ...at('T06:00:00'), timeZone: 'America/New_York' },
    })
    expect(body.start).toEqual({ dateTime: '2026-11-24T10:00:00+01:00' })
    expect(body.end).toEqual({ dateTime: '2026-11-24T12:00:00+01:00', timeZone: 'America/New_York' })
  })

  it('does not show defaults and empty texts', async () => {
    const defaults = { transparency: 'opaque', visibility: 'default', location: '', description: '' }
    const { body } = await insert(meeting('09:00', '10:00', defaults))
    for (const name of Object.keys(defaults)) expect(body).not.toHaveProperty(name)
    expect(body).toMatchObject({ status: 'confirmed' })
  })

  it('drops null and what only Google sets', async () => {
    const event = meeting('09:00', '10:00', {
      summary: null,
      creator: { email: 'x@y.org' },
      updated: '2020-01-01T00:00:00Z',
    })
    const { body } = await insert(event)
    expect(body).not.toHaveProperty('summary')
    expect(body).toMatchObject({
      creator: { email: 'alice@example.com', self: true },
      updated: '2026-11-23T10:00:00.000Z',
    })
  })

  it.each([
    ['an offset and no zone', { start: at('T09:00:00'), end: at('T10:00:00Z') }, '400 required'],
    ['an instant', { start: at('T09:00:00'), end: at('T10:00'.padEnd(9, 'x')) }, '400 required'],
    [
      'a zone that exists',
      { start: { ...at('T09:00:00'), timeZone: 'Mars/Base' }, end: at('T10:00:00Z') },
      '400 invalid',
    ],
    [
      'a zone to repeat in',
      { start: at('T09:00:00Z'), end: at('T10:00:00Z'), recurrence: ['RRULE:FREQ=DAILY'] },
      '400 required',
    ],
    ['one kind of time', { start: { ...at('T09:00:00Z'), date: '2026-11-24' }, end: at('T10:00:00Z') }, '400 invalid'],
    [
      'an all-day end after the start',
      { start: { date: '2026-11-24' }, end: { date: '2026-11-24' } },
      '400 timeRangeEmpty',
    ],
  ])('needs %s', async (_, times, expected) => {
    expect(refusal(await insert(times))).toBe(expected)
    expect(ids(await harness.list())).toEqual([])
  })

  it.each([
    ['summary', 's'.repeat(1025)],
    ['location', 'l'.repeat(1025)],
    ['description', 'd'.repeat(8193)],
    ['summary', 17],
    ['visibility', 'secret'],
    ['transparency', 'glassy'],
    ['status', 'maybe'],
    ['reminders', { useDefault: true, overrides: [{ method: 'popup', minutes: 5 }] }],
    ['reminders', { useDefault: false, overrides: Array.from({ length: 6 }, () => ({ method: 'popup', minutes: 5 })) }],
    ['reminders', { useDefault: false, overrides: [{ method: 'popup', minutes: 40_321 }] }],
  ])('limits the %s', async (name, value) => {
    expect((await insert(meeting('09:00', '10:00', { [name]: value }))).status).toBe(400)
  })
})

describe('update and patch', () => {
  beforeEach(async () => {
    await insert({
      id: 'event1',
      ...meeting('09:00', '10:00', { summary: 'One', extendedProperties: { private: { a: '1', b: '2' } } }),
    })
  })

  it('merge objects, replace arrays and delete by null when patching; a full update keeps nothing', async () => {
    const changes = {
      summary: null,
      extendedProperties: { private: { a: null, c: '3' } },
      attendees: [{ email: 'x@y.org' }],
    }
    const patched = await harness.api('PATCH', `${EVENTS}/event1`, { body: changes })
    expect(patched.body).not.toHaveProperty('summary')
    expect(patched.body.extendedProperties).toEqual({ private: { b: '2', c: '3' } })
    const again = await harness.api('PATCH', `${EVENTS}/event1`, { body: { attendees: [{ email: 'z@y.org' }] } })
    expect(again.body.attendees).toEqual([{ email: 'z@y.org', responseStatus: 'needsAction' }])
    const updated = await harness.api('PUT', `${EVENTS}/event1`, { body: meeting('11:00', '12:00') })
    expect(updated.body).not.toHaveProperty('extendedProperties')
  })

  it('answer 412 to If-Match with an old etag, and a GET 304 to If-None-Match with the current one', async () => {
    const { etag } = (await get('event1')).body as { etag: string }
    expect((await harness.api('GET', `${EVENTS}/event1`, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const patch = (summary: string) =>
      harness.api('PATCH', `${EVENTS}/event1`, { body: { summary }, headers: { 'if-match': etag } })
    expect((await patch('Two')).status).toBe(200)
    expect(refusal(await patch('Three'))).toBe('412 conditionNotMet')
    const old = await harness.api('DELETE', `${EVENTS}/event1`, { headers: { 'if-match': etag } })
    expect(refusal(old)).toBe('412 conditionNotMet')
  })

  it('have an etag, an update time and a sequence that grow with each revision', async () => {
    const before = (await get('event1')).body
    harness.google.advance({ ms: 1000 })
    const after = (await harness.api('PATCH', `${EVENTS}/event1`, { body: meeting('11:00', '12:00') })).body
    expect(after.etag).not.toBe(before.etag)
    expect([before.updated, after.updated]).toEqual(['2026-11-23T10:00:00.000Z', '2026-11-23T10:00:01.000Z'])
    expect([before.sequence, after.sequence]).toEqual([0, 1])
    const hidden = { extendedProperties: { private: { a: '9' } } }
    const noRevision = (await harness.api('PATCH', `${EVENTS}/event1`, { body: hidden })).body
    expect(noRevision.sequence).toBe(1)
    expect(noRevision.etag).not.toBe(after.etag)
  })

  it('do not touch the update time when only reminders change', async () => {
    harness.google.advance({ ms: 1000 })
    const body = { reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 5 }] } }
    expect((await harness.api('PATCH', `${EVENTS}/event1`, { body })).body.updated).toBe('2026-11-23T10:00:00.000Z')
  })

  it('refuse an outdated sequence', async () => {
    await harness.api('PATCH', `${EVENTS}/event1`, { body: { summary: 'Two' } })
    const put = (sequence: number) =>
      harness.api('PUT', `${EVENTS}/event1`, { body: meeting('09:00', '10:00', { sequence }) })
    expect(refusal(await put(0))).toBe('400 invalid')
    expect((await put(1)).body.sequence).toBe(2)
    expect((await put(7)).body.sequence).toBe(7)
  })

  it('turn a timed event into an all-day one only if the former kind of time is set to null', async () => {
    const times = { start: { date: '2026-11-24' }, end: { date: '2026-11-25' } }
    const patch = (body: object) => harness.api('PATCH', `${EVENTS}/event1`, { body })
    expect(refusal(await patch(times))).toBe('400 invalid')
    const none = { dateTime: null, timeZone: null }
    const start = { ...times.start, ...none }
    expect((await patch({ start, end: { ...times.end, ...none } })).body.start).toEqual({ date: '2026-11-24' })
  })

  it('let only the organizer change shared properties, and attendees their answer', async () => {
    const event = { id: 'invite', ...meeting('09:00', '10:00', { organizer: { email: 'boss@example.com' } }) }
    harness.google.addEvent({ calendar: 'alice@example.com', event })
    const patch = (body: object) => harness.api('PATCH', `${EVENTS}/invite`, { body })
    expect(refusal(await patch({ summary: 'Mine' }))).toBe('403 forbiddenForNonOrganizer')
    const answered = await patch({ attendees: [{ email: 'alice@example.com', responseStatus: 'declined' }] })
    expect(answered.body).toMatchObject({ organizer: { email: 'boss@example.com' }, attendees: [{ self: true }] })
  })

  it('let guests change an event whose organizer allows it', async () => {
    const organizer = { email: 'boss@example.com' }
    const event = { id: 'invite', ...meeting('09:00', '10:00', { organizer, guestsCanModify: true }) }
    harness.google.addEvent({ calendar: 'alice@example.com', event })
    const updated = await harness.api('PUT', `${EVENTS}/invite`, { body: meeting('11:00', '12:00') })
    expect(updated.body).toMatchObject({ organizer, start: { dateTime: '2026-11-23T11:00:00+01:00' } })
  })
})

describe('delete', () => {
  it('answers 204, then 410 deleted, and 404 if there never was an event', async () => {
    await insert({ id: 'event1', ...meeting('09:00', '10:00') })
    expect((await harness.api('DELETE', `${EVENTS}/event1`)).status).toBe(204)
    expect(refusal(await harness.api('DELETE', `${EVENTS}/event1`))).toBe('410 deleted')
    expect(refusal(await harness.api('DELETE', `${EVENTS}/never1`))).toBe('404 notFound')
  })

  it('reserves the id: a GET finds the event cancelled, and an update is forbidden', async () => {
    await insert({ id: 'event1', ...meeting('09:00', '10:00') })
    await harness.api('DELETE', `${EVENTS}/event1`)
    expect((await get('event1')).body).toMatchObject({ id: 'event1', status: 'cancelled' })
    const body = meeting('11:00', '12:00', { status: 'confirmed' })
    expect(refusal(await harness.api('PUT', `${EVENTS}/event1`, { body }))).toBe('403 forbidden')
    expect(refusal(await harness.api('PATCH', `${EVENTS}/event1`, { body }))).toBe('403 forbidden')
    expect(ids(await harness.list())).toEqual([])
  })

  it('can be undone by an update if the switch says so', async () => {
    harness.google.switches({ updateRestores: true })
    await insert({ id: 'event1', ...meeting('09:00', '10:00') })
    await harness.api('DELETE', `${EVENTS}/event1`)
    const body = meeting('11:00', '12:00', { status: 'confirmed' })
    expect((await harness.api('PUT', `${EVENTS}/event1`, { body })).body.status).toBe('confirmed')
    expect(ids(await harness.list())).toEqual(['event1'])
  })

  it('is also a patch to the status cancelled', async () => {
    await insert({ id: 'event1', ...meeting('09:00', '10:00') })
    const patched = await harness.api('PATCH', `${EVENTS}/event1`, { body: { status: 'cancelled' } })
    expect(patched.body.status).toBe('cancelled')
    expect(refusal(await harness.api('DELETE', `${EVENTS}/event1`))).toBe('410 deleted')
  })
})
