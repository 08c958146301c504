/** The mails that Google sends to guests. Types only, without imports. */

/** Why a guest gets a mail; `reply` goes to the organizer. */
export type MailKind = 'invitation' | 'update' | 'cancellation' | 'reply'

/** A mail about an event. */
export interface Mail {
  /** When it was sent, as RFC 3339. */
  at: string
  calendar: string
  event: string
  kind: MailKind
  to: string
  /** What the request said. */
  sendUpdates: 'all' | 'externalOnly'
}
