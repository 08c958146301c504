import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { meeting, startHarness, refusal, type Harness } from './harness.ts'

const EVENTS = '/calendars/primary/events'
const LINK = /^https:\/\/meet\.google\.com\/[a-z]{3}-[a-z]{4}-[a-z]{3}$/

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const meet = (requestId: string, type = 'hangoutsMeet') => ({
  conferenceData: { createRequest: { requestId, conferenceSolutionKey: { type } } },
})
const insert = (more: object, query = '?conferenceDataVersion=1') =>
  harness.api('POST', EVENTS + query, { body: { id: 'event1', ...meeting('09:00', '10:00'), ...more } })
const patch = (body: object, query = '?conferenceDataVersion=1') =>
  harness.api('PATCH', `${EVENTS}/event1${query}`, { body })
const get = () => harness.api('GET', `${EVENTS}/event1`)
const statusOf = ({ body }: { body: Record<string, unknown> }) =>
  (body.conferenceData as { createRequest: { status: { statusCode: string } } } | undefined)?.createRequest.status
    .statusCode

describe('a conference', () => {
  it('is ignored without conferenceDataVersion, and kept by a write without it', async () => {
    const ignored = await insert(meet('request-one'), '')
    expect(ignored.body).not.toHaveProperty('conferenceData')
    const { hangoutLink } = (await patch(meet('request-one'))).body
    expect(hangoutLink).toMatch(LINK)
    expect((await patch({ summary: 'Kept' }, '')).body.hangoutLink).toBe(hangoutLink)
    const put = await harness.api('PUT', `${EVENTS}/event1`, { body: meeting('11:00', '12:00') })
    expect(put.body.hangoutLink).toBe(hangoutLink)
  })

  it('has an entry point, a solution and a link once it succeeds', async () => {
    expect((await insert(meet('request-one'))).body).toMatchObject({
      hangoutLink: expect.stringMatching(LINK) as string,
      conferenceData: {
        createRequest: { requestId: 'request-one', status: { statusCode: 'success' } },
        conferenceSolution: { key: { type: 'hangoutsMeet' } },
        entryPoints: [{ entryPointType: 'video', uri: expect.stringMatching(LINK) as string }],
      },
    })
  })

  it('is pending for as many answers as the switch says, and its success is a change of the event', async () => {
    harness.google.switches({ pendingConferences: 3 })
    const made = await insert(meet('request-one'))
    expect(made.body).not.toHaveProperty('hangoutLink')
    expect([statusOf(made), statusOf(await get()), statusOf(await get())]).toEqual(['pending', 'pending', 'pending'])
    const sync = (await harness.list()).body.nextSyncToken ?? ''
    const settled = await get()
    expect(statusOf(settled)).toBe('success')
    expect(settled.body.etag).not.toBe(made.body.etag)
    const changed = await harness.list({ syncToken: sync })
    expect(changed.body.items).toMatchObject([{ id: 'event1', hangoutLink: settled.body.hangoutLink }])
  })

  it('can fail, and another request can try again', async () => {
    harness.google.switches({ meet: 'failing', pendingConferences: 1 })
    expect(statusOf(await insert(meet('request-one')))).toBe('pending')
    const failed = await get()
    expect(statusOf(failed)).toBe('failure')
    expect(failed.body.conferenceData).not.toHaveProperty('entryPoints')
    expect(failed.body).not.toHaveProperty('hangoutLink')
    harness.google.switches({ meet: 'offered', pendingConferences: 0 })
    expect(statusOf(await patch(meet('request-one')))).toBe('failure')
    expect(statusOf(await patch(meet('request-two')))).toBe('success')
  })

  it('is not made again by a repeated request, is replaced by another one, and removed by null', async () => {
    const first = (await insert(meet('request-one'))).body.hangoutLink
    expect((await patch(meet('request-one'))).body.hangoutLink).toBe(first)
    expect((await patch(meet('another-one'))).body.hangoutLink).not.toBe(first)
    const removed = (await patch({ conferenceData: null })).body
    expect(removed).not.toHaveProperty('conferenceData')
    expect(removed).not.toHaveProperty('hangoutLink')
  })

  it.each([
    ['of a type that cannot be made', meet('request-one', 'eventHangout'), '400 invalid'],
    ['without a request id', { conferenceData: { createRequest: {} } }, '400 required'],
    ['that is no object', { conferenceData: 'yes' }, '400 invalid'],
  ])('%s is refused', async (_, more, expected) => {
    expect(refusal(await insert(more))).toBe(expected)
    expect((await get()).status).toBe(404)
  })

  it('is refused by a calendar that does not offer it, and with a version that does not exist', async () => {
    harness.google.switches({ meet: 'notOffered' })
    expect((await insert(meet('request-one'))).body.error?.message).toBe('Invalid conference type value.')
    expect(refusal(await insert({}, '?conferenceDataVersion=2'))).toBe('400 invalid')
  })
})
