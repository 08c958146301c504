import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CALENDAR, startHarness, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

type Listener = (message: { origin: string; data: unknown }) => void

/** As much of a browser's window as the code client needs: it records what is opened, and lets a test post messages. */
async function load() {
  const listeners = new Set<Listener>()
  const opened: string[] = []
  const window: Record<string, unknown> = {
    addEventListener: (_name: string, listener: Listener) => listeners.add(listener),
    removeEventListener: (_name: string, listener: Listener) => listeners.delete(listener),
    open: (url: string) => {
      opened.push(url)
      return { closed: false }
    },
  }
  const document = { currentScript: { src: `${harness.google.url}/gsi/client` } }
  const location = { origin: 'https://booking.example.com', protocol: 'https:', host: 'booking.example.com' }
  const script = await (await fetch(`${harness.google.url}/gsi/client`)).text()
  runInNewContext(script, {
    window,
    document,
    location,
    URL,
    URLSearchParams,
    setInterval: () => 0,
    setTimeout: () => 0,
  })
  const google = window.google as { accounts: { oauth2: { initCodeClient(config: object): { requestCode(): void } } } }
  const post: Listener = (message) => [...listeners].forEach((listen) => listen(message))
  return { oauth2: google.accounts.oauth2, opened, post }
}

it('the code client opens the consent page for the page’s origin and returns its code', async () => {
  harness.google.setClient({ client: harness.client.client_id, javascriptOrigins: ['https://booking.example.com'] })
  const { oauth2, opened, post } = await load()
  const answers: { code?: string; state?: string }[] = []
  const callback = (answer: { code?: string }) => answers.push(answer)
  oauth2.initCodeClient({ client_id: harness.client.client_id, scope: CALENDAR, state: 's', callback }).requestCode()
  const result = harness.google.signIn({ url: opened[0] ?? '', account: 'alice@example.com' })
  if (!('popup' in result)) throw new Error(JSON.stringify(result))
  const data = { type: 'simulated-google-code', ...result.popup.params }
  post({ origin: 'https://evil.example', data })
  expect(answers).toEqual([])
  post({ origin: harness.google.url, data })
  expect(answers).toMatchObject([{ state: 's', scope: CALENDAR }])
  const form = {
    ...harness.client,
    grant_type: 'authorization_code',
    redirect_uri: 'postmessage',
    code: answers[0]?.code ?? '',
  }
  expect((await harness.token(form)).body).toHaveProperty('refresh_token')
})
