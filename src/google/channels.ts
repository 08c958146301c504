/** What Google answers to a request for a push channel (docs/google-behaviour.md#push-notifications). Pure. */
import { isRecord } from '../platform/json.ts'
import { DAY_MS } from '../platform/time-units.ts'
import { GoogleError, type WatchedChannel } from './port.ts'

/** How long a channel lives at Google unless the answer says something else. */
const DEFAULT_LIFE_MS = 604_800_000
/** A longer life is not believed. */
const MAX_LIFE_MS = 31 * DAY_MS
/** Google's resource ids are shorter than this. They are stored in a status. */
const MAX_RESOURCE_ID_LENGTH = 512

/**
 * Reads the answer to events.watch.
 * @param now ms since the epoch.
 * @throws GoogleError if the channel could not be stopped later, because its resource id is missing.
 */
export function channelIn(body: object, now: number): WatchedChannel {
  const { resourceId, expiration } = isRecord(body) ? body : {}
  if (typeof resourceId !== 'string' || resourceId === '' || resourceId.length > MAX_RESOURCE_ID_LENGTH) {
    throw new GoogleError('Unknown', 'the channel has no usable resource id', { status: 200 })
  }
  const at = typeof expiration === 'string' || typeof expiration === 'number' ? Number(expiration) : NaN
  // A time in the past says that the clocks differ.
  return { resourceId, expiresAt: at > now ? Math.min(at, now + MAX_LIFE_MS) : now + DEFAULT_LIFE_MS }
}
