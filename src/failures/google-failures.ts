/** Failures that any request to Google can have. */
import { OverBudgetError, type GoogleError } from '../google/port.ts'
import { stepFailure, type StepFailure } from './step-failure.ts'

/** The failure of a step for an error that may pass: Google is unreachable, or limits us. Undefined for any other error. */
export function passingFailure(error: GoogleError): StepFailure | undefined {
  const requeue = { kind: 'retry', error, notBefore: error.retryAfterMs } as const
  switch (error.failure) {
    case 'RateLimited':
      return stepFailure('Synced', 'RateLimited', rateLimitedMessage(error), requeue)
    case 'DailyQuotaExceeded':
      return stepFailure(
        'Synced',
        'RateLimited',
        'The Google Cloud project has used up its daily quota of the Calendar API; the operator continues when Google allows it.',
        requeue,
      )
    case 'Unreachable':
      return stepFailure(
        'Authorized',
        'GoogleUnreachable',
        `Google can't be reached (${error.message}); the operator keeps trying.`,
        requeue,
      )
    default:
      return undefined
  }
}

function rateLimitedMessage(error: GoogleError): string {
  if (!(error instanceof OverBudgetError)) {
    return 'Google limits the rate of requests; the operator slows down and continues.'
  }
  return error.budget === 'account'
    ? 'The budget of this account, spec.quota.requestsPerMinutePerAgent of the integration, is used up for the moment; the operator continues within it. All Agents of the account share it.'
    : 'The budget of the OAuth client, spec.quota.requestsPerMinute of the integration, is used up for the moment; the operator continues within it.'
}

/** The message for Google's 403 `notACalendarUser`, which any request for a calendar can get. */
export const CALENDAR_DISABLED =
  'Google Calendar is switched off for this account, or the account is suspended: have Google Calendar switched on for it (in a Google Workspace organisation its administrator does that, in the Admin console under Apps), or correct spec.account.'
