/** What the reconcile of Bookings needs from outside; `workloads.ts` provides it. */
import type { Zones } from '../calendar/zones.ts'
import type { CalendarsReader } from '../calendars/port.ts'
import type { IntegrationReader } from '../clients/port.ts'
import type { TokenSource } from '../grants/port.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { CalendarTurns } from './turns.ts'
import type { UnansweredWrites } from './unanswered-writes.ts'

/** What the reconcile of Bookings works with. */
export interface BookingDeps {
  cluster: Cluster
  integrations: IntegrationReader
  tokens: TokenSource
  calendars: CalendarsReader
  clock: Clock
  log: Log
  zones: Zones
  turns: CalendarTurns
  unanswered: UnansweredWrites
  /**
   * Since when the Bookings of an Agent have been reconciled here, in ms since the epoch; since the start by default. Infinity: they are
   * reconciled elsewhere.
   */
  ownedSince?(agentKey: string): number
  /** Reconciles a Booking at once. */
  wake(bookingKey: string): void
  /** Writes a first status at once, if there is none: the Booking waits behind many others. */
  showWaiting(bookingKey: string): void
  metrics: {
    /** The time from the creation of a Booking until its event was first known to stand at Google, whichever process wrote it. */
    booked(seconds: number): void
    /** A Booking was refused because of another event. */
    bookingConflict(reason: 'SlotTaken' | 'EventConflict'): void
  }
}
