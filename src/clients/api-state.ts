/**
 * What is known about the Calendar API of one integration's project, as a value with pure transitions. While the API is switched
 * off, one request now and then (the probe) finds out whether it is on again. The first Agent with a valid token sends it.
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

/** After the API was found to be switched off, the first probe is due in so long. */
export const FIRST_PROBE_MS = 5 * 60_000

/** The state after a request found out whether the API is on. It is the same value if that was known. */
export const afterObservation = (
  api: APIState | undefined,
  state: 'Enabled' | 'Disabled',
  now: number,
): APIState | undefined => (api?.state === state ? api : { state, since: now, probeAt: now + FIRST_PROBE_MS })

/** The state after a probe was acquired: no other is sent until the next one is due. */
export const afterProbe = (api: APIState, now: number): APIState => ({
  ...api,
  probeAt: now + manualFixInterval(api.since, now),
})

/** The state with a probe that is due now. */
export const withProbeDue = (api: APIState, now: number): APIState => ({
  ...api,
  probeAt: Math.min(api.probeAt, now),
})
