/** Derives the state of a sign-in from an Agent: whether there is a link, and whether a sign-in is possible and needed. Pure. */
import { clean } from '../../platform/scrub.ts'
import { parseURL } from '../../platform/url.ts'
import { findCondition } from '../../resources/conditions.ts'
import { meaningOf, needsSignIn } from '../../resources/reasons.ts'
import type { Agent, AgentStatus, Condition } from '../../resources/types.ts'

/** The state of an Agent's sign-in, with a message for people. */
export type SignInState =
  /** A person can sign in at `url`. `grant` changes with each sign-in; `refused` means that the grant is not accepted. */
  | { is: 'link'; url: string; grant: string | undefined; refused: boolean; message: string }
  /** Nobody has to sign in, and the Agent is ready. */
  | { is: 'connected'; message: string }
  /** Nobody has to sign in, and the Agent is not ready yet. */
  | { is: 'progressing'; message: string }
  /** The state is not known yet. */
  | { is: 'unknown'; message: string }
  /** Somebody has to fix something else first. */
  | { is: 'blocked'; message: string }
  /** This Agent has no sign-in. */
  | { is: 'impossible'; message: string }

/** Derives the state from the Agent's spec and status. */
export function signInState(agent: Agent): SignInState {
  const { status, metadata } = agent
  const bySpec = stateFromSpec(agent)
  if (bySpec) return bySpec
  const seen = status?.conditions?.length && status.observedGeneration === metadata.generation
  return seen ? stateFromStatus(status) : UNSEEN
}

function stateFromStatus({ conditions, authorization }: AgentStatus): SignInState {
  const found: Conditions = {
    ready: findCondition(conditions, 'Ready'),
    authorized: findCondition(conditions, 'Authorized'),
  }
  const url = webURL(authorization?.url)
  if (url === undefined) return stateFromIntegration(found) ?? stateWithoutWeb(found) ?? stateWithoutLink(found)
  const refused = found.authorized?.status === 'False'
  return { is: 'link', url, grant: authorization?.grantedAt, refused, message: conditionMessage(found.authorized) }
}

interface Conditions {
  ready: Condition | undefined
  authorized: Condition | undefined
}

const UNSEEN: SignInState = {
  is: 'unknown',
  message: 'The operator has not looked at it yet: is it running, and does it serve this namespace?',
}

const stateWithoutWeb = ({ authorized }: Conditions): SignInState | undefined =>
  authorized && needsSignIn(authorized.reason) ? { is: 'impossible', message: NO_WEB } : undefined

/** Nobody can sign in while the integration does not serve the Agent. */
function stateFromIntegration({ ready }: Conditions): SignInState | undefined {
  if (!ready?.reason.startsWith('Integration')) return undefined
  return { is: ready.reason === 'IntegrationNotAllowed' ? 'blocked' : 'unknown', message: conditionMessage(ready) }
}

const NO_WEB =
  'It waits for a person, but offers no link: the operator runs without its web server (--web-bind-address), or its keys are not there yet.'

function stateFromSpec({ metadata, spec }: Agent): SignInState | undefined {
  if (metadata.deletionTimestamp) return { is: 'impossible', message: 'It is being deleted.' }
  if (spec.grantSecretRef) {
    const words = `It has no sign-in, because Secret ${spec.grantSecretRef.name}, which spec.grantSecretRef names, supplies its grant: to replace the grant, put a new refresh token there. To have the person sign in instead, remove spec.grantSecretRef.`
    return { is: 'impossible', message: words }
  }
  return spec.suspend ? { is: 'blocked', message: 'It is suspended: set spec.suspend to false first.' } : undefined
}

function stateWithoutLink({ ready, authorized }: Conditions): SignInState {
  if (ready?.status === 'True') return { is: 'connected', message: conditionMessage(ready) }
  if (ready && meaningOf('Agent', ready.reason) === 'stuck') return { is: 'blocked', message: conditionMessage(ready) }
  return { is: authorized?.status === 'True' ? 'progressing' : 'unknown', message: conditionMessage(ready) }
}

/** Only a web address is shown and opened, because anybody who may write a status could put anything there. */
function webURL(url: string | undefined): string | undefined {
  const { protocol, href } = parseURL(url ?? '') ?? {}
  return protocol === 'https:' || protocol === 'http:' ? href : undefined
}

/** The maximum length of a message, because anybody who may write a status can write one of any length. */
export const MAX_MESSAGE_LENGTH = 4_096

const conditionMessage = (condition: Condition | undefined): string =>
  condition === undefined
    ? 'Nothing is known about it.'
    : clean(`${condition.reason}: ${condition.message}`, MAX_MESSAGE_LENGTH)
