/**
 * How many sign-ins ask Google, or read and write their grants, at a time. Each has its place, and each tenant a share of
 * them. The places at Kubernetes are apart from those at Google: a Google that hangs for one client holds none of them.
 */
import type { Clock } from '../platform/clock.ts'
import { keyOf } from '../kubernetes/port.ts'
import { FairSemaphore } from '../rate-limit/fair-semaphore.ts'
import type { SignInContext } from './sign-in-context.ts'

/**
 * The integration stands for its client: somebody who writes another's client id into an integration of their own has a
 * share of their own.
 */
type Scope = 'namespace' | 'integration' | 'link'

/** Fewer than there are connections to Google, so that reading calendars never waits for sign-ins. */
const AT_GOOGLE = { total: 24, perKey: { namespace: 20, integration: 16, link: 2 } }
/**
 * A thousand sign-ins at once would take a thousand connections to the API server, behind which the Lease of the leader is
 * renewed too late.
 */
const AT_KUBERNETES = { total: 16, perKey: { namespace: 16, integration: 16, link: 2 } }
/** A browser, and most proxies, wait for a minute. */
const MAX_WAIT_MS = 45_000

export class SignInConcurrency {
  readonly #google: FairSemaphore<Scope>
  readonly #kubernetes: FairSemaphore<Scope>

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#google = new FairSemaphore(clock, AT_GOOGLE)
    this.#kubernetes = new FairSemaphore(clock, AT_KUBERNETES)
  }

  /** @throws BusyError if there is no place in time: nothing was asked. */
  runAtGoogle<T>(context: SignInContext, task: () => Promise<T>): Promise<T> {
    return this.#google.run(scopeKeys(context), task, MAX_WAIT_MS)
  }

  /** @throws BusyError if there is no place in time: nothing was read. */
  runRead<T>(context: SignInContext, task: () => Promise<T>): Promise<T> {
    return this.#kubernetes.run(scopeKeys(context), task, MAX_WAIT_MS)
  }

  /** Waits for as long as it takes: Google's code is used up, and what came of it must not be lost. */
  runWrite<T>(context: SignInContext, task: () => Promise<T>): Promise<T> {
    return this.#kubernetes.run(scopeKeys(context), task)
  }
}

const scopeKeys = ({ agent, integration }: SignInContext): Record<Scope, string> => ({
  namespace: agent.metadata.namespace ?? '',
  integration: keyOf(integration),
  link: agent.metadata.uid ?? '',
})
