import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ids, meeting, newStage, read, type Stage } from './fixture.ts'

let stage: Stage
beforeEach(async () => {
  stage = await newStage()
})
afterEach(() => stage.close())

async function control(name: string, argument?: object) {
  const init = argument === undefined ? {} : { method: 'POST', body: JSON.stringify(argument) }
  return read(await fetch(`${stage.google.url}/_control/${name}`, init))
}

describe('the control API', () => {
  it('does over HTTP what the handle does in process', async () => {
    await control('addAccount', { email: 'bob@example.com', timeZone: 'America/New_York' })
    const event = { summary: 'Over HTTP', ...meeting('09:00', '10:00') }
    const added = await control('addEvent', { calendar: 'bob@example.com', event })
    expect(added.body).toMatchObject({ status: 'confirmed', summary: 'Over HTTP' })
    expect(stage.google.events({ calendar: 'bob@example.com' })).toHaveLength(1)
    const file = await control(`clientFile?client=${stage.client.client_id}`)
    expect(file.body).toEqual(stage.google.clientFile(stage.client.client_id))
    const { body } = await control('time')
    expect(body.now).toBe('2026-11-23T10:00:00.000Z')
  })

  it('lists its operations, every method of the handle but url and close', async () => {
    const { body } = await control('')
    const methods = Object.keys(stage.google).filter((name) => name !== 'url' && name !== 'close')
    expect(body.operations).toEqual(methods)
  })

  it('explains what is wrong with a request', async () => {
    expect(await control('nonsense')).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('nonsense') as string },
    })
    expect(await control('addEvent', { calendar: 'nobody@example.com', event: {} })).toMatchObject({
      status: 400,
      body: { error: 'there is no calendar nobody@example.com' },
    })
    expect((await control('switches', { nonsense: true })).status).toBe(400)
    const broken = await fetch(`${stage.google.url}/_control/time`, { method: 'POST', body: '{' })
    expect(broken.status).toBe(400)
  })

  it('is no Google request: it is not logged and knows no faults', async () => {
    stage.google.addFault({ fault: '500' })
    expect((await control('time')).status).toBe(200)
    expect(stage.google.requests().total).toBe(0)
  })
})

describe('the client file (§1.1)', () => {
  it('has the shape of Google’s download, lists absent when empty', () => {
    const { clientId, clientSecret } = stage.google.addClient()
    expect(stage.google.clientFile(clientId)).toEqual({
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
    const { accounts } = stage.google.seed({ accounts: 3, eventsEach: 20, client: stage.client.client_id })
    const tokens = accounts.map(({ refreshToken = '' }) => stage.google.accessToken({ refreshToken }).accessToken)
    const list = (n: number) => stage.api('GET', '/calendars/primary/events', { accessToken: tokens[n] ?? '' })
    const first = await list(0)
    expect(ids(first)).toHaveLength(20)
    stage.google.changeEvent({ calendar: accounts[1]!.email, id: ids(first)[0]!, changes: { summary: 'Only here' } })
    expect((await list(0)).body.items?.[0]?.summary).not.toBe('Only here')
    expect((await list(1)).body.items?.[0]?.summary).toBe('Only here')
    const delta = await stage.api(
      'GET',
      `/calendars/primary/events?syncToken=${(await list(2)).body.nextSyncToken ?? ''}`,
      { accessToken: tokens[2] ?? '' },
    )
    expect(ids(delta)).toEqual([])
  })
})
