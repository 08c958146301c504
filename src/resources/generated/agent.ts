// Generated from crds/ by `npm run generate`: change the CRD, not this file.
import type { Condition } from '../condition.ts'

/**
 * Whose calendars are read, and where the result is published.
 */
export interface AgentSpec {
  /**
   * The CalendarIntegration through which the calendars are connected.
   */
  integrationRef: {
    /**
     * The CalendarIntegration's name.
     */
    name: string
    /**
     * The CalendarIntegration's namespace; by default the Agent's own. An integration in another namespace must admit the Agent's namespace by its allowedNamespaces.
     */
    namespace?: string
  }
  /**
   * The Google account, by its e-mail address. Only a grant of this account is accepted; case is ignored, and googlemail.com is the same as gmail.com.
   */
  account: string
  /**
   * The person's name, for people who read the manifest; nothing depends on it.
   */
  displayName?: string
  /**
   * The person's calendars.
   */
  calendars: {
    /**
     * The ids of the calendars that are read and merged; primary is the account's own. The published time zone is that of the first one.
     *
     * @minItems 1
     * @maxItems 50
     *
     * Items: A calendar's id, as its settings show it under "Integrate calendar", such as team@group.calendar.google.com.
     */
    read: string[]
    /**
     * The id of the calendar that Bookings are written to; primary is the account's own. Unless it is set, nothing is written. What is booked in it counts as busy, even if read does not name it.
     */
    write?: string
  }
  /**
   * Which events count as busy, where people's habits differ.
   */
  busy: {
    /**
     * Events that are tentative, or were answered with "maybe".
     */
    tentative: 'Busy' | 'Free'
    /**
     * All-day events.
     */
    allDay: 'Busy' | 'Free'
  }
  /**
   * What programs in the cluster can see. With neither calendar nor accessToken, the account is connected and its calendars are read, but nothing is published.
   */
  publish: {
    /**
     * The object that the calendar is published to, in the Agent's namespace. The operator creates it; an existing object that does not belong to this Agent is never touched.
     */
    calendar?: {
      /**
       * Whether it is a ConfigMap or a Secret.
       */
      kind: 'ConfigMap' | 'Secret'
      /**
       * The name of the ConfigMap or Secret.
       */
      name: string
      /**
       * Busy: busy.json (or .ics), when the person is busy and nothing else. Full: also events.json (or .ics), with titles, places and attendees; only in a Secret.
       */
      detail: 'Busy' | 'Full'
      /**
       * The formats: JSON for programs, ICalendar for calendar clients.
       *
       * @minItems 1
       * @maxItems 2
       */
      formats: ('JSON' | 'ICalendar')[]
    }
    /**
     * A Secret, in the Agent's namespace, with an access token that is always valid, for programs that call Google themselves: access_token, expires_at, token_type. It never holds the refresh token.
     */
    accessToken?: {
      /**
       * The Secret's name.
       */
      name: string
    }
    /**
     * How long what is published may be trusted after the calendars were read (freshUntil); in effect never less than twice the integration's sync.interval. A duration in h, m and s, at least 30s.
     */
    staleAfter: string
    /**
     * What is published while the calendars can't be read. KeepLast: the last known state, with its freshUntil. Block: the whole window is busy.
     */
    whenStale: 'KeepLast' | 'Block'
  }
  /**
   * A Secret, in the Agent's namespace, with a refresh token that is used instead of a sign-in, such as one from GitOps or a vault. Keys: refresh_token and, if known, granted_at (RFC 3339), the time of the consent. It is read, never written, and can't be a Secret that the operator made.
   */
  grantSecretRef?: {
    /**
     * The Secret's name.
     */
    name: string
  }
  /**
   * What happens to the grant when the Agent is deleted. Retain: its Secret NAME-google-grant stays, for an Agent of the same name. Revoke: it is revoked at Google, and the Secret is deleted.
   */
  deletionPolicy: 'Retain' | 'Revoke'
  /**
   * Freezes this Agent: no request is made for it, its conditions stay as they are, and what is published becomes stale.
   */
  suspend: boolean
}

/**
 * What the operator found. Written by the operator only.
 */
export interface AgentStatus {
  /**
   * The generation of the spec that this status describes; -1 before the operator has seen the object.
   */
  observedGeneration?: number
  /**
   * The latest observations: Ready, Reconciling, Stalled, Authorized, Synced and, with push, Watching.
   *
   * @maxItems 16
   */
  conditions?: Condition[]
  /**
   * The value of the annotation calendar-operator.io/requestedAt or reconcile.fluxcd.io/requestedAt that was last acted on.
   */
  lastHandledReconcileAt?: string
  /**
   * The grant, without its tokens.
   */
  authorization?: {
    /**
     * Where the person signs in with Google. It is set while somebody has to sign in, unless spec.grantSecretRef supplies the grant; only spec.account can be connected with it.
     */
    url?: string
    /**
     * The Google account that granted access.
     */
    account?: string
    /**
     * The scopes that were granted.
     *
     * @maxItems 128
     */
    scopes?: string[]
    /**
     * When access was granted; if that is unknown, when the grant was first seen.
     */
    grantedAt?: string
    /**
     * When the grant ends, if known.
     */
    expiresAt?: string
    /**
     * When the current access token ends; it is renewed long before.
     */
    accessTokenExpiresAt?: string
    /**
     * Why the grant most likely ended, if it did.
     */
    likelyCause?: string
  }
  /**
   * The calendars, as last read.
   */
  sync?: {
    /**
     * When all of them were last read, as of the last heartbeat.
     */
    lastSyncTime?: string
    /**
     * When all of them were last read completely.
     */
    lastFullSyncTime?: string
    /**
     * The number of busy intervals in the window.
     */
    busyIntervals?: number
    /**
     * One entry per calendar.
     *
     * @maxItems 51
     *
     * Items: One calendar.
     */
    calendars?: {
      /**
       * The calendar's id, as it first appears in the spec.
       */
      id: string
      /**
       * How many events were read within the window.
       */
      events?: number
      /**
       * When it was last read, as of the last heartbeat.
       */
      lastSyncTime?: string
      /**
       * Why the calendar can't be read, if it can't.
       */
      error?: string
      /**
       * The channel on which Google announces changes of the calendar, if there is one.
       */
      channel?: {
        /**
         * The channel's id.
         */
        id: string
        /**
         * Google's id of what is watched.
         */
        resourceID: string
        /**
         * When the channel ends; another one replaces it before.
         */
        expiresAt: string
      }
    }[]
  }
}
