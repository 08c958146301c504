import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, meeting, startHarness, refusal, type Harness } from './harness.ts'

const alice = 'alice@example.com'
const EVENTS = '/calendars/primary/events'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const insert = (more: object, query = '') =>
  harness.api('POST', EVENTS + query, { body: { id: 'event1', ...meeting('09:00', '10:00'), ...more } })
const patch = (body: object, query = '') => harness.api('PATCH', `${EVENTS}/event1${query}`, { body })
const guests = (...emails: string[]) => emails.map((email) => ({ email }))
const answers = ({ body }: Answer) =>
  (body.attendees as { email: string; responseStatus: string }[]).map((one) => [one.email, one.responseStatus])

describe('attendees', () => {
  it.each([
    ['without an address', [{ displayName: 'Ann' }], '400 required'],
    ['with a bad address', guests('ann at example.org'), '400 invalid'],
    ['with an unknown answer', [{ email: 'ann@example.org', responseStatus: 'perhaps' }], '400 invalid'],
    ['that are no list', { email: 'ann@example.org' }, '400 invalid'],
    ['above 200', guests(...Array.from({ length: 201 }, (_, n) => `guest${n}@example.org`)), '400 invalid'],
  ])('%s are refused', async (_, attendees, expected) => {
    expect(refusal(await insert({ attendees }))).toBe(expected)
  })

  it('are shown with their answer, the organizer and the calendar’s own entry marked', async () => {
    const written = [
      { email: 'Ann@example.org', organizer: true, self: true },
      { email: alice, responseStatus: 'accepted' },
    ]
    expect((await insert({ attendees: written })).body.attendees).toEqual([
      { email: 'ann@example.org', responseStatus: 'needsAction' },
      { email: alice, responseStatus: 'accepted', organizer: true, self: true },
    ])
  })

  it('lose their answers if a write does not repeat them', async () => {
    await insert({ attendees: guests('ann@example.org') })
    harness.google.answer({ calendar: alice, id: 'event1', guest: 'ann@example.org', responseStatus: 'accepted' })
    expect(answers(await patch({ summary: 'Renamed' }))).toEqual([['ann@example.org', 'accepted']])
    expect(answers(await patch({ attendees: guests('ann@example.org') }))).toEqual([['ann@example.org', 'needsAction']])
  })

  it('are asked anew after another start, and not after another end or place', async () => {
    const attendees = [
      { email: 'ann@example.org', responseStatus: 'accepted' },
      { email: alice, responseStatus: 'accepted' },
    ]
    await insert({ attendees })
    const { end } = meeting('09:00', '11:00')
    expect(answers(await patch({ end, location: 'Room 2' }))[0]).toEqual(['ann@example.org', 'accepted'])
    expect(answers(await patch(meeting('10:00', '11:00')))).toEqual([
      ['ann@example.org', 'needsAction'],
      [alice, 'accepted'],
    ])
    const both = { ...meeting('12:00', '13:00'), attendees }
    expect(answers(await patch(both))[0]).toEqual(['ann@example.org', 'accepted'])
  })

  it('are omitted above maxAttendees, and a write of what is left removes the others', async () => {
    await insert({ attendees: guests('ann@example.org', 'ben@example.org', alice) })
    const { body } = await harness.api('GET', `${EVENTS}/event1?maxAttendees=1`)
    expect(body).toMatchObject({ attendeesOmitted: true, attendees: [{ email: alice, self: true }] })
    expect(answers(await patch({ attendees: body.attendees }))).toEqual([[alice, 'needsAction']])
  })

  it('stay with attendeesOmitted, which changes the own answer only', async () => {
    await insert({ attendees: guests('ann@example.org', alice) })
    const own = [{ email: alice, responseStatus: 'declined', displayName: 'Al' }]
    const answered = await patch({ attendeesOmitted: true, attendees: own })
    expect(answered.body.attendees).toEqual([
      { email: 'ann@example.org', responseStatus: 'needsAction' },
      { email: alice, responseStatus: 'declined', organizer: true, self: true },
    ])
    expect(answered.body).not.toHaveProperty('attendeesOmitted')
  })
})

describe('mails', () => {
  const mailed = () => harness.google.mails().map(({ kind, to }) => `${kind} ${to}`)

  it.each(['', '?sendUpdates=none'])('are not sent with "%s"', async (query) => {
    await insert({ attendees: guests('ann@example.org') }, query)
    await patch({ summary: 'Renamed' }, query)
    await harness.api('DELETE', `${EVENTS}/event1${query}`)
    expect(mailed()).toEqual([])
  })

  it('invite, update and cancel, and never go to the organizer or a room', async () => {
    const room = { email: 'room@resource.calendar.google.com', resource: true }
    await insert({ attendees: [...guests('Ann@example.org', alice), room] }, '?sendUpdates=all')
    expect(harness.google.mails()).toEqual([
      {
        at: '2026-11-23T10:00:00.000Z',
        calendar: alice,
        event: 'event1',
        kind: 'invitation',
        to: 'ann@example.org',
        sendUpdates: 'all',
      },
    ])
    await patch({ attendees: guests('ann@example.org', 'ben@example.org') }, '?sendUpdates=all')
    await patch({ attendees: guests('ben@example.org') }, '?sendUpdates=all')
    await harness.api('DELETE', `${EVENTS}/event1?sendUpdates=all`)
    expect(mailed()).toEqual([
      'invitation ann@example.org',
      'update ann@example.org',
      'invitation ben@example.org',
      'update ben@example.org',
      'cancellation ann@example.org',
      'cancellation ben@example.org',
    ])
    expect(harness.google.mails({ kind: 'cancellation', to: 'ben@example.org' })).toHaveLength(1)
    harness.google.resetMails()
    expect(mailed()).toEqual([])
  })

  it('invite anew when an update brings an event back', async () => {
    harness.google.switches({ updateRestores: true })
    await insert({ attendees: guests('ann@example.org') })
    await harness.api('DELETE', `${EVENTS}/event1`)
    await patch({ status: 'confirmed' }, '?sendUpdates=all')
    expect(mailed()).toEqual(['invitation ann@example.org'])
  })

  it('go with externalOnly to guests without Google Calendar only', async () => {
    harness.google.addAccount({ email: 'bob@example.com' })
    await insert({ attendees: guests('ann@example.org', 'bob@example.com') }, '?sendUpdates=externalOnly')
    expect(mailed()).toEqual(['invitation ann@example.org'])
  })

  it('go to the organizer when an invitation is answered', async () => {
    const invitation = { id: 'event1', ...meeting('09:00', '10:00'), organizer: { email: 'boss@example.org' } }
    harness.google.addEvent({ calendar: alice, event: { ...invitation, attendees: guests(alice) } })
    await patch({ attendees: [{ email: alice, responseStatus: 'accepted' }] }, '?sendUpdates=all')
    expect(mailed()).toEqual(['reply boss@example.org'])
  })

  it('are not sent for a write that is refused, and are sent for one whose answer is lost', async () => {
    await insert({ attendees: guests('ann@example.org') })
    await harness.api('PATCH', `${EVENTS}/event1?sendUpdates=all`, {
      body: { summary: 'x' },
      headers: { 'if-match': '"0"' },
    })
    expect(refusal(await patch({ summary: 'x' }, '?sendUpdates=some'))).toBe('400 invalid')
    expect((await harness.api('GET', `${EVENTS}/event1`)).body).not.toHaveProperty('summary')
    expect(mailed()).toEqual([])
    harness.google.addFault({ fault: 'commitThenDrop', kind: 'events.patch', times: 1 })
    await expect(patch({ summary: 'x' }, '?sendUpdates=all')).rejects.toThrow()
    expect(mailed()).toEqual(['update ann@example.org'])
  })
})
