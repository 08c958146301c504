/** The quota of an integration (`spec.quota`). Pure. */
import type { CalendarIntegration, CalendarIntegrationSpec } from './types.ts'

/** The most requests to the Calendar API in every minute: of all accounts together, and of one account. */
export type Quota = CalendarIntegrationSpec['quota']

/** Google's own quotas of a project (docs/google-behaviour.md#quotas), which are the defaults of `spec.quota`. */
export const DEFAULT_QUOTA: Quota = { requestsPerMinute: 10_000, requestsPerMinutePerAgent: 600 }

/** The quota of an integration; the default if its CRD does not have the field yet. */
export function quotaOf({ spec }: CalendarIntegration): Quota {
  return (spec as Partial<CalendarIntegrationSpec>).quota ?? DEFAULT_QUOTA
}

/** The largest of each number; the default if there is none. */
export function largestQuota(quotas: readonly Quota[]): Quota {
  if (quotas.length === 0) return DEFAULT_QUOTA
  return {
    requestsPerMinute: Math.max(...quotas.map((one) => one.requestsPerMinute)),
    requestsPerMinutePerAgent: Math.max(...quotas.map((one) => one.requestsPerMinutePerAgent)),
  }
}
