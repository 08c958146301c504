/**
 * The state of one Agent's published objects between two reconciles, as immutable values. Each function below is a transition:
 * it returns a new value and changes nothing.
 */
import { dataOf, sameData, type PublishedObject } from './published-object.ts'

/** What an Agent publishes. */
export type Output = 'calendar' | 'accessToken'

/** The published objects of one Agent. */
export interface PublicationState {
  /** Null: no object of ours exists. Undefined: the spec names none, or nobody has looked yet. */
  readonly calendar?: PublishedObject | null
  /** Null: no object of ours exists. Undefined: the spec names none, or nobody has looked yet. */
  readonly accessToken?: PublishedObject | null
  /** Why not all of the calendar could be published, as a sentence for people. */
  readonly tooLarge?: string
  /** What the published calendar was last compared with: the same again need not be rendered again. */
  readonly compared?: readonly unknown[]
}

/** The spec does not name the output. */
export const notWanted = (state: PublicationState, output: Output): PublicationState => ({
  ...state,
  [output]: undefined,
})

/** What the cluster holds under the name of the output; undefined if it holds no object of ours. */
export function observed(
  state: PublicationState,
  output: Output,
  found: PublishedObject | undefined,
): PublicationState {
  const known = state[output] ?? undefined
  const object = found ? { ...found, isEdited: known !== undefined && wasEdited(known, found) } : null
  return { ...state, [output]: object }
}

/** An edit counts until something of ours is written over it. */
const wasEdited = (known: PublishedObject, found: PublishedObject): boolean =>
  known.isEdited || (known.resourceVersion !== found.resourceVersion && !sameData(dataOf(known), dataOf(found)))

/** The object now holds what we want it to hold. */
export const written = (state: PublicationState, output: Output, object: PublishedObject): PublicationState => ({
  ...state,
  [output]: { ...object, isEdited: false },
})

/** The bytes that are kept of what is published. */
export const publishedBytes = ({ calendar }: PublicationState): number => calendar?.compressed.length ?? 0
