/**
 * Limits how many sign-ins send requests to Google, or read and write grants, at the same time, and divides each limit fairly
 * among tenants. The limits for Kubernetes and Google are separate, so that a slow Google does not block Kubernetes.
 */
import type { Clock } from '../platform/clock.ts'
import { keyOf } from '../kubernetes/port.ts'
import { FairSemaphore } from '../rate-limit/fair-semaphore.ts'
import type { SignInContext } from './sign-in-context.ts'

/**
 * `integration` stands for its client: a tenant who puts another tenant's client id into their own integration gets a share of
 * their own.
 */
type Scope = 'namespace' | 'integration' | 'link'

/** Browsers decide how many sign-ins there are; each of them may open a connection to Google. */
const AT_GOOGLE = { total: 24, perKey: { namespace: 20, integration: 16, link: 2 } }
/**
 * A thousand simultaneous sign-ins would open a thousand connections to the API server and delay the renewal of the leader's
 * Lease.
 */
const AT_KUBERNETES = { total: 16, perKey: { namespace: 16, integration: 16, link: 2 } }
/** Browsers and most proxies time out after a minute. */
const MAX_WAIT_MS = 45_000

/** The limits for calls to Google and to Kubernetes. */
export class SignInConcurrency {
  readonly #google: FairSemaphore<Scope>
  readonly #kubernetes: FairSemaphore<Scope>

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#google = new FairSemaphore(clock, AT_GOOGLE)
    this.#kubernetes = new FairSemaphore(clock, AT_KUBERNETES)
  }

  /** Runs a task that calls Google. @throws BusyError if it could not start in time. */
  runAtGoogle<T>(context: SignInContext, task: () => Promise<T>): Promise<T> {
    return this.#google.run(scopeKeys(context), task, MAX_WAIT_MS)
  }

  /** Runs a task that reads from Kubernetes. @throws BusyError if it could not start in time. */
  runRead<T>(context: SignInContext, task: () => Promise<T>): Promise<T> {
    return this.#kubernetes.run(scopeKeys(context), task, MAX_WAIT_MS)
  }

  /** Runs a task that saves a grant. It waits without a limit: the code has been used, so the grant must not be lost. */
  runWrite<T>(context: SignInContext, task: () => Promise<T>): Promise<T> {
    return this.#kubernetes.run(scopeKeys(context), task)
  }
}

const scopeKeys = ({ agent, integration }: SignInContext): Record<Scope, string> => ({
  namespace: agent.metadata.namespace ?? '',
  integration: keyOf(integration),
  link: agent.metadata.uid ?? '',
})
