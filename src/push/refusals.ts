/** What a request about a channel has failed with, as far as the next attempt depends on it. Pure. */
import type { GoogleError, GoogleFailure } from '../google/port.ts'
import type { Refusal } from './state.ts'

/** Failures that may pass by themselves, or that other parts of the status report. */
const PASSING: readonly GoogleFailure[] = [
  ...(['Unreachable', 'RateLimited', 'DailyQuotaExceeded', 'Unauthenticated', 'APIDisabled', 'NotFound'] as const),
]

/** Whether the failure may pass, and what Google says about the next attempt. */
export const refusalOf = ({ failure, message, retryAfterMs }: GoogleError): Refusal => ({
  error: message,
  isPassing: PASSING.includes(failure),
  retryAfterMs,
})
