/** Valid objects as the API server returns them, with defaults; a test changes what it needs. */
import { GROUP_VERSION } from '../../src/resources/names.ts'
import type {
  Agent,
  AgentSpec,
  Booking,
  BookingSpec,
  CalendarIntegration,
  CalendarIntegrationSpec,
} from '../../src/resources/types.ts'

const SCOPE = 'https://www.googleapis.com/auth/calendar'

export function anAgent(spec: Partial<AgentSpec> = {}, name = 'alice'): Agent {
  return {
    apiVersion: GROUP_VERSION,
    kind: 'Agent',
    metadata: { name, namespace: 'booking', uid: `uid-of-${name}`, resourceVersion: '1', generation: 1 },
    spec: {
      integrationRef: { name: 'google' },
      account: `${name}@example.com`,
      calendars: { read: ['primary'] },
      busy: { tentative: 'Busy', allDay: 'Busy' },
      publish: {
        calendar: { kind: 'ConfigMap', name: `${name}-calendar`, detail: 'Busy', formats: ['JSON'] },
        staleAfter: '15m',
        whenStale: 'KeepLast',
      },
      grantSecretRef: { name: `${name}-grant` },
      deletionPolicy: 'Retain',
      suspend: false,
      ...spec,
    },
  }
}

export function anIntegration(google: Partial<CalendarIntegrationSpec['google']> = {}): CalendarIntegration {
  return {
    apiVersion: GROUP_VERSION,
    kind: 'CalendarIntegration',
    metadata: { name: 'google', namespace: 'booking', uid: 'uid-of-google', resourceVersion: '1', generation: 1 },
    spec: {
      google: {
        clientSecretRef: { name: 'google-oauth-client' },
        siteURI: 'https://booking.example.com',
        userType: 'External',
        publishingStatus: 'Testing',
        scopes: [SCOPE],
        ...google,
      },
      sync: { interval: '5m', fullSyncInterval: '24h', push: 'Disabled', window: { pastDays: 1, futureDays: 90 } },
      quota: { requestsPerMinute: 10_000, requestsPerMinutePerAgent: 600 },
      allowedNamespaces: { from: 'Same' },
      suspend: false,
    },
  }
}

export function aBooking(spec: Partial<BookingSpec> = {}, name = 'viewing'): Booking {
  return {
    apiVersion: GROUP_VERSION,
    kind: 'Booking',
    metadata: { name, namespace: 'booking', uid: `uid-of-${name}`, generation: 1, resourceVersion: '10' },
    spec: {
      agentRef: { name: 'alice' },
      start: '2026-12-01T14:00:00+01:00',
      end: '2026-12-01T15:00:00+01:00',
      title: 'Viewing',
      conference: 'None',
      visibility: 'Default',
      notify: 'None',
      conflictPolicy: 'Reject',
      onExternalChange: 'Reflect',
      deletionPolicy: 'Cancel',
      suspend: false,
      ...spec,
    },
  }
}
