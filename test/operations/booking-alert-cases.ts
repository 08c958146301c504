/** The cases of `alert-cases.ts` about Bookings. */
import type { AlertCase } from './alert-cases.ts'

const ALICE = 'namespace="booking",agent="alice"'
const POD = 'job="calendar-operator",instance="10.0.0.1:8081"'
const OTHER_POD = 'job="calendar-operator",instance="10.0.0.2:8081"'
const alice = { namespace: 'booking', agent: 'alice' }

const waiting = (samples: string, pod = POD): Record<string, string> => ({
  [`calendar_operator_booking_waiting_seconds{${ALICE},${pod}}`]: samples,
})
const stalled = (reason: string, samples: string, pod = POD): Record<string, string> => ({
  [`calendar_operator_bookings_stalled{${ALICE},reason="${reason}",${pod}}`]: samples,
})

export const bookings: AlertCase[] = [
  {
    alert: 'CalendarBookingWaiting',
    when: 'one has waited for a quarter of an hour, as two replicas say',
    series: { ...waiting('0+60x60'), ...waiting('0+60x60', OTHER_POD) },
    at: '16m',
    fires: [{ labels: alice, value: '16m 0s' }],
  },
  {
    alert: 'CalendarBookingWaiting',
    when: 'it was decided after ten minutes',
    series: waiting('0+60x12 _x30'),
    at: '20m',
    fires: [],
  },
  {
    alert: 'CalendarBookingWaiting',
    when: 'there is always one, and none waits long',
    series: waiting('30x60'),
    at: '50m',
    fires: [],
  },
  {
    alert: 'CalendarBookingStalled',
    when: 'the agent has no calendar to write to',
    series: stalled('NoWriteCalendar', '3x30'),
    at: '16m',
    fires: [{ labels: { ...alice, reason: 'NoWriteCalendar' }, value: '3' }],
  },
  {
    alert: 'CalendarBookingStalled',
    when: 'somebody mends it',
    series: stalled('EventRefused', '1x10 _x30'),
    at: '16m',
    fires: [],
  },
  ...['SlotTaken', 'InThePast', 'CancelledAtGoogle'].map((reason): AlertCase => ({
    alert: 'CalendarBookingStalled',
    when: `it is an answer: ${reason}`,
    series: stalled(reason, '5x30'),
    at: '20m',
    fires: [],
  })),
]
