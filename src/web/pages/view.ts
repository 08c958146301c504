/**
 * What the pages need to know, and nothing of where it comes from. An address may be given in full: the pages shorten it
 * (`a…e@example.com`) wherever they show it.
 */

/** How a person gets to Google: by a form and a redirect, or by Google's own script in a popup. */
export type SignInMode = 'Redirect' | 'Popup'

/** What became of a sign-in; the same word stands in the URL, `?outcome=…`. */
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

/** Outcomes after which nothing can be done on the page; all others offer the button (again). */
export const FINAL_OUTCOMES: readonly Outcome[] = ['connected', 'suspended', 'not-needed']

/** A calendar that is read; `id` is shown shortened, and left out for the account's own one. */
export interface CalendarView {
  kind: 'primary' | 'other'
  id?: string
}

/** What programs of the site get to see. Without `detail` no calendar is published. */
export interface PublishesView {
  detail?: 'Busy' | 'Full'
  /** They also get access tokens, and can themselves do what the scopes allow. */
  accessToken: boolean
}

/** Something that the person has not agreed to yet, although they have agreed to the rest. */
export type Added = 'detail' | 'accessToken' | 'write' | { calendar: CalendarView }

export interface SignInView {
  /** Host of the site that asks, as a browser shows it: `booking.example.com`, with the port where there is one. */
  siteHost: string
  /** The namespace whose site it is. */
  namespace: string
  /** The person: `displayName`, else the Agent's name. */
  agentName: string
  /** The account that must sign in. */
  account: string
  calendars: readonly CalendarView[]
  /** Scopes that are asked for, as Google spells them. */
  scopes: readonly string[]
  publishes: PublishesView
  /** What is new since the person agreed the last time; empty where they never did, or nothing is. */
  added: readonly Added[]
  mode: SignInMode
  /**
   * Path of this page. The form of `Redirect` posts `csrf` to it (application/x-www-form-urlencoded); the script of `Popup` posts JSON to
   * `<action>/attempt` (`{csrf}`) and `<action>/code` (`{code, state}` or `{error, state}`).
   */
  action: string
  csrf?: string
  /** Popup only: where Google's script comes from, `https://accounts.google.com`. */
  clientScript?: { accountsOrigin: string }
  /** When the present grant ends, RFC 3339; left out where there is none, or its end isn't known. */
  expiresAt?: string
  /** Left out: nobody has tried yet. */
  outcome?: Outcome
}

/** Bytes that the pages refer to by `path` (from the site's root), which changes with the content: to be cached for ever. */
export interface Asset {
  path: string
  contentType: string
  body: string
}
