/**
 * What the operator remembers of one agent between two reconciles. All of it can be rebuilt from the cluster and from
 * Google, so it is lost without harm at a restart.
 */
import type { AuthorizedGrant } from '../grants/grant-secret.ts'
import type { CalendarSnapshot } from '../calendar/calendar-snapshot.ts'
import type { StatusMemory } from '../kubernetes/status-report.ts'
import type { Consent } from '../resources/consent.ts'
import type { AgentStatus } from '../resources/types.ts'
import type { RequestMemory } from '../resources/run-now.ts'
import type { Stamps } from './render.ts'
import type { Setback } from './setback.ts'

/** A grant in use. Instants in ms since the epoch, but for `renewAt`. */
export interface Grant {
  refreshToken: string
  /** SHA-256 of the brought refresh token that this grant began with, where it was brought. */
  broughtHash?: string
  /** The OAuth client that it is known to work with. */
  clientId?: string
  account?: string
  /** The granted scopes don't reach the calendar list, so nobody can tell whose grant it is. */
  accountHidden?: boolean
  scopes?: string[]
  grantedAt: number
  /** Where nobody said when consent was given: it was then at the latest. */
  grantedAtIsGuess: boolean
  grantExpiresAt?: number
  accessToken?: string
  /** When the access token in hand came: its lifetime is counted from here. */
  obtainedAt: number
  expiresAt: number
  /** When to renew, ahead of expiry, by the monotonic clock. */
  renewAt: number
  /** The credentials that it was last refreshed with. */
  credentialsHash?: string
  /** When Google last accepted the refresh token, where known. */
  lastUsedAt?: number
  /** False where what is in the Secret is older than this. */
  saved: boolean
  /** Whether it was found to be of the right account, with the right scopes: only then is it this Agent's to revoke. */
  checked: boolean
  /** What the Secret says of the consent's time, where that cannot be right by this machine's time of day: it is kept. */
  doubtedGrantedAt?: number
  /** What the sign-in page named; undefined where no page was shown. */
  consent?: Consent
}

/** What an Agent was authorized with, as far as ending it needs it. */
export const authorizedGrant = ({ checked, refreshToken, account, clientId }: Grant): AuthorizedGrant | undefined =>
  checked ? { token: refreshToken, account, clientId } : undefined

/** One calendar, under its real id. Its instants are the monotonic clock's: `timeOfDay` tells them to others. */
export interface CalendarMemory {
  snapshot: CalendarSnapshot
  timeZone: string
  detail: 'Busy' | 'Full'
  syncToken?: string
  /** Undefined until it was read once. */
  lastRead?: number
  lastFull?: number
  /** How many full listings in a row were not fully understood. */
  doubts?: number
  /** What the last full listing asked for: another wish means another full listing. */
  asked?: { pastDays: number; futureDays: number; /** By the time of day. */ at: number }
  nextAt: number
  /** The interval that `nextAt` was reckoned with, in ms. */
  interval?: number
  /** What the last attempt ended with, if not well. */
  trouble?: Trouble
}

export interface Trouble {
  setback: Setback
  /** By the monotonic clock. */
  since: number
  /** Google refused the calendar for a reason that will not pass by itself. */
  refused: boolean
  /** How often in a row. */
  failures: number
  /** What Google answered, for the status. */
  error: string
}

/** The published calendar as it stands in the cluster. */
export interface Published {
  kind: 'ConfigMap' | 'Secret'
  name: string
  resourceVersion: string
  /** Its text: see `published.ts`. */
  packed: Uint8Array
  /** Somebody else has changed it, and nothing of ours was written over that yet. */
  isEdited?: boolean
  /** What the data says, once somebody has asked (`readHeader`). */
  said?: Said
}

/** What a published calendar says of itself; nothing of it where the text isn't whole. */
export interface Said {
  stamps?: Stamps
  busyIntervals?: number
}

/** Google fails for a reason that may pass. */
export interface Absence {
  setbacks: Setback[]
  /** The grant was good when that began. */
  authorized: boolean
  /** How often in a row. */
  failures: number
  /** By the monotonic clock. */
  failedAt: number
  /** By the monotonic clock. */
  until: number
  /** How often somebody else's answer has shortened the pause. */
  hurries: number
  /** It was a limit of the whole client, which may be lifted before. */
  limited: boolean
  /** What it was about: another grant, or other credentials, may fare better. */
  token: string
  credentialsHash: string
}

/** Renewing an access token ahead of its time fails for a reason that may pass. */
export interface LateRenewal {
  setback: Setback
  /** How often in a row. */
  failures: number
  /** When it is tried again, by the monotonic clock. */
  until: number
  /** What it was tried with: other credentials may fare better. */
  credentialsHash: string
}

export interface Refusal {
  setback: Setback
  /** By the monotonic clock. */
  since: number
  likelyCause: string
  /** What it was about, and what its message advises. */
  token: string
  credentialsHash: string
  advice: string
}

/** Google refuses to tell whose grant it is. Instants by the monotonic clock. */
export interface AccountRefusal {
  setback: Setback
  since: number
  askAgainAt: number
  /** The grant that it was about. */
  token: string
}

export interface AgentMemory extends StatusMemory<AgentStatus>, RequestMemory {
  uid: string
  /** By the monotonic clock. */
  firstSeen: number
  /** The versions of the two Secrets that `grant` was read from. */
  ownVersion?: string
  broughtVersion?: string
  /** The refresh token that our own Secret holds. */
  ownToken?: string
  grant?: Grant
  /** Why the grant in hand could not be written to our own Secret: it is used from memory. */
  unsaved?: Setback
  /** What had to be made good in the supplied Secret, as a sentence. */
  suppliedRemark?: string
  /** What the person had consented to whose grant is gone: what was read under it may not be published beyond that. */
  lastConsent?: Consent
  /** A grant whose Secret is gone: nothing uses it, but an Agent that goes may have to revoke it. */
  withdrawn?: AuthorizedGrant
  /** A refusal that concerns the grant: not asked again before its time, unless what it depends on has changed. */
  refusal?: Refusal
  /** Why nobody knows the account of the grant in hand: not asked again before its time. */
  accountRefusal?: AccountRefusal
  /** What Google fails with at present, and until when it is not asked again. */
  absence?: Absence
  /** The access token in hand is good, but should have been renewed by now. */
  lateRenewal?: LateRenewal
  calendars: Map<string, CalendarMemory>
  /** Null where it is known that nothing of ours stands there. */
  published?: Published | null
  publishedToken?: Published | null
  /** By how much all that is to be published is too large, and what to do. */
  tooLarge?: string
  /** What the published calendar was last compared with: the same again needs no second look. */
  compared?: readonly unknown[]
  /** Since when it has been found to be deleted, by the monotonic clock. */
  leavingSince?: number
  /** Since when it has been failing for a reason that may pass, by the monotonic clock. */
  troubleSince?: number
  /** Since when its writes have come later than somebody else's, by the monotonic clock. */
  beatenSince?: number
  /** How far the time of day was ahead of the monotonic clock when everything here was last brought in line with it. */
  timeOfDayOffset?: number
  /** What came of it when the calendars were last read, or were to be. */
  found?: { setbacks: Setback[]; grant: Grant | undefined; complete: boolean }
  /** Ends when what is being published and reported is; never fails. */
  writing?: Promise<unknown>
}

/** How far the person has consented; undefined where no page was shown. */
export const consentIn = ({ grant, lastConsent }: AgentMemory): Consent | undefined =>
  grant ? grant.consent : lastConsent

export const newMemory = (uid: string, now: number): AgentMemory => ({ uid, firstSeen: now, calendars: new Map() })

/** Another grant, most likely just signed in: what was refused to the one before says nothing about it. */
export function beginAnew(memory: AgentMemory): void {
  Object.assign(memory, { refusal: undefined, lateRenewal: undefined })
  for (const calendar of memory.calendars.values()) {
    // Read at once, and whole: another account may see other things.
    Object.assign(calendar, { nextAt: -Infinity, syncToken: undefined, trouble: undefined })
  }
}
