import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ids, meeting, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const EVENTS = '/calendars/primary/events'
const insert = (body: Record<string, unknown>, query = '') => harness.api('POST', `${EVENTS}${query}`, { body })
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

  it('limits the keys and values of extended properties', async () => {
    const withProperty = (key: string, value: string) =>
      insert(meeting('09:00', '10:00', { extendedProperties: { private: { [key]: value } } }))
    expect((await withProperty('k'.repeat(44), 'v'.repeat(1024))).status).toBe(200)
    expect((await withProperty('k'.repeat(45), 'v')).status).toBe(400)
    expect((await withProperty('k', 'v'.repeat(1025))).status).toBe(400)
  })

  it('makes a Meet link only with conferenceDataVersion=1, pending if the switch says so', async () => {
    const conferenceData = { createRequest: { requestId: 'r1', conferenceSolutionKey: { type: 'hangoutsMeet' } } }
    const event = meeting('09:00', '10:00', { conferenceData })
    expect((await insert(event)).body).not.toHaveProperty('conferenceData')
    harness.google.switches({ pendingConferences: true })
    const made = await insert(event, '?conferenceDataVersion=1')
    expect(made.body).toMatchObject({ conferenceData: { createRequest: { status: { statusCode: 'pending' } } } })
    const later = (await get(made.body.id as string)).body
    expect(later.hangoutLink).toMatch(/^https:\/\/meet\.google\.com\//)
    const repeated = await harness.api('PATCH', `${EVENTS}/${String(made.body.id)}?conferenceDataVersion=1`, {
      body: { conferenceData },
    })
    expect(repeated.body.hangoutLink).toBe(later.hangoutLink)
    const unversioned = await harness.api('PATCH', `${EVENTS}/${String(made.body.id)}`, { body: { summary: 'Kept' } })
    expect(unversioned.body.hangoutLink).toBe(later.hangoutLink)
  })

  it('accepts only the values of sendUpdates', async () => {
    expect((await insert(meeting('09:00', '10:00'), '?sendUpdates=none')).status).toBe(200)
    expect(refusal(await insert(meeting('09:00', '10:00'), '?sendUpdates=some'))).toBe('400 invalid')
  })

  it('requires a writer', async () => {
    harness.google.addAccount({ email: 'bob@example.com' })
    harness.google.share({ calendar: 'bob@example.com', account: 'alice@example.com', role: 'reader' })
    const path = '/calendars/bob%40example.com/events'
    expect(refusal(await harness.api('POST', path, { body: meeting('09:00', '10:00') }))).toBe('403 forbidden')
    harness.google.share({ calendar: 'bob@example.com', account: 'alice@example.com', role: 'writer' })
    expect((await harness.api('POST', path, { body: meeting('09:00', '10:00') })).status).toBe(200)
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

  it('let only the organizer change shared properties, and attendees their answer', async () => {
    const event = { id: 'invite', ...meeting('09:00', '10:00', { organizer: { email: 'boss@example.com' } }) }
    harness.google.addEvent({ calendar: 'alice@example.com', event })
    const patch = (body: object) => harness.api('PATCH', `${EVENTS}/invite`, { body })
    expect(refusal(await patch({ summary: 'Mine' }))).toBe('403 forbiddenForNonOrganizer')
    const answered = await patch({ attendees: [{ email: 'alice@example.com', responseStatus: 'declined' }] })
    expect(answered.body).toMatchObject({ organizer: { email: 'boss@example.com' }, attendees: [{ self: true }] })
  })
})

describe('delete', () => {
  it('answers 204, then 410 deleted, and 404 if there never was an event', async () => {
    await insert({ id: 'event1', ...meeting('09:00', '10:00') })
    expect((await harness.api('DELETE', `${EVENTS}/event1`)).status).toBe(204)
    expect(refusal(await harness.api('DELETE', `${EVENTS}/event1`))).toBe('410 deleted')
    expect(refusal(await harness.api('DELETE', `${EVENTS}/never1`))).toBe('404 notFound')
  })

  it('reserves the id: a GET finds the event cancelled, an update brings it back', async () => {
    await insert({ id: 'event1', ...meeting('09:00', '10:00') })
    await harness.api('DELETE', `${EVENTS}/event1`)
    expect((await get('event1')).body).toMatchObject({ id: 'event1', status: 'cancelled' })
    const body = meeting('11:00', '12:00', { status: 'confirmed' })
    expect((await harness.api('PUT', `${EVENTS}/event1`, { body })).body.status).toBe('confirmed')
    expect(ids(await harness.list())).toEqual(['event1'])
  })
})
