/** Logs what became of a key where that is news: a key that fails or waits as it did the last time is none. */
import { stackOf, type Log } from '../platform/log.ts'
import { UnexpectedError, type Outcome } from './outcome.ts'

/** What came of one reconcile; with a stack where it crashed instead of answering. */
export interface ReconcileResult {
  outcome: Outcome
  stack?: string
}

type Kind = Outcome['kind']

export class ReconcileLogger {
  readonly #controller: string
  readonly #log: Log
  readonly #lastLogged = new Map<string, { kind: Kind; text: string }>()

  constructor(controller: string, log: Log) {
    this.#controller = controller
    this.#log = log
  }

  /** `pause`: in how many ms the key comes back. */
  logOutcome(key: string, { outcome, stack }: ReconcileResult, pause = 0): void {
    const about = { controller: this.#controller, key }
    const inSeconds = Math.round(pause / 1000)
    switch (outcome.kind) {
      case 'done':
        if (this.#hasRecovered(key)) this.#log.info(about, 'works again')
        return
      case 'retry':
        return this.#logFailure(key, outcome.error, { stack, retryInSeconds: inSeconds })
      case 'wait':
        if (!this.#isNew(key, 'wait', outcome.reason)) return
        return this.#log.debug({ ...about, reason: outcome.reason, inSeconds }, 'waiting')
      case 'blocked':
        if (!this.#isNew(key, 'blocked', outcome.reason)) return
        return this.#log.info({ ...about, reason: outcome.reason, inSeconds }, 'blocked: a person has to act')
    }
  }

  #logFailure(
    key: string,
    error: unknown,
    { stack, retryInSeconds }: { stack?: string; retryInSeconds: number },
  ): void {
    const about = { controller: this.#controller, key, error, retryInSeconds }
    if (isReported(error)) this.#log.debug(about, 'reconcile failed')
    else if (this.#isNew(key, 'retry', messageOf(error)))
      this.#log.warn({ ...about, stack: stackOfMistake(error, stack) }, 'reconcile failed')
  }

  #isNew(key: string, kind: Kind, text: string): boolean {
    const last = this.#lastLogged.get(key)
    if (last?.kind === kind && last.text === text) return false
    this.#lastLogged.set(key, { kind, text })
    return true
  }

  /** That something worked is news only where it was said before that it doesn't. */
  #hasRecovered(key: string): boolean {
    const last = this.#lastLogged.get(key)
    this.#lastLogged.delete(key)
    return last !== undefined && last.kind !== 'wait'
  }
}

/** Whoever met it first has said so: it strikes everybody alike, as when the API server is away. */
export const isReported = (error: unknown): boolean =>
  error instanceof Error && 'isReported' in error && error.isReported === true

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const stackOfMistake = (error: unknown, stack: string | undefined): string | undefined =>
  error instanceof UnexpectedError ? stackOf(error) : stack
