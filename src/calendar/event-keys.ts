/**
 * The keys of the events in a snapshot. The key of an event is its id at Google. Events that are kept because of doubt have
 * synthetic keys, which begin with `?`, as no id at Google does:
 *
 * - `?=<id>` is the last understood version of an event whose current version was not fully understood;
 * - `?<hash>` is an item without a usable id, which no later delta can refer to.
 */
import { createHash } from 'node:crypto'

/** Ids at Google have at most 1,024 characters; the ids of instances have 17 more. */
const MAX_ID_LENGTH = 1100

/** A listing is so malformed that none of it can be used; it has to be requested again. */
export class UnusableListingError extends Error {
  override readonly name = 'UnusableListingError'
}

/** Whether an id can be used as a key. @throws UnusableListingError if it is longer than any id at Google. */
export function isUsableId(id: string | undefined): id is string {
  if (id !== undefined && id.length > MAX_ID_LENGTH) {
    throw new UnusableListingError(`an event's id has ${id.length} characters`)
  }
  return id !== undefined && !id.startsWith('?')
}

/** The key of an item without a usable id: the same for the same item, wherever it appears in a listing. */
export const anonymousKey = (item: unknown): string =>
  `?${createHash('sha256').update(JSON.stringify(item)).digest('hex').slice(0, 32)}`

/** The key under which the last understood version of an event is retained. */
export const retainedKey = (key: string): string => (key.startsWith('?') ? key : `?=${key}`)

/** The id of the event that a key belongs to; an anonymous key is returned as it is. */
export const googleIdOf = (key: string): string => (key.startsWith('?=') ? key.slice(2) : key)

/** Whether the key is not an id at Google. */
export const isSyntheticKey = (key: string): boolean => key.startsWith('?')

/** Whether the key belongs to an item without a usable id. */
export const isAnonymousKey = (key: string): boolean => key.startsWith('?') && !key.startsWith('?=')
