/** Inputs of the pages for tests, in every relevant form. */
import { createPages, type Language, type SignInView } from '../../src/web/pages/pages.ts'

export const PAGES = createPages('/google-calendar')

export const OUTCOMES = [
  'connected',
  'denied',
  'wrong-account',
  'scope-missing',
  'no-refresh-token',
  'expired',
  'settings-not-in-effect',
  'blocked-by-admin',
  'not-a-member',
  'google-unreachable',
  'suspended',
  'not-needed',
] as const

export const VIEW: SignInView = {
  siteHost: 'booking.example.com',
  namespace: 'booking',
  agentName: 'Alice',
  account: 'alice@example.com',
  calendars: [{ kind: 'primary' }, { kind: 'other', id: 'team-rota@group.calendar.google.com' }],
  scopes: ['https://www.googleapis.com/auth/calendar'],
  publishes: { detail: 'Busy', accessToken: false },
  added: [],
  mode: 'Redirect',
  action: '/google-calendar/sign-in/tag',
  csrf: 'csrf-token',
}

export const POPUP: SignInView = {
  ...VIEW,
  mode: 'Popup',
  clientScript: { accountsOrigin: 'https://accounts.google.com' },
}

const FULL: SignInView = {
  ...VIEW,
  scopes: [
    'https://www.googleapis.com/auth/calendar.readonly',
    'openid',
    'https://www.googleapis.com/auth/calendar.acls',
  ],
  publishes: { detail: 'Full', accessToken: true },
  expiresAt: '2026-11-30T10:00:00Z',
}

/** Appointments are written. */
const WRITING: SignInView = { ...VIEW, writes: { kind: 'primary' } }

/** The Agent writes appointments from now on; its person agreed before to what is read. */
const WRITING_ANEW: SignInView = { ...WRITING, added: ['write'] }

/** The spec asks for more than the person agreed to before. */
const ANEW: SignInView = {
  ...FULL,
  added: ['detail', 'accessToken', { calendar: { kind: 'other', id: 'team-rota@group.calendar.google.com' } }],
}

/** Every page in a language, by a name that can be used as a file name. */
export function everyPage(language: Language): Record<string, string> {
  const outcomes = OUTCOMES.map((outcome) => {
    const stands = ['connected', 'not-needed'].includes(outcome)
    const view = { ...VIEW, outcome, ...(stands ? { expiresAt: '2026-11-30T10:00:00Z' } : {}) }
    return [`outcome-${outcome}`, PAGES.signIn(view, language)]
  })
  return {
    'sign-in': PAGES.signIn(VIEW, language),
    'sign-in-popup': PAGES.signIn(POPUP, language),
    'sign-in-full': PAGES.signIn(FULL, language),
    'sign-in-writing': PAGES.signIn(WRITING, language),
    'sign-in-writing-anew': PAGES.signIn(WRITING_ANEW, language),
    'sign-in-anew': PAGES.signIn(ANEW, language),
    'sign-in-nothing-published': PAGES.signIn({ ...VIEW, publishes: { accessToken: false } }, language),
    ...(Object.fromEntries(outcomes) as Record<string, string>),
    'popup-denied': PAGES.signIn({ ...POPUP, outcome: 'denied' }, language),
    'not-found': PAGES.notFound(language),
    refused: PAGES.refused(language),
    'too-many-requests': PAGES.tooManyRequests(language),
    failed: PAGES.failed(language),
  }
}
