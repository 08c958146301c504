import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ids, meeting, startHarness, read, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const alice = 'alice@example.com'

async function control(name: string, argument?: object) {
  const init = argument === undefined ? {} : { method: 'POST', body: JSON.stringify(argument) }
  return read(await fetch(`${harness.google.url}/_control/${name}`, init))
}

describe('the control API', () => {
  it('does over HTTP what the handle does in process', async () => {
    await control('addAccount', { email: 'bob@example.com', timeZone: 'America/New_York' })
    const event = { summary: 'Over HTTP', ...meeting('09:00', '10:00') }
    const added = await control('addEvent', { calendar: 'bob@example.com', event })
    expect(added.body).toMatchObject({ status: 'confirmed', summary: 'Over HTTP' })
    expect(harness.google.events({ calendar: 'bob@example.com' })).toHaveLength(1)
    const file = await control(`clientFile?client=${harness.client.client_id}`)
    expect(file.body).toEqual(harness.google.clientFile(harness.client.client_id))
    const { body } = await control('time')
    expect(body.now).toBe('2026-11-23T10:00:00.000Z')
  })

  it('lists its operations, every method of the handle but those that only its process can call', async () => {
    const { body } = await control('')
    const methods = Object.keys(harness.google).filter((name) => !['url', 'serve', 'close'].includes(name))
    expect(body.operations).toEqual(methods)
  })

  it('explains an invalid request', async () => {
    expect(await control('nonsense')).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('nonsense') as string },
    })
    expect(await control('addEvent', { calendar: 'nobody@example.com', event: {} })).toMatchObject({
      status: 400,
      body: { error: 'there is no calendar nobody@example.com' },
    })
    expect((await control('switches', { nonsense: true })).status).toBe(400)
    const broken = await fetch(`${harness.google.url}/_control/time`, { method: 'POST', body: '{' })
    expect(broken.status).toBe(400)
  })

  it('changes nothing by GET, and never moves the clock back', async () => {
    expect((await control('resetRequests')).status).toBe(405)
    expect((await control('advance', { ms: '1000' })).status).toBe(400)
    expect((await control('advance', { ms: -1 })).status).toBe(400)
    expect((await control('advance', { ms: 1000 })).body.now).toBe('2026-11-23T10:00:01.000Z')
  })

  it('is not a request to Google: it is not logged, and faults do not hit it', async () => {
    harness.google.addFault({ fault: '500' })
    expect((await control('time')).status).toBe(200)
    expect(harness.google.requests().total).toBe(0)
  })
})

describe('the page', () => {
  const page = async () => (await fetch(harness.google.url)).text()
  const submit = (form: Record<string, string>) =>
    fetch(harness.google.url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })

  it('shows accounts with their grants and next events, and escapes text of people', async () => {
    harness.google.addEvent({ calendar: alice, event: meeting('12:00', '13:00', { summary: '<b>Lunch</b>' }) })
    harness.google.addEvent({ calendar: alice, event: meeting('09:00', '10:00', { summary: 'Over already' }) })
    const html = await page()
    expect(html).toContain(alice)
    expect(html).toContain(harness.client.client_id)
    expect(html).toContain('2026-11-23 12:00 – 13:00')
    expect(html).toContain('&#60;b&#62;Lunch')
    expect(html).not.toContain('Over already')
    expect(html).not.toContain(harness.refreshToken)
  })

  it('adds and deletes an event, and revokes a grant', async () => {
    const [start, end] = ['2026-11-23T15:00', '2026-11-23T16:00']
    expect((await submit({ do: 'add', calendar: alice, summary: 'From the page', start, end })).status).toBe(303)
    const { id } = harness.google.events({ calendar: alice })[0]!
    expect((await harness.list()).body.items).toMatchObject([
      { summary: 'From the page', start: { dateTime: `${start}:00+01:00` } },
    ])
    await submit({ do: 'delete', calendar: alice, event: id })
    expect(ids(await harness.list())).toEqual([])
    await submit({ do: 'revoke', account: alice, grant: '0' })
    expect((await harness.refresh()).status).toBe(400)
    expect((await submit({ do: 'add', calendar: alice, start: end, end: start })).status).toBe(400)
  })
})

describe('the client file', () => {
  it('has the format of Google’s file, without empty lists', () => {
    const { clientId, clientSecret } = harness.google.addClient()
    expect(harness.google.clientFile(clientId)).toEqual({
      web: {
        client_id: clientId,
        project_id: 'sandbox-project',
        auth_uri: 'https://accounts.google.com/o/oauth2/auth',
        token_uri: 'https://oauth2.googleapis.com/token',
        auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
        client_secret: clientSecret,
      },
    })
  })
})

describe('seeding', () => {
  it('makes accounts that share their events until someone changes one', async () => {
    const { accounts } = harness.google.seed({ accounts: 3, eventsEach: 20, client: harness.client.client_id })
    const tokens = accounts.map(({ refreshToken = '' }) => harness.google.accessToken({ refreshToken }).accessToken)
    const list = (n: number) => harness.api('GET', '/calendars/primary/events', { accessToken: tokens[n] ?? '' })
    const first = await list(0)
    expect(ids(first)).toHaveLength(20)
    harness.google.changeEvent({ calendar: accounts[1]!.email, id: ids(first)[0]!, changes: { summary: 'Only here' } })
    expect((await list(0)).body.items?.[0]?.summary).not.toBe('Only here')
    expect((await list(1)).body.items?.[0]?.summary).toBe('Only here')
    const delta = await harness.api(
      'GET',
      `/calendars/primary/events?syncToken=${(await list(2)).body.nextSyncToken ?? ''}`,
      { accessToken: tokens[2] ?? '' },
    )
    expect(ids(delta)).toEqual([])
  })
})
