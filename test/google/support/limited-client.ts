/** A client behind its limiter, by a clock that stands still, and a Google that counts what is sent. */
import { ClientRateLimiter } from '../../../src/google/client-rate-limiter.ts'
import { GoogleError, type GoogleFailure } from '../../../src/google/port.ts'
import { ManualClock, settle } from '../../support/clock.ts'
import { failureOf } from './harness.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** A request that is under way until told otherwise. */
interface UnderWay {
  succeed(): Promise<void>
  fail(error: Error): Promise<GoogleError>
}

export const refusal = (failure: GoogleFailure, retryAfterMs?: number): GoogleError =>
  new GoogleError(failure, `403 ${failure}`, { status: 403, retryAfterMs })

export class LimitedClient {
  readonly clock = new ManualClock()
  readonly limiter: ClientRateLimiter
  /** How many requests were sent. */
  sent = 0

  constructor(quota?: ConstructorParameters<typeof ClientRateLimiter>[1]) {
    // Half of every jitter: pauses are as they are written, and refusals spread by one and a half.
    this.limiter = new ClientRateLimiter({ clock: this.clock, random: () => 0.5 }, quota)
  }

  send = (): Promise<string> => this.limiter.run('calendar', () => Promise.resolve(`sent ${++this.sent}`))

  /** After a limit there is no burst: the next request waits some milliseconds for its turn. */
  sendInTurn = async (): Promise<string> => {
    const answer = this.send()
    await this.clock.advance(10)
    return answer
  }

  meet = (error: Error): Promise<GoogleError> =>
    failureOf(
      this.limiter.run('calendar', () => {
        this.sent += 1
        return Promise.reject(error)
      }),
    )

  underWay = async (): Promise<UnderWay> => {
    let resolve: (value: string) => void
    let reject: (error: Error) => void
    const ended = this.limiter.run('calendar', () => {
      this.sent += 1
      return new Promise<string>((yes, no) => {
        resolve = yes
        reject = no
      })
    })
    ended.catch(() => undefined)
    await settle()
    return {
      async succeed() {
        resolve('well')
        await ended
      },
      fail(error) {
        reject(error)
        return failureOf(ended)
      },
    }
  }
}
