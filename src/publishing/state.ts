/**
 * The state of one Agent's published objects between two reconciles, as immutable values. Each function below is a transition:
 * it returns a new value and changes nothing.
 */
import { withForeignChange, type Contention } from './contention.ts'
import { isNamed, sameDigests, type ObjectName, type PublishedObject } from './published-object.ts'

/** What an Agent publishes. */
export type Output = 'calendar' | 'accessToken'

/** The published objects of one Agent. */
export interface PublicationState {
  /** Null: no object of ours exists. Undefined: the spec names none, or it has not been read yet. */
  readonly calendar?: PublishedObject | null
  /** Null: no object of ours exists. Undefined: the spec names none, or it has not been read yet. */
  readonly accessToken?: PublishedObject | null
  /** Why not all of the calendar could be published, as a sentence for people. */
  readonly tooLarge?: string
  /** What the published calendar was last compared with. If that is unchanged, it need not be rendered again. */
  readonly compared?: readonly unknown[]
  /** What others have done to each output lately. */
  readonly contention?: Readonly<Partial<Record<Output, Contention>>>
}

/** The state if the spec does not name the output. */
export const notWanted = (state: PublicationState, output: Output): PublicationState => ({
  ...state,
  [output]: undefined,
})

/** What was read under the name of an output. */
interface Observation {
  target: ObjectName
  /** Undefined if there is no object of ours. */
  found: PublishedObject | undefined
  /** By the monotonic clock. */
  now: number
}

/** The state after the output was read. */
export function observed(
  state: PublicationState,
  output: Output,
  { target, found, now }: Observation,
): PublicationState {
  const known = state[output] ?? undefined
  const object = found ? { ...found, isEdited: known !== undefined && wasEdited(known, found) } : null
  const after = { ...state, [output]: object }
  // An edit that still stands was counted when it was found.
  if (!known || known.isEdited || !isNamed(known, target) || object?.isEdited === false) return after
  return { ...after, contention: { ...state.contention, [output]: withForeignChange(state.contention?.[output], now) } }
}

/** An edit counts until we have overwritten it. */
const wasEdited = (known: PublishedObject, found: PublishedObject): boolean =>
  known.isEdited || (known.resourceVersion !== found.resourceVersion && !sameDigests(known.digests, found.digests))

/** The state after the output was written. */
export const written = (state: PublicationState, output: Output, object: PublishedObject): PublicationState => ({
  ...state,
  [output]: object,
})

/** The state after it was found that what is published stays: if somebody has changed it, that stands. */
export const accepted = (state: PublicationState): PublicationState =>
  state.calendar?.isEdited ? { ...state, calendar: { ...state.calendar, isEdited: false } } : state
