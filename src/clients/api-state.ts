/**
 * What is known of the Calendar API of one integration's project, as a value with pure transitions. While the API is switched
 * off, one request now and then (the probe) finds out whether it is on again: that of whichever Agent comes first with a token.
 * Instants are those of the monotonic clock, in ms.
 */
import { manualFixInterval } from '../controller/manual-fix-interval.ts'

/** Whether the Calendar API is enabled, and since when. */
export interface APIState {
  readonly state: 'Unknown' | 'Enabled' | 'Disabled'
  readonly since: number
  /** While it is disabled: when the next probe may be sent. */
  readonly probeAt: number
}

const FIRST_PROBE_MS = 5 * 60_000

/** After a request told that the API is on or off. The same value where that was known. */
export const afterObservation = (
  api: APIState | undefined,
  state: 'Enabled' | 'Disabled',
  now: number,
): APIState | undefined => (api?.state === state ? api : { state, since: now, probeAt: now + FIRST_PROBE_MS })

/** After a probe was taken: nobody else sends one until the next is due. */
export const afterProbe = (api: APIState, now: number): APIState => ({
  ...api,
  probeAt: now + manualFixInterval(api.since, now),
})

/** With a probe that is due now. */
export const withProbeDue = (api: APIState, now: number): APIState => ({
  ...api,
  probeAt: Math.min(api.probeAt, now),
})
