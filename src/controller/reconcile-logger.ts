/**
 * Logs the outcomes of reconciles. An outcome that repeats the previous one of its key is not logged again. What a person has to act
 * upon is a warning.
 */
import { stackOf, type Log } from '../platform/log.ts'
import { UnexpectedError, type Outcome } from './outcome.ts'

/** The outcome of one reconcile, with the stack of an exception if it threw one. */
export interface ReconcileResult {
  outcome: Outcome
  stack?: string
}

type Kind = Outcome['kind']

/** Logs the outcomes of the reconciles of one controller. */
export class ReconcileLogger {
  readonly #controller: string
  readonly #log: Log
  readonly #lastLogged = new Map<string, { kind: Kind; text: string }>()

  constructor(controller: string, log: Log) {
    this.#controller = controller
    this.#log = log
  }

  /** Logs one outcome. @param pause in how many ms the key is reconciled again. */
  logOutcome(key: string, { outcome, stack }: ReconcileResult, pause = 0): void {
    const about = { controller: this.#controller, key }
    const inSeconds = Math.round(pause / 1000)
    switch (outcome.kind) {
      case 'done':
        if (this.#hasRecovered(key)) this.#log.info(about, 'recovered')
        return
      case 'retry':
        return this.#logFailure(key, outcome.error, { stack, retryInSeconds: inSeconds })
      case 'wait':
        if (!this.#isNew(key, 'wait', outcome.reason)) return
        return this.#log.debug({ ...about, reason: outcome.reason, checkAgainInSeconds: inSeconds }, 'waiting')
      case 'blocked':
        if (!this.#isNew(key, 'blocked', outcome.reason)) return
        return this.#log.warn(
          { ...about, reason: outcome.reason, checkAgainInSeconds: inSeconds },
          'blocked: a person has to act',
        )
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
      this.#log.warn({ ...about, stack: stackOfUnexpected(error, stack) }, 'reconcile failed')
  }

  #isNew(key: string, kind: Kind, text: string): boolean {
    const last = this.#lastLogged.get(key)
    if (last?.kind === kind && last.text === text) return false
    this.#lastLogged.set(key, { kind, text })
    return true
  }

  /** Whether a failure was logged before. Then the success is logged, too. */
  #hasRecovered(key: string): boolean {
    const last = this.#lastLogged.get(key)
    this.#lastLogged.delete(key)
    return last !== undefined && last.kind !== 'wait'
  }
}

/** Whether the error belongs to an outage that has its own log line, such as that of the API server. */
export const isReported = (error: unknown): boolean =>
  error instanceof Error && 'isReported' in error && error.isReported === true

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const stackOfUnexpected = (error: unknown, stack: string | undefined): string | undefined =>
  error instanceof UnexpectedError ? stackOf(error) : stack
