/** Objects for `status`: a healthy cluster, and one with many problems. */
import type { Lease } from '../../../src/kubernetes/lease-object.ts'
import type { ClusterSnapshot } from '../../../src/cli/status/cluster-snapshot.ts'
import { timestamp } from '../../../src/resources/conditions.ts'
import type { Agent, Booking, CalendarIntegration, Condition } from '../../../src/resources/types.ts'
import { aBooking, anAgent, anIntegration } from '../../support/resources.ts'

export const NOW = Date.parse('2026-11-23T10:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

export const ago = (ms: number): string => timestamp(NOW - ms)

export const condition = (
  type: string,
  status: Condition['status'],
  reason: string,
  more: Partial<Condition> = {},
): Condition => ({
  type,
  status,
  reason,
  message: `${reason}: in words.`,
  lastTransitionTime: ago(2 * HOUR),
  observedGeneration: 1,
  ...more,
})

export function lease(
  age = 3_000,
  namespace = 'calendar-operator',
  holderIdentity = 'calendar-operator-7d9c8b6f5-x2x9q_1f',
): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'calendar-operator', namespace },
    spec: {
      holderIdentity,
      leaseDurationSeconds: 15,
      renewTime: new Date(NOW - age).toISOString().replace('Z', '000Z'),
    },
  }
}

export function integration(
  conditions: Condition[],
  name = 'google',
  spec: Partial<CalendarIntegration['spec']> = {},
): CalendarIntegration {
  const object = anIntegration()
  return {
    ...object,
    metadata: { ...object.metadata, name, creationTimestamp: ago(24 * HOUR) },
    spec: { ...object.spec, ...spec },
    status: { observedGeneration: 1, conditions, agents: { summary: '2/7' } },
  }
}

export function agent(
  name: string,
  conditions: Condition[],
  more: { spec?: Partial<Agent['spec']>; status?: object } = {},
): Agent {
  const object = anAgent(more.spec, name)
  return {
    ...object,
    metadata: { ...object.metadata, creationTimestamp: ago(24 * HOUR) },
    status: { observedGeneration: 1, conditions, sync: { lastSyncTime: ago(5 * MINUTE) }, ...more.status },
  }
}

export function booking(name: string, conditions: Condition[], spec: Partial<Booking['spec']> = {}): Booking {
  const object = aBooking(spec, name)
  return {
    ...object,
    metadata: { ...object.metadata, creationTimestamp: ago(24 * HOUR) },
    status: { observedGeneration: 1, conditions },
  }
}

export const READY = condition('Ready', 'True', 'Ready')
const failing = (reason: string, message: string, meaning: 'Stalled' | 'Reconciling', age = 2 * HOUR): Condition[] => [
  condition('Ready', 'False', reason, { message, lastTransitionTime: ago(age) }),
  condition(meaning, 'True', reason, { message }),
]

export const wellScene = (): ClusterSnapshot => ({
  namespace: 'booking',
  integrations: [integration([READY])],
  agents: [agent('alice', [READY]), agent('bob', [READY])],
  bookings: [],
  leases: [lease()],
})

const SIGN_IN = 'https://booking.example.com/google-calendar/sign-in/booking/dora?tag=b3VyLXVuZ3Vlc3NhYmxlLXRhZw'

export const troubledScene = (): ClusterSnapshot => ({
  namespace: undefined,
  bookings: [
    booking('viewing', [READY]),
    booking('second-viewing', failing('SlotTaken', 'The time is taken by another event.', 'Stalled')),
    booking('tasting', failing('NoWriteCalendar', 'Agent alice has no spec.calendars.write: set it.', 'Stalled', HOUR)),
    booking('trial', failing('BookingFailed', 'Google answered 503.', 'Reconciling', MINUTE)),
    booking('frozen', [READY], { suspend: true }),
  ],
  leases: [lease()],
  integrations: [
    integration([READY]),
    integration(
      failing(
        'InvalidClient',
        'Google refuses this client id with this secret: add a new secret on the Clients page, download it, and put it into Secret other-client.',
        'Stalled',
        10 * MINUTE,
      ),
      'other',
    ),
    integration([READY], 'frozen', { suspend: true }),
  ],
  agents: [
    agent('alice', [READY]),
    agent(
      'bob',
      [
        READY,
        condition('Authorized', 'True', 'GrantExpiresSoon', {
          message: 'The grant ends in less than 48 hours: sign in again before that.',
        }),
      ],
      { status: { authorization: { expiresAt: ago(-40 * HOUR) } } },
    ),
    agent(
      'carol',
      [
        READY,
        condition('Authorized', 'True', 'GrantExpiresSoon', {
          message: 'The grant ends in less than 12 hours: sign in again before that.',
        }),
      ],
      { status: { authorization: { expiresAt: ago(-(11 * HOUR + 30 * MINUTE)) } } },
    ),
    agent(
      'dora',
      failing(
        'AwaitingSignIn',
        'Nobody has signed in yet: have the person open the sign-in link.',
        'Reconciling',
        26 * HOUR,
      ),
      {
        status: { authorization: { url: SIGN_IN } },
      },
    ),
    agent(
      'erik',
      failing(
        'GrantRevoked',
        `Google no longer accepts the refresh token: the person took the access back, or an administrator did. Sign in again at ${SIGN_IN.replaceAll('dora', 'erik')}.`,
        'Stalled',
        20 * MINUTE,
      ),
      {
        status: { authorization: { url: SIGN_IN.replaceAll('dora', 'erik') } },
      },
    ),
    agent('fay', failing('SyncFailed', 'Google answered 503.', 'Reconciling', 2 * MINUTE)),
    agent('gus', failing('IntegrationNotReady', 'CalendarIntegration booking/other is not ready.', 'Reconciling')),
    agent('hal', [READY], { spec: { suspend: true } }),
  ],
})
