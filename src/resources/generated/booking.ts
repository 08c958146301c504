// Generated from crds/ by `npm run generate`: change the CRD, not this file.
import type { Condition } from '../condition.ts'

/**
 * The appointment, and what is done when calendar and Booking differ.
 */
export interface BookingSpec {
  /**
   * The Agent into whose calendar (spec.calendars.write) the appointment is written. It can't be changed.
   */
  agentRef: {
    /**
     * The name of an Agent in the Booking's namespace.
     */
    name: string
  }
  /**
   * When the appointment begins: RFC 3339 with whole seconds and an offset or Z, such as 2026-12-01T14:00:00+01:00.
   */
  start: string
  /**
   * When it ends, in the same form: after start, and at most 14 days later. Another appointment may begin at this time.
   */
  end: string
  /**
   * The time zone in which Google shows the event, by its IANA name, such as Europe/Paris; by default the calendar's own.
   */
  timeZone?: string
  /**
   * The title of the event.
   */
  title: string
  /**
   * The description of the event.
   */
  description?: string
  /**
   * Where it takes place.
   */
  location?: string
  /**
   * The guests. Guests that are added in Google Calendar stay, unless onExternalChange is Enforce.
   *
   * @maxItems 100
   *
   * Items: One guest.
   */
  attendees?: {
    /**
     * The guest's e-mail address; case is ignored.
     */
    email: string
    /**
     * The guest's name.
     */
    name?: string
    /**
     * Whether the appointment can take place without this guest.
     */
    optional: boolean
  }[]
  /**
   * GoogleMeet: Google adds a video conference, whose address is in status.conference.
   */
  conference: 'None' | 'GoogleMeet'
  /**
   * Who sees the details of the event among those who see the calendar. Default: as the calendar says.
   */
  visibility: 'Default' | 'Private' | 'Public'
  /**
   * Whom Google sends e-mails about the event, in the person's name: no guest, only guests who don't use Google Calendar, or all guests.
   */
  notify: 'None' | 'ExternalOnly' | 'All'
  /**
   * Reject: the appointment is written only if the Agent's calendars are free at that time. Allow: they are not looked at.
   */
  conflictPolicy: 'Reject' | 'Allow'
  /**
   * What follows when somebody changes the event in Google Calendar. Reflect: the change stays, and status shows it. Enforce: the event is restored to what this spec says.
   */
  onExternalChange: 'Reflect' | 'Enforce'
  /**
   * What happens to the event when the Booking is deleted. Cancel: it is deleted, unless it has ended. Retain: it stays.
   */
  deletionPolicy: 'Cancel' | 'Retain'
  /**
   * How long after its end the Booking is deleted; the event stays. Unless it is set, the Booking stays as well. A duration in h, m and s, such as 720h.
   */
  ttlAfterEnd?: string
  /**
   * Freezes this Booking: no request is made for it, and its conditions stay as they are.
   */
  suspend: boolean
}

/**
 * What the operator found. Written by the operator only.
 */
export interface BookingStatus {
  /**
   * The generation of the spec that this status describes; -1 before the operator has seen the object.
   */
  observedGeneration?: number
  /**
   * The latest observations: Ready, Reconciling, Stalled, Accepted and Booked.
   *
   * @maxItems 16
   */
  conditions?: Condition[]
  /**
   * The value of the annotation calendar-operator.io/requestedAt or reconcile.fluxcd.io/requestedAt that was last acted on.
   */
  lastHandledReconcileAt?: string
  /**
   * The event as it is at Google.
   */
  event?: {
    /**
     * The id of the calendar that it is in.
     */
    calendar?: string
    /**
     * The event's id.
     */
    id?: string
    /**
     * The event's id in iCalendar, the same in the calendars of all guests.
     */
    iCalUID?: string
    /**
     * Where the event is shown in Google Calendar.
     */
    url?: string
    /**
     * When it begins, in UTC.
     */
    start?: string
    /**
     * When it ends, in UTC.
     */
    end?: string
  }
  /**
   * The times that were last written from the spec, in UTC.
   */
  applied?: {
    /**
     * The start that was written.
     */
    start?: string
    /**
     * The end that was written.
     */
    end?: string
  }
  /**
   * How often the event was made again after it had been deleted at Google.
   */
  remade?: number
  /**
   * The version of the event that this status describes, as Google names it.
   */
  observedETag?: string
  /**
   * The Google Meet conference, if spec.conference asks for one.
   */
  conference?: {
    /**
     * Whether Google has created it.
     */
    state?: 'Pending' | 'Ready' | 'Failed'
    /**
     * Where to join it.
     */
    url?: string
  }
  /**
   * The guests and their answers, as Google has them.
   *
   * @maxItems 500
   *
   * Items: One guest.
   */
  attendees?: {
    /**
     * The guest's e-mail address.
     */
    email: string
    /**
     * The guest's answer.
     */
    response?: 'NeedsAction' | 'Accepted' | 'Declined' | 'Tentative'
  }[]
}
