/**
 * What a reconciler remembers of its objects between two reconciles: for each key the last state, a value that is replaced as a
 * whole. Steps are given values; only the code that runs the steps holds an `ObjectState` and replaces the value in it.
 */
import { Mutex } from '../platform/mutex.ts'
import { keyOf, type Key, type KubernetesObject } from './port.ts'

/** The last state of one object, of which one function at a time can have exclusive use: the next one sees what that has written. */
export class ObjectState<S extends object> extends Mutex {
  readonly uid: string
  #value: S

  constructor(uid: string, value: S) {
    super()
    this.uid = uid
    this.#value = value
  }

  get value(): S {
    return this.#value
  }

  /**
   * Replaces the fields that a step has computed. Two queues may work on one object at a time, so the other fields stay as they
   * are now, and not as they were when the step began. Without a difference, the value stays the same object.
   */
  update(change: Partial<S>): void {
    for (const name in change) {
      if (change[name] === this.#value[name]) continue
      this.#value = { ...this.#value, ...change }
      return
    }
  }
}

/** The last state of each object of one kind. */
export class ObjectStates<S extends object> {
  readonly #create: () => S
  readonly #states = new Map<Key, ObjectState<S>>()

  /** @param create returns the state of an object that was not reconciled yet. */
  constructor(create: () => S) {
    this.#create = create
  }

  /** The state of this object. An object that was deleted and created again starts with a new state. */
  of(object: Pick<KubernetesObject, 'metadata'>): ObjectState<S> {
    const { uid = '' } = object.metadata
    const key = keyOf(object)
    const known = this.#states.get(key)
    if (known?.uid === uid) return known
    const state = new ObjectState(uid, this.#create())
    this.#states.set(key, state)
    return state
  }

  /** The state of the object with this key; undefined if it was not reconciled yet. */
  get(key: Key): ObjectState<S> | undefined {
    return this.#states.get(key)
  }

  /** The object is gone. */
  forget(key: Key): void {
    this.#states.delete(key)
  }

  /** All keys and their states. */
  entries(): IterableIterator<[Key, ObjectState<S>]> {
    return this.#states.entries()
  }
}
