import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { meeting, startHarness, type Harness } from './harness.ts'

const calendar = 'alice@example.com'
const event = { calendar, id: 'event1' }
const guest = 'ann@example.org'

let harness: Harness
let syncToken: string
beforeEach(async () => {
  harness = await startHarness()
  const body = { id: 'event1', ...meeting('09:00', '10:00', { summary: 'Viewing', attendees: [{ email: guest }] }) }
  await harness.api('POST', '/calendars/primary/events', { body })
  syncToken = (await harness.list()).body.nextSyncToken ?? ''
})
afterEach(() => harness.close())

/** What the client learns of the event in its next incremental sync. */
const delta = async () => (await harness.list({ syncToken })).body.items

describe('a person', () => {
  it('moves an event, also to whole days and back', async () => {
    const { start, end } = meeting('14:00', '15:00') as { start: object; end: object }
    harness.google.moveEvent({ ...event, start, end })
    expect(await delta()).toMatchObject([{ start: { dateTime: '2026-11-23T14:00:00+01:00' }, sequence: 1 }])
    harness.google.moveEvent({ ...event, start: { date: '2026-11-24' }, end: { date: '2026-11-25' } })
    expect(await delta()).toMatchObject([{ start: { date: '2026-11-24' }, sequence: 2 }])
    harness.google.moveEvent({ ...event, start, end })
    expect(await delta()).toMatchObject([{ start: { dateTime: '2026-11-23T14:00:00+01:00' }, sequence: 3 }])
  })

  it('renames an event and changes its place', async () => {
    harness.google.renameEvent({ ...event, summary: 'Second viewing' })
    harness.google.relocateEvent({ ...event, location: 'Main street 1' })
    expect(await delta()).toMatchObject([{ summary: 'Second viewing', location: 'Main street 1' }])
  })

  it('deletes an event and takes it out of the trash as it was', async () => {
    harness.google.deleteEvent(event)
    expect(await delta()).toEqual([{ id: 'event1', status: 'cancelled' }])
    expect(() => harness.google.renameEvent({ ...event, summary: 'Gone' })).toThrow('is deleted')
    harness.google.restoreEvent(event)
    expect(await delta()).toMatchObject([
      { status: 'confirmed', summary: 'Viewing', attendees: [{ email: guest }], sequence: 1 },
    ])
    expect(() => harness.google.restoreEvent(event)).toThrow('is not deleted')
  })

  it('adds and removes guests, who keep their answers', async () => {
    harness.google.answer({ ...event, guest: 'Ann@Example.org', responseStatus: 'tentative', comment: 'Late' })
    harness.google.addGuests({ ...event, guests: ['ben@example.org', guest] })
    expect(await delta()).toMatchObject([
      { attendees: [{ email: guest, responseStatus: 'tentative', comment: 'Late' }, { email: 'ben@example.org' }] },
    ])
    harness.google.removeGuests({ ...event, guests: [guest] })
    expect(await delta()).toMatchObject([{ attendees: [{ email: 'ben@example.org', responseStatus: 'needsAction' }] }])
    expect(() => harness.google.answer({ ...event, guest, responseStatus: 'accepted' })).toThrow('has no guest')
  })

  it('makes an etag that was read before outdated', async () => {
    const { etag } = (await harness.api('GET', '/calendars/primary/events/event1')).body as { etag: string }
    harness.google.renameEvent({ ...event, summary: 'Mine' })
    const options = { body: { summary: 'Theirs' }, headers: { 'if-match': etag } }
    expect((await harness.api('PATCH', '/calendars/primary/events/event1', options)).status).toBe(412)
  })

  it('does all of it over HTTP too', async () => {
    const answered = await fetch(`${harness.google.url}/_control/answer`, {
      method: 'POST',
      body: JSON.stringify({ ...event, guest, responseStatus: 'declined' }),
    })
    expect(await answered.json()).toMatchObject({ attendees: [{ email: guest, responseStatus: 'declined' }] })
    const mails = await fetch(`${harness.google.url}/_control/mails`)
    expect(await mails.json()).toEqual([])
  })
})
