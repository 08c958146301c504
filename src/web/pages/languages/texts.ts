/**
 * Every text of the pages, by name; a language that lacks one is a type error. The page fills in the names in braces, which every
 * language must contain: {site} is the host that asks, {account} the shortened address, {date} a time in UTC, {link} the page of
 * the Google account on which access is revoked; {namespace} and {calendar} are explained below.
 */
import type { Outcome } from '../view.ts'

/** A heading and a paragraph. */
export interface Message {
  title: string
  text: string
}

/** What Google's scopes allow, close to the words of Google's consent page. */
export interface ScopeTexts {
  calendar: string
  calendarReadonly: string
  events: string
  eventsReadonly: string
  freeBusy: string
  calendarList: string
  identity: string
}

/** All texts of one language. */
export interface Texts {
  /** The page before the first attempt. */
  ask: { title: string; busy: string; full: string; other: string }
  /** Google's own translation, as its branding rules require. */
  button: string
  /** What happens when the button is pressed. */
  next: { Redirect: string; Popup: string }
  onlyIfExpected: string

  /** Shown when a person has to sign in again because the spec asks for more. `{calendar}` is a shortened id. */
  added: { title: string; detail: string; accessToken: string; write: string; calendar: string; note: string }

  details: {
    asker: string
    /** `{namespace}` is the integration's. */
    askerOf: string
    person: string
    account: string
    accountNote: string
    calendars: string
    primary: string
    read: string
    readBusy: string
    readFull: string
    notRead: string
    notReadBusy: string
    /** In place of it where appointments are written, which are read with all that is in them. */
    notReadWriting: string
    /** `{calendar}` is a name or a shortened id. */
    written: string
    writtenEvents: string
    writtenMails: string
    shown: string
    shownBusy: string
    shownFull: string
    shownNone: string
    shownWriting: string
    shownToken: string
    allowed: string
    /** Shown if the scopes allow more than is done with them: where nothing is written, and where appointments are. */
    allowedNote: string
    allowedNoteWriting: string
  }
  scopes: ScopeTexts

  /** `writing` is added where appointments are written. */
  stored: Message & { writing: string }
  withdraw: Message & { link: string }

  /** When the grant ends: for a connected account, and for a grant that should be renewed. */
  lastsUntil: string
  renewBefore: string

  outcomes: Record<Outcome, Message>
  pages: Record<'notFound' | 'refused' | 'tooManyRequests' | 'failed', Message>

  popup: {
    noScript: string
    working: string
    blocked: string
    closed: string
    notLoaded: string
    failed: string
  }
}
