/**
 * What a client that writes events relies on in the Calendar API, as statements that Google documents or that reports agree on. They
 * run on the simulated Google, and on a calendar at Google if there is an access token for one (`google.test.ts`). Where the two
 * differ, the sandbox is wrong. Rules that nobody knows are not here: the sandbox's own tests have them.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A calendar that the statements may write to. */
interface GoogleBackend {
  /** The base of the Calendar API, without a trailing slash. */
  api: string
  calendar: string
  accessToken: string
  stop(): Promise<void>
}

interface Options {
  body?: object
  query?: Record<string, string>
  ifMatch?: string
  ifNoneMatch?: string
}

interface Answer {
  status: number
  reason: string | undefined
  body: Record<string, unknown> & { etag?: string; items?: { id: string; status: string }[]; nextSyncToken?: string }
}

const start = { dateTime: '2030-03-04T09:00:00Z', timeZone: 'Europe/Paris' }
const end = { dateTime: '2030-03-04T10:00:00Z', timeZone: 'Europe/Paris' }
const times = { start, end }
const freshId = (): string => randomUUID().replaceAll('-', '')

function headersOf({ body, ifMatch, ifNoneMatch }: Options): Record<string, string> {
  return {
    ...(body && { 'content-type': 'application/json' }),
    ...(ifMatch !== undefined && { 'if-match': ifMatch }),
    ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
  }
}

/** Runs every statement on one backend. */
export function googleContract(name: string, begin: () => Promise<GoogleBackend>): void {
  describe(name, () => {
    let backend: GoogleBackend
    const made: string[] = []
    beforeAll(async () => {
      backend = await begin()
    })
    afterAll(async () => {
      for (const id of made) await send('DELETE', `/${id}`, { query: { sendUpdates: 'none' } })
      await backend.stop()
    })

    const send = async (method: string, path = '', options: Options = {}): Promise<Answer> => {
      const query = new URLSearchParams(options.query).toString()
      const url = `${backend.api}/calendars/${encodeURIComponent(backend.calendar)}/events${path}?${query}`
      const headers = { authorization: `Bearer ${backend.accessToken}`, ...headersOf(options) }
      const response = await fetch(url, {
        method,
        headers,
        ...(options.body && { body: JSON.stringify(options.body) }),
      })
      const text = await response.text()
      const body = (text === '' ? {} : JSON.parse(text)) as Answer['body'] & {
        error?: { errors?: { reason: string }[] }
      }
      return { status: response.status, reason: body.error?.errors?.[0]?.reason, body }
    }
    const insert = async (event: object, query: Record<string, string> = {}): Promise<Answer> => {
      const answer = await send('POST', '', { body: event, query: { sendUpdates: 'none', ...query } })
      if (answer.status === 200) made.push(String(answer.body.id))
      return answer
    }

    describe('an id of the client', () => {
      it.each(['abc1', 'with-dash', 'UPPERCASE', 'wxyzwxyz'])('%s is refused', async (id) => {
        expect(await insert({ ...times, id })).toMatchObject({ status: 400, reason: 'invalid' })
      })

      it('is taken once, also after the event was deleted', async () => {
        const id = freshId()
        expect((await insert({ ...times, id })).body.id).toBe(id)
        expect(await insert({ ...times, id })).toMatchObject({ status: 409, reason: 'duplicate' })
        expect((await send('DELETE', `/${id}`)).status).toBe(204)
        expect(await insert({ ...times, id })).toMatchObject({ status: 409, reason: 'duplicate' })
      })
    })

    describe('the times of an event', () => {
      it.each<[string, object, string]>([
        ['without an end', { start }, 'required'],
        ['that end before they start', { start: end, end: start }, 'timeRangeEmpty'],
        ['with neither offset nor zone', { start: { dateTime: '2030-03-04T09:00:00' }, end }, 'required'],
        [
          'that repeat without a zone',
          {
            start: { dateTime: start.dateTime },
            end: { dateTime: end.dateTime },
            recurrence: ['RRULE:FREQ=DAILY;COUNT=2'],
          },
          'required',
        ],
      ])('%s are refused', async (_, event, reason) => {
        expect(await insert(event)).toMatchObject({ status: 400, reason })
      })
    })

    describe('a written event', () => {
      it('is merged by a patch, whose arrays replace and whose nulls delete', async () => {
        const own = { private: { one: '1', two: '2' } }
        const { body } = await insert({ ...times, summary: 'One', location: 'Here', extendedProperties: own })
        const changes = { location: null, extendedProperties: { private: { one: null, three: '3' } } }
        const patched = await send('PATCH', `/${String(body.id)}`, { body: changes })
        expect(patched.body).toMatchObject({
          summary: 'One',
          extendedProperties: { private: { two: '2', three: '3' } },
        })
        expect(patched.body).not.toHaveProperty('location')
      })

      it('is replaced by an update', async () => {
        const { body } = await insert({ ...times, summary: 'One', location: 'Here' })
        const updated = await send('PUT', `/${String(body.id)}`, { body: { ...times, summary: 'Two' } })
        expect(updated.body).toMatchObject({ summary: 'Two' })
        expect(updated.body).not.toHaveProperty('location')
      })

      it('has an etag that guards writes and saves reads', async () => {
        const { body } = await insert({ ...times, summary: 'One' })
        const path = `/${String(body.id)}`
        expect((await send('GET', path, { ifNoneMatch: body.etag ?? '' })).status).toBe(304)
        const patched = await send('PATCH', path, { body: { summary: 'Two' }, ifMatch: body.etag ?? '' })
        expect(patched.status).toBe(200)
        expect(patched.body.etag).not.toBe(body.etag)
        const late = await send('PATCH', path, { body: { summary: 'Three' }, ifMatch: body.etag ?? '' })
        expect(late).toMatchObject({ status: 412, reason: 'conditionNotMet' })
        expect(await send('DELETE', path, { ifMatch: body.etag ?? '' })).toMatchObject({ status: 412 })
      })

      it('is found by its private extended properties', async () => {
        const mark = freshId()
        const { body } = await insert({ ...times, extendedProperties: { private: { mark } } })
        const found = await send('GET', '', { query: { privateExtendedProperty: `mark=${mark}` } })
        expect(found.body.items?.map(({ id }) => id)).toEqual([body.id])
      })

      it('loses extended properties with long keys, and the ends of long values', async () => {
        const own = { private: { ['k'.repeat(45)]: 'lost', kept: 'v'.repeat(1025) } }
        const { body } = await insert({ ...times, extendedProperties: own })
        expect(body.extendedProperties).toEqual({ private: { kept: 'v'.repeat(1024) } })
      })
    })

    describe('a deleted event', () => {
      it('answers 204, then 410, is still found, and comes up in the next sync', async () => {
        const { body } = await insert(times)
        const path = `/${String(body.id)}`
        const syncToken = await nextSyncToken(send)
        expect((await send('DELETE', path)).status).toBe(204)
        expect(await send('DELETE', path)).toMatchObject({ status: 410, reason: 'deleted' })
        expect((await send('GET', path)).body).toMatchObject({ id: body.id, status: 'cancelled' })
        const { items } = (await send('GET', '', { query: { syncToken } })).body
        expect(items?.filter(({ id }) => id === body.id)).toMatchObject([{ status: 'cancelled' }])
      })

      it('was there once: another id is not found', async () => {
        expect(await send('DELETE', `/${freshId()}`)).toMatchObject({ status: 404, reason: 'notFound' })
        expect(await send('GET', `/${freshId()}`)).toMatchObject({ status: 404, reason: 'notFound' })
      })
    })

    describe('a conference', () => {
      const conferenceData = (requestId: string) => ({
        conferenceData: { createRequest: { requestId, conferenceSolutionKey: { type: 'hangoutsMeet' } } },
      })

      it('is made on request, and not without conferenceDataVersion', async () => {
        expect((await insert({ ...times, ...conferenceData(freshId()) })).body).not.toHaveProperty('conferenceData')
        const requestId = freshId()
        const { body } = await insert({ ...times, ...conferenceData(requestId) }, { conferenceDataVersion: '1' })
        expect(body).toMatchObject({ conferenceData: { createRequest: { requestId } } })
      })

      it('is refused with a type that the calendar does not offer', async () => {
        const request = { requestId: freshId(), conferenceSolutionKey: { type: 'eventNamedHangout' } }
        const event = { ...times, conferenceData: { createRequest: request } }
        expect(await insert(event, { conferenceDataVersion: '1' })).toMatchObject({ status: 400, reason: 'invalid' })
      })
    })

    describe('an attendee', () => {
      it.each<[string, object, string]>([
        ['without an address', { displayName: 'Ann' }, 'required'],
        ['with a bad address', { email: 'ann at example.org' }, 'invalid'],
      ])('%s is refused', async (_, attendee, reason) => {
        expect(await insert({ ...times, attendees: [attendee] })).toMatchObject({ status: 400, reason })
      })
    })
  })
}

/** Reads all pages of the calendar, for the token of the next incremental sync. */
async function nextSyncToken(
  send: (method: string, path: string, options: Options) => Promise<Answer>,
): Promise<string> {
  let query: Record<string, string> = {}
  for (;;) {
    const { body } = await send('GET', '', { query })
    if (body.nextSyncToken !== undefined) return body.nextSyncToken
    query = { pageToken: String(body.nextPageToken) }
  }
}
