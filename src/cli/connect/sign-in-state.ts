/** What an Agent's object says of signing in: is there a link, is it of use, has somebody used it? Pure. */
import { clean } from '../../platform/scrub.ts'
import { findCondition } from '../../resources/conditions.ts'
import { meaningOf, needsSignIn } from '../../resources/reasons.ts'
import type { Agent, AgentStatus, Condition } from '../../resources/types.ts'

export type Outlook =
  /** A person can sign in there. `grant` changes when one has, whatever came of it; `refused`: it does not fit. */
  | { is: 'link'; url: string; grant: string | undefined; refused: boolean; words: string }
  /** Nobody has to sign in, and all is well. */
  | { is: 'connected'; words: string }
  /** Nobody has to sign in, and the rest is on its way. */
  | { is: 'under way'; words: string }
  /** Not known yet. */
  | { is: 'early'; words: string }
  /** No sign-in is of use before somebody has repaired something. */
  | { is: 'barred'; words: string }
  /** There is nothing that one could sign in to. */
  | { is: 'without'; words: string }

export function outlookOf(agent: Agent): Outlook {
  const { status, metadata } = agent
  const bySpec = specSays(agent)
  if (bySpec) return bySpec
  const seen = status?.conditions?.length && status.observedGeneration === metadata.generation
  return seen ? statusSays(status) : UNSEEN
}

function statusSays({ conditions, authorization }: AgentStatus): Outlook {
  const found: Found = {
    ready: findCondition(conditions, 'Ready'),
    authorized: findCondition(conditions, 'Authorized'),
  }
  const url = linkIn(authorization?.url)
  if (url === undefined) return integrationSays(found) ?? personSays(found) ?? withoutNeed(found)
  const refused = found.authorized?.status === 'False'
  return { is: 'link', url, grant: authorization?.grantedAt, refused, words: inWords(found.authorized) }
}

interface Found {
  ready: Condition | undefined
  authorized: Condition | undefined
}

const UNSEEN: Outlook = {
  is: 'early',
  words: 'The operator has not looked at it yet: is it running, and does it serve this namespace?',
}

const personSays = ({ authorized }: Found): Outlook | undefined =>
  authorized && needsSignIn(authorized.reason) ? { is: 'without', words: NO_WEB } : undefined

/** As long as the integration does not serve it, nobody can sign in. */
function integrationSays({ ready }: Found): Outlook | undefined {
  if (!ready?.reason.startsWith('Integration')) return undefined
  return { is: ready.reason === 'IntegrationNotAllowed' ? 'barred' : 'early', words: inWords(ready) }
}

const NO_WEB =
  'It waits for a person, but offers no link: the operator runs without its web server (--web-bind-address), or its keys are not there yet.'

function specSays({ metadata, spec }: Agent): Outlook | undefined {
  if (metadata.deletionTimestamp) return { is: 'without', words: 'It is being deleted.' }
  if (spec.grantSecretRef) {
    const words = `Its grant is brought: put a refresh token into Secret ${spec.grantSecretRef.name}, which spec.grantSecretRef names. Without spec.grantSecretRef, people sign in.`
    return { is: 'without', words }
  }
  return spec.suspend ? { is: 'barred', words: 'It is suspended: set spec.suspend to false first.' } : undefined
}

function withoutNeed({ ready, authorized }: Found): Outlook {
  if (ready?.status === 'True') return { is: 'connected', words: inWords(ready) }
  if (ready && meaningOf('Agent', ready.reason) === 'stuck') return { is: 'barred', words: inWords(ready) }
  return { is: authorized?.status === 'True' ? 'under way' : 'early', words: inWords(ready) }
}

/** Whoever may write a status could write anything there: what is shown and opened is an address of the web. */
function linkIn(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined
  const { protocol, href } = new URL(url)
  return protocol === 'https:' || protocol === 'http:' ? href : undefined
}

/** Conditions are written by whoever may write a status. */
export const LONGEST_WORDS = 4_096

const inWords = (condition: Condition | undefined): string =>
  condition === undefined
    ? 'Nothing is known of it.'
    : clean(`${condition.reason}: ${condition.message}`, LONGEST_WORDS)
