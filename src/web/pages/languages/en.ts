/** The texts of the sign-in pages in English. */
import type { Texts } from './texts.ts'

/** English. */
export const en: Texts = {
  ask: {
    title: 'Connect your Google calendar',
    busy: '{site} would like to know when you are busy, so that appointments are offered only when you are free.',
    full: '{site} would like to see your events, so that appointments are offered only when you are free.',
    other: '{site} would like to connect your calendar.',
  },
  button: 'Sign in with Google',
  next: {
    Redirect: 'Google’s own page opens. You enter your password there and nowhere else; then you come back here.',
    Popup: 'A Google window opens. You enter your password there and nowhere else.',
  },
  onlyIfExpected:
    'Continue only if you know {site} and expected this. Otherwise, close this page: nothing happens unless you sign in.',
  added: {
    title: 'New since you last agreed',
    detail: 'Titles, descriptions, places and guests of your events are published, too.',
    accessToken: 'Programs run by {site} get access to Google for themselves.',
    write: 'Appointments are written to your calendar, and invitations to them are sent in your name.',
    calendar: 'One more calendar: {calendar}',
    note: 'Until you sign in, everything stays as you agreed before.',
  },
  details: {
    asker: 'Who asks',
    askerOf: '{site} (namespace {namespace})',
    person: 'For',
    account: 'Google account',
    accountNote: 'Choose this account at Google; no other is accepted.',
    calendars: 'Calendars',
    primary: 'Your main calendar',
    read: 'What is read',
    readBusy: 'When your events begin and end, and whether they count as busy.',
    readFull: 'Your events: when they begin and end, their titles, descriptions, places and guests.',
    notRead: 'What is not read',
    notReadBusy: 'Titles, descriptions, places and guests. They are not even asked for.',
    notReadWriting:
      'Titles, descriptions, places and guests of other events than these appointments. They are not even asked for.',
    written: 'What is written',
    writtenEvents:
      'Appointments that are booked with {site}, to this calendar: {calendar}. They are changed and deleted as well.',
    writtenMails: 'Google sends invitations and changes to the guests of these appointments in your name.',
    shown: 'Who sees it',
    shownBusy: 'Programs run by {site} see when you are busy, and nothing else.',
    shownFull: 'Programs run by {site} see your events with titles, descriptions, places and guests.',
    shownNone: 'At present, nothing is shared with programs run by {site}.',
    shownWriting:
      'Programs run by {site} also see what becomes of these appointments: whether they were moved or cancelled, and what their guests answered.',
    shownToken:
      'Programs run by {site} also get access to Google for themselves while you stay connected. With it, they can do whatever you allow below.',
    allowed: 'What Google will ask you to allow',
    allowedNote:
      'This may allow more than is done with it: your calendars are only read, and nothing in them is changed.',
    allowedNoteWriting:
      'This may allow more than is done with it: only appointments that are booked here are written, and no other event is changed.',
  },
  scopes: {
    calendar: 'See, edit, share and permanently delete all the calendars you can access using Google Calendar',
    calendarReadonly: 'See and download any calendar you can access using Google Calendar',
    events: 'View and edit events on your calendars',
    eventsReadonly: 'View events on your calendars',
    freeBusy: 'View your availability in your calendars',
    calendarList: 'See the list of your calendars',
    identity: 'See your name and e-mail address',
  },
  stored: {
    title: 'What is stored',
    text: 'A permission from Google that lets your calendar be read while you are away. It is kept where {site} runs. Your password is never stored.',
    writing: 'It also lets appointments be written to it.',
  },
  withdraw: {
    title: 'How to revoke access',
    text: 'At any time, in your Google account under {link}. After that, there is no access any more.',
    link: 'Third-party apps and services',
  },
  lastsUntil: 'The connection lasts until {date}. After that, you have to sign in again.',
  renewBefore: 'The current connection ends on {date}. Signing in again renews it.',
  outcomes: {
    connected: {
      title: 'Your calendar is connected',
      text: 'The calendar of {account} is connected to {site}. You can close this window.',
    },
    denied: {
      title: 'Access was not allowed',
      text: 'Nothing was connected and nothing was stored. If that was a mistake, sign in again and choose “Continue” or “Allow” at Google.',
    },
    'wrong-account': {
      title: 'That was another Google account',
      text: 'This link is for {account}. Nothing was connected. Sign in again and choose that account; if Google does not offer it, choose “Use another account”.',
    },
    'scope-missing': {
      title: 'A permission is missing',
      text: 'Nothing was connected. Sign in again and, on Google’s page, tick the box next to each of these:',
    },
    'no-refresh-token': {
      title: 'Google gave no lasting permission',
      text: 'Nothing was connected. Sign in again. If that does not help, first remove this site’s access in your Google account under {link}.',
    },
    expired: {
      title: 'This attempt is over',
      text: 'A sign-in attempt is valid for ten minutes and works only once. If you have just completed it, reload this page in a moment to see the result. Otherwise, please sign in again.',
    },
    'settings-not-in-effect': {
      title: 'Google does not know this site yet',
      text: 'New settings at Google take effect after 5 minutes to a few hours. Nothing was connected. Try again later; if that does not help, tell whoever runs {site}.',
    },
    'blocked-by-admin': {
      title: 'Your organisation does not allow this',
      text: 'The administrator of this Google account, at work or at school, has blocked access. Nothing was connected. Ask your administrator to allow {site} in Google Workspace, then sign in again.',
    },
    'not-a-member': {
      title: 'This account is not a member',
      text: 'At Google, only members of one organisation can connect to {site}, and the account you chose does not belong to it. Nothing was connected. Sign in again with {account}; if Google refuses that account, ask the organisation’s Google Workspace administrator.',
    },
    'google-unreachable': {
      title: 'Google cannot be reached',
      text: 'Nothing was connected. Please try again in a few minutes.',
    },
    suspended: {
      title: 'The connection is paused',
      text: 'Whoever runs {site} has paused it, and nothing is read. There is nothing you have to do.',
    },
    'not-needed': {
      title: 'Your calendar is already connected',
      text: 'There is nothing you have to do. You can close this window.',
    },
  },
  pages: {
    notFound: {
      title: 'This link is not valid',
      text: 'It may be incomplete or no longer in use. Ask whoever sent it to you for a new one.',
    },
    refused: {
      title: 'This sign-in cannot be continued',
      text: 'It took too long, was already completed, or was started in another browser. Nothing was changed. Open the link you were sent and start again.',
    },
    tooManyRequests: { title: 'Too many requests', text: 'Please wait a minute, then reload the page.' },
    failed: {
      title: 'Something went wrong here',
      text: 'Please try again in a few minutes. If that does not help, tell whoever sent you the link.',
    },
  },
  popup: {
    noScript:
      'On this site, signing in with Google needs JavaScript, which is turned off in your browser. Turn it on and reload the page.',
    working: 'One moment, please…',
    blocked: 'Your browser blocked Google’s window. Allow pop-ups for this site, then press the button again.',
    closed: 'Google’s window was closed before you finished. Nothing was connected. Press the button to try again.',
    notLoaded:
      'Google’s sign-in could not be loaded. Check your connection and content blockers, then reload the page.',
    failed: 'That did not work, and nothing was connected. Please reload the page in a minute.',
  },
}
