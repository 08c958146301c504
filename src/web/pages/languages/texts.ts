/**
 * Every text of the pages, by name: a language that lacks one is a type error. Names in braces are filled in by the page and
 * must stand in every language: {site} the host that asks, {namespace} and {calendar} as said below, {account} the shortened address, {date} a time in UTC, {link}
 * the page of the Google account on which a permission is withdrawn.
 */
import type { Outcome } from '../view.ts'

/** A page that says what happened. */
export interface Message {
  title: string
  text: string
}

export interface ScopeTexts {
  calendar: string
  calendarReadonly: string
  events: string
  eventsReadonly: string
  freeBusy: string
  calendarList: string
  identity: string
}

export interface Texts {
  /** The first page, before anybody tried. */
  ask: { title: string; busy: string; full: string; other: string }
  /** Google's own translation: its branding rules ask for it. */
  button: string
  /** What comes when the button is pressed. */
  next: { Redirect: string; Popup: string }
  onlyIfExpected: string

  /** Shown where a person is asked anew because more is asked for. `{calendar}` is a shortened id. */
  added: { title: string; detail: string; accessToken: string; write: string; calendar: string; note: string }

  facts: {
    asker: string
    /** `{namespace}`: of the integration that asks. */
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
    shown: string
    shownBusy: string
    shownFull: string
    shownNone: string
    shownToken: string
    allowed: string
    /** Where the permission is wider than the use that is made of it. */
    allowedNote: string
  }
  scopes: ScopeTexts

  stored: Message
  withdraw: Message & { link: string }

  /** When the grant ends: of one that stands, and of one to be renewed. */
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
