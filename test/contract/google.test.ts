import { startHarness } from '../sandbox-google/harness.ts'
import { googleContract } from './google.contract.ts'

googleContract('the simulated Google', async () => {
  const harness = await startHarness()
  const { google, refreshToken } = harness
  const { accessToken } = google.accessToken({ refreshToken })
  return { api: `${google.url}/calendar/v3`, calendar: 'primary', accessToken, stop: () => harness.close() }
})

// A scratch calendar at Google: `GOOGLE_ACCESS_TOKEN=… GOOGLE_CALENDAR=… npx vitest run test/contract/google.test.ts`.
const { GOOGLE_ACCESS_TOKEN: accessToken, GOOGLE_CALENDAR: calendar } = process.env
if (accessToken !== undefined && calendar !== undefined) {
  const api = 'https://www.googleapis.com/calendar/v3'
  googleContract('Google', () => Promise.resolve({ api, calendar, accessToken, stop: () => Promise.resolve() }))
}
