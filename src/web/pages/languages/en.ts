import type { Texts } from './texts.ts'

export const en: Texts = {
  ask: {
    title: 'Connect your Google calendar',
    busy: '{site} would like to know when you are busy, so that appointments are offered only when you are free.',
    full: '{site} would like to see your events, so that appointments are offered only when you are free.',
    other: '{site} would like to connect your calendar.',
  },
  button: 'Sign in with Google',
  next: {
    Redirect: 'Google’s own page opens. Your password is entered there and nowhere else; then you come back here.',
    Popup: 'A window of Google’s opens. Your password is entered there and nowhere else.',
  },
  onlyIfExpected:
    'Go on only if you know {site} and expected this. Otherwise close the page: nothing happens without you.',
  added: {
    title: 'New since you last agreed',
    detail: 'Titles, descriptions, places and guests of your events are published, too.',
    accessToken: 'Programs of {site} get access to Google for themselves.',
    write: 'Appointments are written into your calendar.',
    calendar: 'One more calendar: {calendar}',
    note: 'Until you sign in, everything stays as you agreed.',
  },
  facts: {
    asker: 'Who asks',
    askerOf: '{site} (namespace {namespace})',
    person: 'For',
    account: 'Google account',
    accountNote: 'Choose this one at Google; no other is accepted.',
    calendars: 'Calendars',
    primary: 'Your main calendar',
    read: 'What is read',
    readBusy: 'When your events begin and end, and whether they count as busy.',
    readFull: 'Your events: when they begin and end, their titles, descriptions, places and guests.',
    notRead: 'What is not read',
    notReadBusy: 'Titles, descriptions, places and guests. They are not even asked for.',
    shown: 'Who sees it',
    shownBusy: 'Programs of {site} see when you are busy, and nothing else.',
    shownFull: 'Programs of {site} see your events with titles, descriptions, places and guests.',
    shownNone: 'At present nothing is passed on to programs of {site}.',
    shownToken:
      'Programs of {site} also get access to Google for themselves, while you stay connected. With it they can do whatever you allow below.',
    allowed: 'What Google will ask you to allow',
    allowedNote: 'This may allow more than is done: your calendars are only read, nothing in them is changed.',
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
    text: 'A permission from Google, kept where {site} runs, with which your calendar is read without you. Never your password.',
  },
  withdraw: {
    title: 'How to withdraw',
    text: 'At any time, in your Google account under {link}. From then on nothing more is read.',
    link: 'Third-party apps and services',
  },
  lastsUntil: 'The connection lasts until {date}. After that you have to sign in again.',
  renewBefore: 'The present connection ends on {date}. Signing in again renews it.',
  outcomes: {
    connected: {
      title: 'Your calendar is connected',
      text: 'The calendar of {account} is connected to {site}. You can close this window.',
    },
    denied: {
      title: 'The access was not allowed',
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
      text: 'Nothing was connected. Sign in again. If that does not help, first remove the access of this site in your Google account under {link}.',
    },
    expired: {
      title: 'This attempt is over',
      text: 'An attempt to sign in lasts ten minutes and counts once. If you have just finished it, load this page again in a moment: it then says so. Otherwise please sign in again.',
    },
    'settings-not-in-effect': {
      title: 'Google does not know this site yet',
      text: 'New settings at Google take effect after 5 minutes to a few hours. Nothing was connected. Try again later; if it stays like this, tell whoever runs {site}.',
    },
    'blocked-by-admin': {
      title: 'Your organisation does not allow this',
      text: 'The administrator of this Google account, at work or at school, has blocked the access. Nothing was connected. Ask your administrator to allow {site} in Google Workspace, then sign in again.',
    },
    'not-a-member': {
      title: 'This account is not a member',
      text: 'At Google, only members of one organisation can be connected with {site}, and the account that was chosen is not one of them. Nothing was connected. Sign in again with {account}; if Google refuses that one, ask the Google Workspace administrator of the organisation.',
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
      text: 'It took too long, is finished already, or began in another browser. Nothing was changed. Open the link that you were sent and begin again.',
    },
    tooManyRequests: { title: 'Too many requests', text: 'Please wait a minute, then load the page again.' },
    failed: {
      title: 'Something went wrong here',
      text: 'Please try again in a few minutes. If it stays like this, tell whoever sent you the link.',
    },
  },
  popup: {
    noScript:
      'On this site, signing in with Google needs JavaScript, which is turned off in your browser. Turn it on and load the page again.',
    working: 'One moment, please…',
    blocked: 'Your browser blocked Google’s window. Allow pop-ups for this site, then press the button again.',
    closed: 'Google’s window was closed before you finished. Nothing was connected. Press the button to try again.',
    notLoaded:
      'Google’s sign-in could not be loaded. Check your connection and content blockers, then load the page again.',
    failed: 'That did not work, and nothing was connected. Please load the page again in a minute.',
  },
}
