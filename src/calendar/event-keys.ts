/**
 * The keys of facts. An event's own is its id. What is kept out of doubt has a key that begins with `?`, as no id of
 * Google's does: `?=<id>` is what an event said before it said something that was not understood, `?<hash>` is an item
 * without a usable id, which no delta will ever name.
 */
import { createHash } from 'node:crypto'

/** Google's ids have 1,024 characters at most, those of instances 17 more. */
const LONGEST_ID = 1100

/** An answer that can't be used at all: nothing of it is taken, and it is asked for again. */
export class UnusableListingError extends Error {
  override readonly name = 'UnusableListingError'
}

/** Whether an id can serve as a key. @throws {UnusableListingError} where it has a length that no id has. */
export function isUsableId(id: string | undefined): id is string {
  if (id !== undefined && id.length > LONGEST_ID) {
    throw new UnusableListingError(`an event's id has ${id.length} characters`)
  }
  return id !== undefined && !id.startsWith('?')
}

/** The same for the same item, wherever it stands in a listing. */
export const anonymousKey = (item: unknown): string =>
  `?${createHash('sha256').update(JSON.stringify(item)).digest('hex').slice(0, 32)}`

/** The key of what is still believed of an event. */
export const retainedKey = (key: string): string => (key.startsWith('?') ? key : `?=${key}`)

/** The id of the event that a key is about: the key itself for what has none. */
export const eventIdOf = (key: string): string => (key.startsWith('?=') ? key.slice(2) : key)

export const isSyntheticKey = (key: string): boolean => key.startsWith('?')

/** An item without a usable id, and not what is still believed of an event that has one. */
export const isAnonymousKey = (key: string): boolean => key.startsWith('?') && !key.startsWith('?=')
