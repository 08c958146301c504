/**
 * Finds the required scopes that a grant does not cover. One scope covers another if the Calendar API accepts it wherever it
 * accepts the other. Pure. Source: docs/google-behaviour.md#scopes.
 */
const PREFIX = 'https://www.googleapis.com/auth/'

const EVENTS_READ = ['calendar.events.owned.readonly', 'calendar.events.public.readonly']

/**
 * The scopes that each scope covers, without the common prefix. `calendar` covers every other calendar scope. Of the events scopes,
 * only `calendar.events.freebusy` covers freeBusy, and `calendar.readonly` does not cover access rules.
 */
const COVERS = new Map<string, string[]>([
  [
    'calendar.readonly',
    [
      'calendar.events.readonly',
      ...EVENTS_READ,
      'calendar.events.freebusy',
      'calendar.freebusy',
      'calendar.calendarlist.readonly',
      'calendar.calendars.readonly',
      'calendar.settings.readonly',
    ],
  ],
  ['calendar.events', ['calendar.events.readonly', 'calendar.events.owned', ...EVENTS_READ]],
  ['calendar.events.readonly', EVENTS_READ],
  ['calendar.events.owned', ['calendar.events.owned.readonly']],
  ['calendar.events.freebusy', ['calendar.freebusy']],
  ['calendar.calendarlist', ['calendar.calendarlist.readonly']],
  ['calendar.calendars', ['calendar.calendars.readonly']],
  ['calendar.acls', ['calendar.acls.readonly']],
])

/** Returns the required scopes that none of the granted scopes covers. */
export function missingScopes(required: readonly string[], granted: readonly string[]): string[] {
  return required.filter((scope) => !granted.some((given) => given === scope || covers(given, scope)))
}

function covers(given: string, scope: string): boolean {
  if (!given.startsWith(PREFIX) || !scope.startsWith(PREFIX)) return false
  const [broad, narrow] = [given.slice(PREFIX.length), scope.slice(PREFIX.length)]
  if (broad === 'calendar') return narrow.startsWith('calendar.')
  return COVERS.get(broad)?.includes(narrow) ?? false
}
