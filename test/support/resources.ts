/** Valid objects as the API server returns them, with defaults; a test changes what it needs. */
import { GROUP_VERSION } from '../../src/resources/names.ts'
import type { Agent, AgentSpec, CalendarIntegration, CalendarIntegrationSpec } from '../../src/resources/types.ts'

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
