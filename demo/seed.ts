/** What the simulated Google holds when the demo starts: an OAuth client, people, their events, and three grants. */
import type { SimulatedGoogle } from '../sandbox/google/google.ts'

/** The time zone of the people. */
export const ZONE = 'Europe/Paris'
/** The id of the team calendar. */
export const TEAM = 'team@group.calendar.google.com'
/** Bob consented five days and twenty hours ago: twenty-eight hours of his seven days are left. */
export const BOB_CONSENTED_HOURS_AGO = 5 * 24 + 20

const HOUR_MS = 3_600_000
const SCOPE = 'https://www.googleapis.com/auth/calendar'

/** The e-mail address of a person. */
export const addressOf = (name: string): string => `${name}@example.com`

/** A Secret, with its values as text. */
export interface Secret {
  name: string
  values: Record<string, string>
}

/** What the simulated Google was filled with. */
export interface Seeded {
  clientId: string
  /** What a user puts into the cluster: the client file, and a refresh token for each person. */
  secrets: Secret[]
  /** For the step about push. */
  grantOfFrank: Secret
  /** Texts that must never be in a log. */
  confidential: string[]
}

/** Fills the simulated Google. @param site the origin of the sign-in pages. */
export function seed(google: SimulatedGoogle, now: number, site: string): Seeded {
  google.setProject({ userType: 'External', publishing: 'Testing' })
  const { clientId, clientSecret } = google.addClient({
    redirectUris: [`${site}/google-calendar/callback`],
    javascriptOrigins: [site],
  })
  for (const name of ['alice', 'bob', 'carol', 'dora', 'erin', 'frank'])
    google.addAccount({ email: addressOf(name), timeZone: ZONE })
  google.addCalendar({ owner: addressOf('carol'), id: TEAM, summary: 'Team', timeZone: ZONE })
  google.share({ calendar: TEAM, account: addressOf('bob'), role: 'reader' })
  for (const [calendar, summary, start, end] of eventsAt(now)) {
    google.addEvent({ calendar, event: { summary, start: at(start), end: at(end) } })
  }
  const grantOf = (name: string, hours: number): Secret & { values: { refresh_token: string } } => {
    const expiresIn = (7 * 24 - hours) * 3600
    const { refreshToken } = google.grant({ client: clientId, account: addressOf(name), scopes: [SCOPE], expiresIn })
    const values = { refresh_token: refreshToken, granted_at: timestamp(now - hours * HOUR_MS) }
    return { name: `${name}-grant`, values }
  }
  const grants = [grantOf('alice', 0), grantOf('bob', BOB_CONSENTED_HOURS_AGO), grantOf('carol', 24)]
  const grantOfFrank = grantOf('frank', 0)
  const client = { name: 'google-oauth-client', values: clientSecretFile(google, clientId) }
  return {
    clientId,
    secrets: [client, ...grants],
    grantOfFrank,
    confidential: [clientSecret, ...[...grants, grantOfFrank].map(({ values }) => values.refresh_token)],
  }
}

/** The file that Google's console offers, with another client secret if one is given. */
export function clientSecretFile(google: SimulatedGoogle, clientId: string, secret?: string): Record<string, string> {
  const file = google.clientFile(clientId) as { web: Record<string, unknown> }
  const web = secret === undefined ? file.web : { ...file.web, client_secret: secret }
  return { 'client_secret.json': JSON.stringify({ web }) }
}

const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

const at = (dateTime: string): { dateTime: string; timeZone: string } => ({ dateTime, timeZone: ZONE })

/** The local time `time`, so many days from now. */
export const onDay = (now: number, days: number, time: string): string =>
  `${new Date(now + days * 24 * HOUR_MS).toISOString().slice(0, 10)}T${time}:00`

function eventsAt(now: number): [calendar: string, summary: string, start: string, end: string][] {
  return [
    [addressOf('alice'), 'Viewing, rue de Rivoli', onDay(now, 1, '09:00'), onDay(now, 1, '10:30')],
    [addressOf('alice'), 'Lunch', onDay(now, 2, '12:30'), onDay(now, 2, '13:30')],
    [addressOf('bob'), 'Inspection', onDay(now, 1, '14:00'), onDay(now, 1, '15:00')],
    [TEAM, 'Weekly meeting', onDay(now, 3, '10:00'), onDay(now, 3, '11:00')],
    [addressOf('frank'), 'Breakfast', onDay(now, 1, '08:00'), onDay(now, 1, '09:00')],
    [addressOf('dora'), 'Notary', onDay(now, 1, '11:00'), onDay(now, 1, '12:00')],
    [addressOf('carol'), 'Handover of keys', onDay(now, 2, '16:00'), onDay(now, 2, '16:45')],
  ]
}
