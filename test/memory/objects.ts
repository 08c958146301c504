/** The objects of a case, as the API server would hold them: with their defaults. */
import type { Case } from '../fuzz/support/arbitraries.ts'
import { ACCOUNT, REFRESH_TOKEN } from './google.ts'
import type { Stored } from './kubernetes.ts'

export const CLIENT_ID = '1-fuzz.apps.googleusercontent.com'
export const CLIENT_SECRET = 'GOCSPX-client-secret-of-the-fuzz'
const GROUP_VERSION = 'calendar-operator.io/v1alpha1'

const base64 = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))

const secret = (name: string, values: Record<string, string>, metadata: object = {}): Stored => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'booking', ...metadata },
  data: base64(values),
})

const FILE = JSON.stringify({ web: { client_id: CLIENT_ID, project_id: 'p', client_secret: CLIENT_SECRET } })

export function clientSecretOf(which: Case['clientSecret']): Stored {
  const values: Record<Case['clientSecret'], Record<string, string>> = {
    file: { 'client_secret.json': FILE },
    fields: { client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
    quoted: { client_id: ` "${CLIENT_ID}"\n`, client_secret: `'${CLIENT_SECRET}'` },
    swapped: { client_id: CLIENT_SECRET, client_secret: CLIENT_ID },
    garbage: { 'client_secret.json': '{"web":{"client_id":7,"client_secret":null}}' },
    missing: { other: 'x' },
    'another product': { client_id: 'GOCSPX-client-secret-of-the-fuzz', client_secret: 'x', password: CLIENT_SECRET },
  }
  return secret('google-oauth-client', values[which])
}

export const grantOf = (): Stored => secret('alice-grant', { refresh_token: REFRESH_TOKEN })

export const integrationOf = ({ interval }: Case): Stored => ({
  apiVersion: GROUP_VERSION,
  kind: 'CalendarIntegration',
  metadata: { name: 'google', namespace: 'booking' },
  spec: {
    google: {
      clientSecretRef: { name: 'google-oauth-client' },
      siteURI: 'https://booking.example.com',
      userType: 'External',
      publishingStatus: 'Testing',
      scopes: ['https://www.googleapis.com/auth/calendar'],
    },
    sync: { interval, fullSyncInterval: '24h', window: { pastDays: 1, futureDays: 30 } },
    allowedNamespaces: { from: 'Same' },
    suspend: false,
  },
  status: { observedGeneration: -1 },
})

const agent = (name: string, spec: object): Stored => ({
  apiVersion: GROUP_VERSION,
  kind: 'Agent',
  metadata: { name, namespace: 'booking' },
  spec: { integrationRef: { name: 'google' }, busy: { tentative: 'Busy', allDay: 'Busy' }, suspend: false, ...spec },
  status: { observedGeneration: -1 },
})

export const agentOf = (given: Case): Stored =>
  agent('alice', {
    account: ACCOUNT,
    calendars: { read: given.calendars === 1 ? ['primary'] : ['primary', 'team@example.com'] },
    busy: { tentative: given.tentative, allDay: given.allDay },
    publish: {
      calendar: {
        kind: given.kind,
        name: 'alice-calendar',
        detail: given.kind === 'Secret' ? given.detail : 'Busy',
        formats: given.formats,
      },
      ...(given.accessToken ? { accessToken: { name: 'alice-token' } } : {}),
      staleAfter: given.staleAfter,
      whenStale: given.whenStale,
    },
    grantSecretRef: { name: 'alice-grant' },
    deletionPolicy: 'Retain',
  })

export const hostileOf = (hostile: NonNullable<Case['hostile']>): Stored =>
  agent('bob', {
    account: hostile.account,
    calendars: { read: hostile.calendars },
    publish: {
      calendar: { kind: hostile.calendarKind, name: hostile.calendarName, detail: 'Busy', formats: ['JSON'] },
      ...(hostile.tokenName === undefined ? {} : { accessToken: { name: hostile.tokenName } }),
      staleAfter: '15m',
      whenStale: 'KeepLast',
    },
    ...(hostile.grantName === undefined ? {} : { grantSecretRef: { name: hostile.grantName } }),
    deletionPolicy: hostile.revoke ? 'Revoke' : 'Retain',
  })

/** Somebody else's, under names that we would use. */
export function foreignOf(which: Case['foreign']): Stored[] {
  const theirs = { labels: { 'app.kubernetes.io/managed-by': 'helm' } }
  if (which === 'none') return []
  if (which === 'grant') return [secret('alice-google-grant', { password: 'theirs' }, theirs)]
  if (which === 'token') return [secret('alice-token', { access_token: 'theirs' }, theirs)]
  const metadata = { name: 'alice-calendar', namespace: 'booking', ...theirs }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'busy.json': 'theirs' } },
    secret('alice-calendar', { 'busy.json': 'theirs' }, theirs),
  ]
}
