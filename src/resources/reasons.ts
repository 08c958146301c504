/**
 * The reasons of every condition, and what each means for the rest of the status. A reconciler names a reason, and
 * `conditions.ts` derives `Reconciling` and `Stalled` from it.
 */

/**
 * What a reason means for an object that is not ready because of it.
 * - `passing`: it may recover without a change to this object: `Reconciling=True`.
 * - `stuck`: a person has to act: `Stalled=True`.
 * - `neutral`: neither; nothing is wrong, or nothing that keeps the object from being ready.
 */
export type Meaning = 'passing' | 'stuck' | 'neutral'

/** The meaning of each reason, by kind and condition. The conditions of a kind decide `Ready` in this order. */
export const REASONS = {
  CalendarIntegration: {
    CredentialsValid: {
      Proved: 'neutral',
      SecretNotFound: 'passing',
      SecretKeyMissing: 'passing',
      ClientFileInvalid: 'stuck',
      WrongClientType: 'stuck',
      InvalidClient: 'stuck',
      ClientDeleted: 'stuck',
      ClientDisabled: 'stuck',
      NotYetKnown: 'passing',
      GoogleUnreachable: 'passing',
    },
    // Unknown until an agent has used the API; this does not affect `Ready`.
    CalendarAPIEnabled: { Enabled: 'neutral', APIDisabled: 'stuck', NotYetKnown: 'neutral' },
    // A limit delays the agents; the integration itself stays ready.
    WithinQuota: {
      WithinQuota: 'neutral',
      RateLimited: 'neutral',
      DailyQuotaExceeded: 'neutral',
      OverBudget: 'neutral',
    },
    // Removes pages, links and channels; agents with a grant are still read.
    SiteAccepted: { Accepted: 'neutral', SiteConflict: 'stuck', NotYetKnown: 'passing' },
    Ready: { Ready: 'neutral', Suspended: 'neutral' },
  },
  Agent: {
    Authorized: {
      Granted: 'neutral',
      GrantExpiresSoon: 'neutral',
      AwaitingSignIn: 'passing',
      GrantSecretNotFound: 'passing',
      GrantSecretKeyMissing: 'passing',
      GrantSecretInvalid: 'stuck',
      GrantConflict: 'stuck',
      GrantRevoked: 'stuck',
      GrantExpired: 'stuck',
      ScopeMissing: 'stuck',
      WrongAccount: 'stuck',
      ClientChanged: 'stuck',
      BlockedByAdmin: 'stuck',
      GoogleUnreachable: 'passing',
      NotYetKnown: 'passing',
    },
    Synced: {
      Synced: 'neutral',
      CalendarNotFound: 'stuck',
      CalendarForbidden: 'stuck',
      CalendarDisabled: 'stuck',
      CalendarTooLarge: 'stuck',
      RateLimited: 'passing',
      SyncFailed: 'passing',
      PublishFailed: 'passing',
      PublishConflict: 'stuck',
      PublishTooLarge: 'stuck',
      NotYetSynced: 'passing',
    },
    // Without push, calendars are read at every interval; this does not affect `Ready`.
    Watching: {
      Watching: 'neutral',
      NotReachable: 'neutral',
      NotSupported: 'neutral',
      WatchFailed: 'neutral',
      NotYetWatching: 'neutral',
    },
    Ready: {
      Ready: 'neutral',
      IntegrationNotFound: 'passing',
      IntegrationNotReady: 'passing',
      IntegrationNotAllowed: 'stuck',
      Suspended: 'neutral',
    },
  },
  Booking: {
    // Whether it may be booked.
    Accepted: {
      Accepted: 'neutral',
      AgentNotFound: 'passing',
      AgentNotReady: 'passing',
      NoWriteCalendar: 'stuck',
      CalendarReadOnly: 'stuck',
      InThePast: 'stuck',
      SlotTaken: 'stuck',
      NotYetKnown: 'passing',
    },
    // Whether the event stands at Google.
    Booked: {
      Booked: 'neutral',
      Moved: 'neutral',
      CancelledAtGoogle: 'stuck',
      EventConflict: 'stuck',
      EventRefused: 'stuck',
      RateLimited: 'passing',
      BookingFailed: 'passing',
      NotYetBooked: 'passing',
    },
    Ready: { Ready: 'neutral', Suspended: 'neutral' },
  },
} as const satisfies Record<string, Record<string, Record<string, Meaning>>>

type Table = typeof REASONS

/** The reasons of an Agent's `Authorized` that a sign-in resolves. */
const ENDED_BY_SIGNING_IN: readonly string[] = [
  'AwaitingSignIn',
  'GrantRevoked',
  'GrantExpired',
  'GrantExpiresSoon',
  'ScopeMissing',
  'WrongAccount',
  'ClientChanged',
] satisfies ReasonOf<'Agent', 'Authorized'>[]

/** Whether an Agent whose `Authorized` has this reason waits, or will soon wait, for a person to sign in. */
export const needsSignIn = (reason: string): boolean => ENDED_BY_SIGNING_IN.includes(reason)

/** The reasons of a Booking that answer whoever made it: nothing is wrong that an administrator could repair (decision 0243). */
const ANSWERS: readonly string[] = ['SlotTaken', 'InThePast', 'CancelledAtGoogle'] satisfies ReadyReason<'Booking'>[]

/** Whether this reason is the answer to a Booking, so that nobody has to act although the Booking is stalled. */
export const isAnswer = (kind: Kind, reason: string): boolean => kind === 'Booking' && ANSWERS.includes(reason)

/** A kind with conditions. */
export type Kind = keyof Table
/** The conditions of a kind that are its own; `Ready`, `Reconciling` and `Stalled` are common to all. */
export type OwnCondition<K extends Kind> = Exclude<keyof Table[K], 'Ready'>
/** The reasons of one condition of a kind. */
export type ReasonOf<K extends Kind, C extends keyof Table[K]> = Extract<keyof Table[K][C], string>
/** Every reason that a kind's `Ready` can have. */
export type ReadyReason<K extends Kind> = { [C in keyof Table[K]]: ReasonOf<K, C> }[keyof Table[K]]

/** The meaning of a reason of `Ready`; an unknown reason counts as passing. */
export function meaningOf(kind: Kind, reason: string): Meaning {
  const tables: Record<string, Record<string, Meaning>> = REASONS[kind]
  for (const reasons of Object.values(tables)) {
    const meaning = Object.hasOwn(reasons, reason) ? reasons[reason] : undefined
    if (meaning) return meaning
  }
  return 'passing'
}
