/** Interprets why one calendar could not be read: which failure is reported, and when the calendar is read again. */
import type { UnexpectedError } from '../controller/outcome.ts'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { CALENDAR_DISABLED } from '../failures/google-failures.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { GoogleError } from '../google/port.ts'
import type { SyncSettings } from './schedule.ts'
import { failed, type CalendarState } from './state.ts'

/** The first pause after a failure that concerns one calendar; it doubles, up to the interval. */
const FIRST_PAUSE_MS = 5_000

/** An error that reading a calendar can fail with. */
export type ReadingError = GoogleError | UnexpectedError

/** What the report of a failure needs. */
interface FailureContext {
  /** The calendar, as the spec names it. */
  name: string
  settings: SyncSettings
  /** What the owner of the grant has to do, as the second half of a sentence. */
  advice: string
  /** By the monotonic clock. */
  now: number
}

/** The calendar after a failure that concerns only this calendar: it is read again after a backoff of its own. */
export function withFailure(calendar: CalendarState, error: ReadingError, context: FailureContext): CalendarState {
  const { now, settings } = context
  const { since = now, attempts = 0 } = calendar.failure ?? {}
  const common = { since, error: brief(error) }
  const blockedUntil = now + manualFixInterval(since, now)
  const refusal = error instanceof GoogleError ? refusalOf(error, context, blockedUntil) : undefined
  if (refusal) return failed(calendar, { ...common, stepFailure: refusal, refused: true }, blockedUntil)
  const pause = Math.min(settings.interval, FIRST_PAUSE_MS * 2 ** attempts)
  return failed(calendar, { ...common, stepFailure: unreadable(error, context, pause), refused: false }, now + pause)
}

/** The error for the status. The message of a bug of the operator may contain anything, so it is left out. */
export const brief = (error: ReadingError): string =>
  error instanceof GoogleError ? error.message : `the operator met an error that it does not understand (${error.kind})`

function unreadable(error: ReadingError, { name }: FailureContext, pause: number): StepFailure {
  const log = error instanceof GoogleError ? '' : ', and its log says where'
  const message = `Calendar ${name} can't be read (${brief(error)}); the operator keeps trying${log}.`
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'wait', for: pause })
}

function refusalOf(error: GoogleError, context: FailureContext, at: number): StepFailure | undefined {
  const { name, advice } = context
  const field = context.settings.onlyBookings ? 'spec.calendars.write' : 'spec.calendars.read'
  const requeue = { kind: 'blocked', at } as const
  switch (error.failure) {
    case 'NotFound': {
      const message = `Google knows no calendar ${name} that this account may see: correct ${field}, or have its owner share it with the account.`
      return stepFailure('Synced', 'CalendarNotFound', message, requeue)
    }
    case 'Forbidden': {
      const message = `The account may not read calendar ${name}: have its owner share it with the account, or take it out of ${field}.`
      return stepFailure('Synced', 'CalendarForbidden', message, requeue)
    }
    case 'CalendarDisabled':
      return stepFailure('Synced', 'CalendarDisabled', CALENDAR_DISABLED, requeue)
    case 'CalendarTooLarge':
      return stepFailure('Synced', 'CalendarTooLarge', tooLargeMessage(error, context), requeue)
    case 'ScopeInsufficient': {
      const message = `Google says that the grant's scopes don't allow reading calendar ${name}: ${advice}, with every permission ticked.`
      return stepFailure('Authorized', 'ScopeMissing', message, requeue)
    }
    default:
      return undefined
  }
}

function tooLargeMessage(error: GoogleError, { name, settings }: FailureContext): string {
  const orBusy = settings.detail === 'Full' ? ', or publish.calendar.detail: Busy in this Agent' : ''
  return `Calendar ${name} is too large: ${error.message}. Take it out of ${settings.onlyBookings ? 'spec.calendars.write' : 'spec.calendars.read'}, have events deleted from it, or set a shorter sync.window in the integration${orBusy}.`
}
