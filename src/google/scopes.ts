/** Which of the scopes asked for are not covered by those granted. Pure; the coverage is that of google-behaviour's table. */
const PREFIX = 'https://www.googleapis.com/auth/'

/** Scope → the scopes that it covers, without the common prefix; `calendar` covers every other calendar scope. */
const COVERS: Record<string, string[]> = {
  'calendar.readonly': [
    'calendar.events.readonly',
    'calendar.calendarlist.readonly',
    'calendar.calendars.readonly',
    'calendar.settings.readonly',
    'calendar.freebusy',
    'calendar.events.freebusy',
    'calendar.events.owned.readonly',
    'calendar.events.public.readonly',
  ],
  'calendar.events': [
    'calendar.events.readonly',
    'calendar.events.owned',
    'calendar.events.owned.readonly',
    'calendar.events.freebusy',
    'calendar.events.public.readonly',
  ],
  'calendar.events.readonly': [
    'calendar.events.owned.readonly',
    'calendar.events.freebusy',
    'calendar.events.public.readonly',
  ],
  'calendar.events.owned': ['calendar.events.owned.readonly'],
  'calendar.calendarlist': ['calendar.calendarlist.readonly'],
  'calendar.calendars': ['calendar.calendars.readonly'],
  'calendar.acls': ['calendar.acls.readonly'],
  'calendar.freebusy': ['calendar.events.freebusy'],
}

export function missingScopes(required: readonly string[], granted: readonly string[]): string[] {
  return required.filter((scope) => !granted.some((given) => given === scope || covers(given, scope)))
}

function covers(given: string, scope: string): boolean {
  if (!given.startsWith(PREFIX) || !scope.startsWith(PREFIX)) return false
  const [broad, narrow] = [given.slice(PREFIX.length), scope.slice(PREFIX.length)]
  if (broad === 'calendar') return narrow.startsWith('calendar.')
  return COVERS[broad]?.includes(narrow) ?? false
}
