/**
 * What is known of the Calendar API of every integration's project, and who may find out whether a switched-off one is on
 * again: one request now and then, by whoever comes first with a token to send. Instants are the monotonic clock's.
 */
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { hasCome, type Clock } from '../platform/clock.ts'

export interface APIKnowledge {
  state: 'Unknown' | 'Enabled' | 'Disabled'
  /** By the monotonic clock, as `askAgainAt`. */
  since: number
  /** While disabled: when one agent may ask again. */
  askAgainAt: number
}

const FIVE_MINUTES = 5 * 60_000

export class APIRegistry {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #known = new Map<string, APIKnowledge>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  get(key: string): APIKnowledge | undefined {
    return this.#known.get(key)
  }

  recall(key: string, knowledge: APIKnowledge): void {
    this.#known.set(key, knowledge)
  }

  forget(key: string): void {
    this.#known.delete(key)
  }

  /** Whether a request may be sent, as far as is known before it is. */
  canProbe(key: string, asked: boolean): boolean {
    const api = this.#disabled(key)
    return !api || asked || hasCome(this.#clock, api.askAgainAt)
  }

  askedAgainAt(key: string): number | undefined {
    return this.#disabled(key)?.askAgainAt
  }

  /**
   * Takes the request that finds out. Answers what gives it back where that found out nothing; undefined where it is not ours.
   *
   * @param isPermitted whether a request may be sent before its time.
   */
  tryAcquireProbe(key: string, isPermitted?: () => boolean): (() => void) | undefined {
    const api = this.#disabled(key)
    if (!api) return () => undefined
    const before = api.askAgainAt
    if (!hasCome(this.#clock, before) && !isPermitted?.()) return undefined
    const now = this.#clock.monotonic()
    const taken = now + manualFixInterval(api.since, now)
    // Whoever asks first finds out for everybody.
    api.askAgainAt = taken
    return () => {
      if (api.askAgainAt === taken) api.askAgainAt = before
    }
  }

  /** The next one that can may find out. Answers whether there is anything to find out. */
  offerProbe(key: string): boolean {
    const api = this.#disabled(key)
    if (!api) return false
    api.askAgainAt = Math.min(api.askAgainAt, this.#clock.monotonic())
    return true
  }

  /** Answers whether that is news. */
  observe(key: string, state: 'Enabled' | 'Disabled'): boolean {
    if (this.#known.get(key)?.state === state) return false
    const now = this.#clock.monotonic()
    this.#known.set(key, { state, since: now, askAgainAt: now + FIVE_MINUTES })
    return true
  }

  #disabled(key: string): APIKnowledge | undefined {
    const api = this.#known.get(key)
    return api?.state === 'Disabled' ? api : undefined
  }
}
