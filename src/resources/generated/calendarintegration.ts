// Generated from crds/ by `npm run generate`: change the CRD, not this file.
import type { Condition } from '../condition.ts'

/**
 * The OAuth client, how often calendars are read, and who may use it.
 */
export interface CalendarIntegrationSpec {
  /**
   * The OAuth client, as the Google Cloud console shows it.
   */
  google: {
    /**
     * The Secret, in the same namespace, that holds the OAuth client. It is read, never written.
     */
    clientSecretRef: {
      /**
       * The Secret's name.
       */
      name: string
      /**
       * The key that holds the client file as downloaded from the Google Cloud console. Without it, client_secret.json is read if it is there, else client_id and client_secret.
       */
      key?: string
    }
    /**
     * The origin of the booking site, as registered at Google under "Authorized JavaScript origins": scheme and host, and the port where it is not the usual one. https only, except for localhost and loopback addresses.
     */
    siteURI: string
    /**
     * Who may sign in, as set on the consent screen. External: every Google account (while the app is in Testing, the listed test users only). Internal: the accounts of the organisation that owns the Google Cloud project.
     */
    userType: 'External' | 'Internal'
    /**
     * Whether the consent screen of an External app was published. While it is in Testing, Google ends every grant seven days after the sign-in. If userType is External, an empty value means Testing; an Internal app has none.
     */
    publishingStatus?: 'Testing' | 'InProduction'
    /**
     * The scopes that every Agent must grant, directly or through a broader one. To read events and to identify the account, https://www.googleapis.com/auth/calendar is the usual choice.
     *
     * @minItems 1
     * @maxItems 16
     *
     * Items: A Google scope, written in full.
     */
    scopes: string[]
  }
  /**
   * How often calendars are read, and which part of them.
   */
  sync: {
    /**
     * The time from one read of a calendar to the next; only changes are requested. A duration in h, m and s, from 10s to 24h.
     */
    interval: string
    /**
     * The time from one complete read of a calendar to the next, which moves the window forward. A duration in h, m and s, from 30s to 168h.
     */
    fullSyncInterval: string
    /**
     * The part of the calendars that is read and published, in days of 24 hours around the current hour (UTC).
     */
    window: {
      /**
       * How many days back, from 0 to 30.
       */
      pastDays: number
      /**
       * How many days ahead, from 1 to 365.
       */
      futureDays: number
    }
    /**
     * Enabled: Google announces changes of the calendars to the operator's pages, and a calendar is read within a second of a change; it is still read at every interval. Disabled: it is read at every interval only.
     */
    push: 'Enabled' | 'Disabled'
  }
  /**
   * How many requests a minute may be sent to the Calendar API. The operator never sends more in any minute, whenever it begins, and keeps a tenth for what can't wait: sign-ins and requests to reconcile. The integrations of one OAuth client, each within its own quota, together stay within the largest.
   */
  quota: {
    /**
     * For all Agents together, from 1 to 1000000. At most what Google allows the Google Cloud project, less what other programs of the project need.
     */
    requestsPerMinute: number
    /**
     * For one account, from 1 to 1000000. All Agents of the account share it. At most what Google allows each user of the project.
     */
    requestsPerMinutePerAgent: number
  }
  /**
   * The namespaces whose Agents may use this integration.
   */
  allowedNamespaces: {
    /**
     * Same: this namespace only. All: every namespace. Selector: those whose labels the selector matches.
     */
    from: 'Same' | 'All' | 'Selector'
    /**
     * Selects namespaces by their labels; all of its requirements must be met. An empty selector selects every namespace.
     */
    selector?: {
      /**
       * Labels and the values that they must have.
       */
      matchLabels?: {
        [k: string]: string
      }
      /**
       * Requirements on labels.
       *
       * @maxItems 32
       *
       * Items: A requirement on one label.
       */
      matchExpressions?: {
        /**
         * The label's key.
         */
        key: string
        /**
         * How the label relates to the values.
         */
        operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
        /**
         * The values, with In and NotIn only.
         *
         * @maxItems 64
         */
        values?: string[]
      }[]
    }
  }
  /**
   * Freezes this integration and the Agents that use it: no request is made for them, their conditions stay as they are, and what is published becomes stale.
   */
  suspend: boolean
}

/**
 * What the operator found. Written by the operator only.
 */
export interface CalendarIntegrationStatus {
  /**
   * The generation of the spec that this status describes; -1 before the operator has seen the object.
   */
  observedGeneration?: number
  /**
   * The latest observations: Ready, Reconciling, Stalled, CredentialsValid, CalendarAPIEnabled, WithinQuota, SiteAccepted.
   *
   * @maxItems 16
   */
  conditions?: Condition[]
  /**
   * The value of the annotation calendar-operator.io/requestedAt or reconcile.fluxcd.io/requestedAt that was last acted on.
   */
  lastHandledReconcileAt?: string
  /**
   * The OAuth client's id.
   */
  clientID?: string
  /**
   * The Google Cloud project of the OAuth client, if the client file names it.
   */
  projectID?: string
  /**
   * A fingerprint of the credentials that were last checked; it shows that they changed, not what they are.
   */
  credentialsHash?: string
  /**
   * How people sign in, and exactly what has to be registered at Google for it.
   */
  signIn?: {
    /**
     * Redirect: Google sends people back to redirectURI. Popup: Google opens a window on top of a page of javascriptOrigin; chosen if the client file registers that origin but not the redirectURI.
     */
    mode?: 'Redirect' | 'Popup'
    /**
     * What to add to the client's "Authorized redirect URIs", for Redirect.
     */
    redirectURI?: string
    /**
     * What to add to the client's "Authorized JavaScript origins", for Popup.
     */
    javascriptOrigin?: string
  }
  /**
   * The number of Agents that use this integration.
   */
  agents?: {
    /**
     * All Agents.
     */
    total?: number
    /**
     * Agents that are ready.
     */
    ready?: number
    /**
     * Agents that wait for somebody to sign in.
     */
    awaitingSignIn?: number
    /**
     * Ready Agents whose grant ends soon.
     */
    expiringSoon?: number
    /**
     * Agents for which somebody has to act.
     */
    failing?: number
    /**
     * Ready Agents out of the total, such as 3/4.
     */
    summary?: string
  }
}
