/**
 * The input of the pages. Addresses may be given in full: the pages shorten them (`a…e@example.com`) wherever they show them.
 */

/** How a person gets to Google: by a form and a redirect, or by Google's script in a popup. */
export type SignInMode = 'Redirect' | 'Popup'

/** The outcome of a sign-in; the URL contains the same word, `?outcome=…`. */
export type Outcome =
  | 'connected'
  | 'denied'
  | 'wrong-account'
  | 'scope-missing'
  | 'no-refresh-token'
  | 'expired'
  | 'settings-not-in-effect'
  | 'blocked-by-admin'
  | 'not-a-member'
  | 'google-unreachable'
  | 'suspended'
  | 'not-needed'

/** Outcomes after which the page has no button. */
export const FINAL_OUTCOMES: readonly Outcome[] = ['connected', 'suspended', 'not-needed']

/** A calendar that is read or written. `id` is shown shortened, and omitted for the account's primary calendar. */
export interface CalendarView {
  kind: 'primary' | 'other'
  id?: string
}

/** What programs in the cluster can see. Without `detail`, no calendar is published. */
interface PublishesView {
  detail?: 'Busy' | 'Full'
  /** They also get access tokens, with which they can do everything that the scopes allow. */
  accessToken: boolean
}

/** Something new that the person has not agreed to yet, although they agreed to the rest. */
export type Added = 'detail' | 'accessToken' | 'write' | { calendar: CalendarView }

/** What the page of a sign-in link shows. */
export interface SignInView {
  /** Host of the site that asks, as a browser shows it: `booking.example.com`, with the port if there is one. */
  siteHost: string
  /** The namespace whose site it is. */
  namespace: string
  /** The person's `displayName`, or the Agent's name. */
  agentName: string
  /** The account that must sign in. */
  account: string
  calendars: readonly CalendarView[]
  /** The requested scopes, as Google writes them. */
  scopes: readonly string[]
  publishes: PublishesView
  /** The calendar that appointments are written to; omitted if none is. */
  writes?: CalendarView
  /** What is new since the person last agreed; empty if they never agreed, or nothing is new. */
  added: readonly Added[]
  mode: SignInMode
  /**
   * The path of this page. The form of `Redirect` posts `csrf` to it (application/x-www-form-urlencoded); the script of `Popup` posts JSON to
   * `<action>/attempt` (`{csrf}`) and `<action>/code` (`{code, state}` or `{error, state}`).
   */
  action: string
  csrf?: string
  /** Popup only: the origin of Google's script, such as `https://accounts.google.com`. */
  clientScript?: { accountsOrigin: string }
  /** When the current grant ends (RFC 3339); omitted if there is none, or its end is unknown. */
  expiresAt?: string
  /** Omitted before the first attempt. */
  outcome?: Outcome
}

/** A file that the pages refer to by `path`, which contains a hash of the content. */
export interface Asset {
  path: string
  contentType: string
  body: string
}
