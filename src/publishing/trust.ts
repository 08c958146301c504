/** Computes until when readers can trust what an Agent publishes. Pure. */
import type { Agent } from '../resources/types.ts'
import { MAX_CLOCK_SKEW_MS } from './freshness.ts'
import type { PublishedObject } from './published-object.ts'
import type { PublicationState } from './state.ts'

/** One output of an Agent, for the metrics. */
export interface OutputState {
  namespace: string
  agent: string
  output: 'calendar' | 'access_token'
  /** Until when it can be trusted, in ms since the epoch; 0 if no object of ours exists. */
  goodUntil: number
}

/** What the trust depends on besides what is published. */
interface TrustInput {
  /** The Agent; its spec names only what the person has consented to. */
  agent: Agent
  /** ms since the epoch. */
  now: number
  /** The age beyond which a read is not trusted, in ms; undefined without an integration. */
  staleAfter: number | undefined
  /** Until when the last read is trusted, in ms since the epoch; undefined if nothing was read. */
  readingEnds: number | undefined
  /** When the access token in use expires, in ms since the epoch; undefined if there is none. */
  tokenEnds?: number
}

/**
 * Until when readers can trust all outputs, in ms since the epoch: the earliest end of any. `-Infinity` if an output does not exist
 * or was changed by another client. Without any output, until when the last read is trusted.
 */
export function trustedUntil(state: PublicationState, input: TrustInput): number | undefined {
  const { agent, now, staleAfter, readingEnds, tokenEnds = Infinity } = input
  const { calendar, accessToken } = agent.spec.publish
  const ends = [
    calendar &&
      endOf(state.calendar, ({ header }) => {
        if (!header) return undefined
        return credible(header.freshUntil, now + (staleAfter ?? Infinity)) ?? readingEnds
      }),
    // The published time may have been written with a wrong clock.
    accessToken && endOf(state.accessToken, ({ expiresAt }) => Math.min(expiresAt ?? -Infinity, tokenEnds)),
  ].filter((end) => end !== undefined)
  return ends.length > 0 ? Math.min(...ends) : readingEnds
}

/** The state of each output that the spec names and that has been read. */
export function outputStates(state: PublicationState, agent: Agent): OutputState[] {
  const { calendar, accessToken } = agent.spec.publish
  const ends = {
    calendar: calendar && endOf(state.calendar, ({ header }) => header?.freshUntil),
    access_token: accessToken && endOf(state.accessToken, ({ expiresAt }) => expiresAt),
  }
  const { namespace = '', name } = agent.metadata
  return (['calendar', 'access_token'] as const).flatMap((output) => {
    const end = ends[output]
    return end === undefined ? [] : [{ namespace, agent: name, output, goodUntil: Math.max(end, 0) }]
  })
}

/** Returns an instant unless it is later than possible, which means that it was written with a wrong clock. */
export const credible = (instant: number | undefined, latest: number): number | undefined =>
  instant !== undefined && instant <= latest + MAX_CLOCK_SKEW_MS ? instant : undefined

/** Returns undefined if the output has not been read yet. */
function endOf(
  object: PublishedObject | null | undefined,
  expiry: (object: PublishedObject) => number | undefined,
): number | undefined {
  if (object === undefined) return undefined
  if (object === null || object.isEdited) return -Infinity
  return expiry(object) ?? -Infinity
}
