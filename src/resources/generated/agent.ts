// Generated from crds/ by `npm run generate`: change the CRD, not this file.
import type { Condition } from '../types.ts'

/**
 * Whose calendars, and what becomes of them.
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
     * The CalendarIntegration's namespace; the Agent's own where nothing is said. Another one must allow it by its allowedNamespaces.
     */
    namespace?: string
  }
  /**
   * The Google account, by its e-mail address. Only a grant of this account is accepted; upper and lower case count as one, and googlemail.com as gmail.com.
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
     * The ids of the calendars that are read and merged; primary is the account's own. The published time zone is that of the first.
     *
     * @minItems 1
     * @maxItems 50
     *
     * Items: A calendar's id, as its settings show it under "Integrate calendar", such as team@group.calendar.google.com.
     */
    read: string[]
  }
  /**
   * What counts as busy where people's habits differ.
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
   * What programs in the cluster get to see. With neither calendar nor accessToken the account is connected and its calendars are read, and nothing is published.
   */
  publish: {
    /**
     * The object that the calendar is published to, in the Agent's namespace. The operator creates it; one that exists and is not this Agent's is never touched.
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
     * How long after a read of the calendars what is published may be trusted (freshUntil); in effect never less than twice the integration's sync.interval. A duration in h, m and s, at least 30s.
     */
    staleAfter: string
    /**
     * What is published while the calendars can't be read. KeepLast: what was known last, with the freshUntil of then. Block: the whole window as busy.
     */
    whenStale: 'KeepLast' | 'Block'
  }
  /**
   * A Secret, in the Agent's namespace, with a refresh token to use, by GitOps or from a vault, instead of a sign-in. Keys: refresh_token, and granted_at (RFC 3339), the time of the consent, where it is known. It is read, never written, and can't be a Secret that the operator made.
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
   * Freezes this Agent: no request is made for it, its conditions stay as they are, and what is published grows stale.
   */
  suspend: boolean
}

/**
 * What the operator found. Written by the operator only.
 */
export interface AgentStatus {
  /**
   * The generation of the spec that this status is about; -1 before the operator has seen the object.
   */
  observedGeneration?: number
  /**
   * The latest findings: Ready, Reconciling, Stalled, Authorized, Synced.
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
     * Where the person signs in with Google. It is there for as long as somebody has to, unless the grant is brought by spec.grantSecretRef; only spec.account can be connected with it.
     */
    url?: string
    /**
     * The Google account that gave it.
     */
    account?: string
    /**
     * The scopes that were granted.
     *
     * @maxItems 128
     */
    scopes?: string[]
    /**
     * When it was given; where that is not known, when it was first seen.
     */
    grantedAt?: string
    /**
     * When it ends, where that is known.
     */
    expiresAt?: string
    /**
     * When the current access token ends; it is renewed long before.
     */
    accessTokenExpiresAt?: string
    /**
     * Why it most likely ended, where it did.
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
     * How many busy intervals the window holds.
     */
    busyIntervals?: number
    /**
     * One entry a calendar.
     *
     * @maxItems 50
     *
     * Items: One calendar.
     */
    calendars?: {
      /**
       * Its id, as the spec first writes it.
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
       * Why it can't be read, where it can't.
       */
      error?: string
    }[]
  }
}
