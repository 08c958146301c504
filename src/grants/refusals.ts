/** Interprets Google's refusal to refresh a token. */
import type { GoogleFailure } from '../google/port.ts'
import { manualFixInterval } from '../controller/manual-fix-interval.ts'
import { passingFailure } from '../failures/google-failures.ts'
import { stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { GoogleError } from '../google/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { GrantState } from './grant-state.ts'
import type { Grant } from './grant.ts'
import { diagnoseInvalidGrant, type Diagnosis } from './grant-diagnosis.ts'
import type { TokenRefusal, TokenRequest } from './port.ts'

/** The next state after a step, and why there is no token, if there is none. */
export interface TokenStep {
  state: GrantState
  refusal?: TokenRefusal
  /** A conflict or a bug of the operator. The token source throws it after it has stored the state. */
  thrown?: Error
}

/** Remembers why Google refused to refresh the token. @throws any error that is not a `GoogleError`. */
export function withRefusal(
  clock: Clock,
  request: TokenRequest,
  state: GrantState,
  { grant, error, advice }: { grant: Grant; error: unknown; advice: string },
): TokenStep {
  if (!(error instanceof GoogleError)) throw error
  const passing = passingFailure(error) ?? unknownAnswer(error)
  if (passing) return { state, refusal: passing }
  const diagnosis = diagnose(request, grant, { failure: error.failure, advice, now: clock.now() })
  if (!diagnosis) return { state, refusal: { refused: 'OAuthClient', error } }
  const now = clock.monotonic()
  const since = state.refusal?.stepFailure.reason === diagnosis.reason ? state.refusal.since : now
  const at = now + manualFixInterval(since, now)
  const refusal = stepFailure('Authorized', diagnosis.reason, diagnosis.message, { kind: 'blocked', at })
  const { credentialsHash } = request
  const remembered = { stepFailure: refusal, since, credentialsHash, advice, likelyCause: diagnosis.likelyCause }
  return { state: { ...state, refusal: remembered }, refusal }
}

function unknownAnswer(error: GoogleError): StepFailure | undefined {
  if (error.failure !== 'Unknown') return undefined
  const message = `Google answered in a way that the operator does not know (${error.message}); it keeps trying.`
  return stepFailure('Synced', 'SyncFailed', message, { kind: 'retry', error })
}

/** What is wrong with the grant; undefined if Google refused the OAuth client instead. */
function diagnose(
  { integration }: TokenRequest,
  grant: Grant,
  { failure, now, advice }: { failure: GoogleFailure; now: number; advice: string },
): Diagnosis | undefined {
  switch (failure) {
    case 'InvalidGrant':
    case 'SessionExpired':
      return diagnoseInvalidGrant(grant, integration, { failure, now, advice })
    case 'UnauthorizedClient':
      return {
        reason: 'ClientChanged',
        message: `Google says that this OAuth client may not use the grant, though the client itself is good: the grant was made by another client. To repair it, ${advice}.`,
        likelyCause: 'The grant was made by another OAuth client.',
      }
    case 'BlockedByAdmin':
      return {
        reason: 'BlockedByAdmin',
        message:
          'The administrator of the account’s organisation blocks this app: ask them to allow the OAuth client under Security, API controls, in the Google Admin console.',
        likelyCause: 'A policy of the Google Workspace organisation blocks the app.',
      }
    default:
      return undefined
  }
}
