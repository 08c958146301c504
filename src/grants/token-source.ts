/**
 * The token source keeps the state of every Agent's grant, and runs the steps to a valid access token, one at a time for each
 * Agent. A step takes the state and returns the next one, which is kept even if the step failed, because it may contain the only
 * copy of a rotated refresh token.
 */
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { keyOf } from '../kubernetes/port.ts'
import { whenKnown, type MaybePromise } from '../platform/maybe-promise.ts'
import { Mutex } from '../platform/mutex.ts'
import { withSharedParts } from '../platform/shared-parts.ts'
import type { Agent } from '../resources/types.ts'
import { HOUR_MS } from '../platform/time-units.ts'
import { firstAdvice } from './advice.ts'
import { NO_GRANT, type GrantState } from './grant-state.ts'
import type { Grant } from './grant.ts'
import type { GrantStore } from './grant-store.ts'
import type { TokenDeps, TokenRefusal, TokenRequest, TokenSource } from './port.ts'
import type { TokenStep } from './refusals.ts'
import { ensureToken, renewToken, type GrantedState, type StepDeps } from './renewal.ts'
import { followTimeOfDay } from './time-of-day.ts'
import { confirmAccount, verifyGrant } from './verification.ts'

/** The grant of one Agent. Its steps run one at a time. */
class Entry extends Mutex {
  /** An Agent that was deleted and created again starts with a new state. */
  readonly uid: string | undefined
  state = NO_GRANT

  constructor(uid: string | undefined) {
    super()
    this.uid = uid
  }
}

type Step = (deps: StepDeps, request: TokenRequest, state: GrantedState) => MaybePromise<TokenStep>

/** Creates the token source of the process. */
export function createTokenSource(deps: TokenDeps & { store: GrantStore }): TokenSource {
  const entries = new Map<string, Entry>()
  /** The last grant that Google has accepted: most of it is the same in the next one. */
  let accepted: Grant | undefined

  function entryOf(agent: Agent): Entry {
    const key = keyOf(agent)
    const known = entries.get(key)
    const { uid } = agent.metadata
    const entry = known?.uid === uid && known ? known : new Entry(uid)
    if (entry !== known) entries.set(key, entry)
    return entry
  }

  function current(agent: Agent): GrantState {
    const entry = entryOf(agent)
    entry.state = followTimeOfDay(deps.clock, entry.state)
    return entry.state
  }

  /** Runs a step after the running steps have ended, with the state that they return. Most steps find nothing to wait for. */
  function run<R extends TokenRefusal>(
    agent: Agent,
    step: (state: GrantState) => MaybePromise<TokenStep & { refusal?: R }>,
  ): MaybePromise<R | undefined> {
    const entry = entryOf(agent)
    const keep = ({ state, refusal, thrown }: TokenStep & { refusal?: R }): R | undefined => {
      const before = entry.state.grant
      if (state.grant && state.grant.scopes !== before?.scopes) {
        accepted = withSharedParts(state.grant, accepted, before)
      }
      entry.state = state
      if (thrown) throw thrown
      return refusal
    }
    return entry.runExclusive(() => whenKnown(step(followTimeOfDay(deps.clock, entry.state)), keep))
  }

  const withGrant =
    (step: Step) =>
    (request: TokenRequest): MaybePromise<TokenRefusal | undefined> =>
      run(request.agent, (state) =>
        hasGrant(state) ? step(deps, request, state) : { state, refusal: awaitingSignIn(deps, request) },
      )

  return {
    current,
    load: (request) =>
      run<StepFailure>(request.agent, (before) =>
        whenKnown(deps.store.load(request.agent, before, request.since), ({ state, failure, thrown }) => ({
          state,
          thrown,
          refusal: failure ?? (state.grant ? undefined : awaitingSignIn(deps, request)),
        })),
      ),
    ensure: withGrant(ensureToken),
    verify: withGrant(verifyGrant),
    confirm: withGrant(confirmAccount),
    renew: withGrant(renewToken),
    forget: (agentKey) => void entries.delete(agentKey),
  }
}

const hasGrant = (state: GrantState): state is GrantedState => state.grant !== undefined

function awaitingSignIn(deps: TokenDeps, { agent, integration }: TokenRequest): StepFailure {
  const message = firstAdvice(deps, agent, integration)
  return stepFailure('Authorized', 'AwaitingSignIn', message, { kind: 'wait', for: HOUR_MS })
}
