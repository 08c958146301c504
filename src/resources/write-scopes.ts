/** Google's scopes that allow writing events. Pure. Source: docs/google-behaviour.md#scopes. */
import type { Agent, CalendarIntegration } from './types.ts'

/** The scope to ask for where none allows writing yet: the narrowest that covers calendars of others, too. */
export const WRITE_SCOPE = 'https://www.googleapis.com/auth/calendar.events'

const WRITING = ['https://www.googleapis.com/auth/calendar', WRITE_SCOPE, `${WRITE_SCOPE}.owned`]

/** Whether one of the scopes allows writing events. */
export const allowsWriting = (scopes: readonly string[]): boolean => scopes.some((scope) => WRITING.includes(scope))

/** Whether the Agent is to write, and no sign-in through this integration would allow it. */
export const asksForNoWriteScope = ({ spec }: Agent, { spec: { google } }: CalendarIntegration): boolean =>
  spec.calendars.write !== undefined && !allowsWriting(google.scopes)
