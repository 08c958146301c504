/**
 * The grant as the cluster holds it: which refresh token is the one to use, and keeping what Google adds to it.
 *
 * Two Secrets may speak: the agent's own (`<agent>-google-grant`), and the one that a user brought. A brought token is
 * adopted when it first appears and whenever it changes, which is known by its hash on our own Secret; from then on our own
 * Secret holds what is in force, because Google may rotate the token.
 */
import { createHash } from 'node:crypto'
import type { KubernetesObject, Secret } from '../kubernetes/port.ts'
import { BROUGHT_TOKEN_HASH, CONSENT_IS_GUESS, isManaged, MANAGED_BY, grantSecretName } from '../resources/names.ts'
import type { Clock } from '../platform/clock.ts'
import type { Agent } from '../resources/types.ts'
import type { AccessRequest } from './access.ts'
import { decode, fromTimestamp } from '../resources/encoding.ts'
import { grantData } from '../resources/grant-secret.ts'
import type { AgentMemory, Grant } from './memory.ts'
import type { AgentDeps } from './port.ts'
import { setback, slowly, type Setback } from './setback.ts'
import { firstAdvice } from './sign-in.ts'

const AN_HOUR = 60 * 60_000
/** By how much two machines' clocks may differ without either being called wrong. */
const CLOCKS_DIFFER_MS = 5 * 60_000
/** Google's access tokens live for an hour. */
const LONGEST_TOKEN_MS = AN_HOUR + CLOCKS_DIFFER_MS
const LONGEST_GRANT_MS = 10 * 366 * 24 * AN_HOUR

/** Brings `memory.grant` up to date with the Secrets; each is read only when its version has changed. */
export async function gatherGrant({ deps, agent, memory, gate }: AccessRequest): Promise<Grant | Setback> {
  const own = await readOwn(deps, agent, memory)
  if (own) return own
  const brought = agent.spec.grantSecretRef ? await readBrought(deps, agent, memory) : undefined
  if (brought) return brought
  if (memory.grant) return memory.grant
  const message = firstAdvice(deps, agent, gate.integration)
  return setback('Authorized', 'AwaitingSignIn', message, { kind: 'wait', for: AN_HOUR })
}

async function readOwn(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<Setback | undefined> {
  const namespace = agent.metadata.namespace ?? ''
  const name = grantSecretName(agent)
  const known = deps.cluster.secrets.get(`${namespace}/${name}`)
  if (known && !isManaged(known)) return foreign(deps, known, memory)
  if (known?.metadata.resourceVersion === memory.ownVersion) return undefined
  // Deleted by hand: what came from a brought Secret will come again, anything else was withdrawn.
  if (!known) withdraw(memory)
  else recall(memory, await deps.cluster.readSecret(namespace, name), deps.clock)
  return undefined
}

function foreign(deps: AgentDeps, { metadata }: KubernetesObject, memory: AgentMemory): Setback {
  const message = `Secret ${metadata.name} exists and is not ours, but grants are kept under that name: rename or delete that Secret, or rename the Agent.`
  return setback('Authorized', 'GrantConflict', message, {
    kind: 'slow',
    at: slowly(memory.firstSeen, deps.clock.monotonic()),
  })
}

/** A namespace that is deleted loses its Secrets and its Agents in any order: what is to be revoked stays known. */
function withdraw(memory: AgentMemory): void {
  const withdrawn = memory.grant?.refreshToken ?? memory.withdrawn
  Object.assign(memory, { ownVersion: undefined, broughtVersion: undefined, grant: undefined, withdrawn })
}

/** Takes up what our own Secret says. */
function recall(memory: AgentMemory, secret: Secret | undefined, clock: Clock): void {
  memory.ownVersion = secret?.metadata.resourceVersion
  const token = decode(secret?.data).refresh_token
  // Somebody edited the Secret while we held something newer than it: what we hold is not lost, it is written again.
  const newer = memory.grant?.saved === false && token !== undefined && token === memory.ownToken
  memory.ownToken = token
  if (!newer)
    replaceGrant(memory, secret && token ? grantFrom(secret, token, { clock, inHand: memory.grant }) : undefined)
}

function replaceGrant(memory: AgentMemory, grant: Grant | undefined): void {
  const another = memory.grant?.refreshToken !== grant?.refreshToken
  memory.grant = grant
  if (another) beginAnew(memory)
}

/** Another grant, most likely just signed in: what was refused to the one before says nothing about it. */
function beginAnew(memory: AgentMemory): void {
  memory.refusal = undefined
  for (const calendar of memory.calendars.values()) {
    // Read at once, and whole: another account may see other things.
    Object.assign(calendar, { nextAt: -Infinity, syncToken: undefined, trouble: undefined })
  }
}

/** The grant that a Secret of ours describes; a token in hand that it agrees with keeps its renewal time. */
function grantFrom(secret: Secret, refreshToken: string, at: { clock: Clock; inHand: Grant | undefined }): Grant {
  const text = decode(secret.data)
  const { annotations = {}, creationTimestamp = '' } = secret.metadata
  const now = at.clock.now()
  const grantedAt = past(fromTimestamp(text.granted_at), now)
  return {
    refreshToken,
    broughtHash: annotations[BROUGHT_TOKEN_HASH],
    clientId: text.client_id,
    account: text.account,
    scopes: text.scope?.split(' ').filter(Boolean),
    grantedAt: grantedAt ?? past(fromTimestamp(creationTimestamp), now) ?? now,
    grantedAtIsGuess: grantedAt === undefined || annotations[CONSENT_IS_GUESS] === 'true',
    grantExpiresAt: noLaterThan(now + LONGEST_GRANT_MS, fromTimestamp(text.grant_expires_at)),
    ...accessFrom(text, at),
    credentialsHash: at.inHand?.credentialsHash,
    saved: true,
  }
}

function accessFrom(
  { access_token: accessToken, expires_at: end }: Record<string, string | undefined>,
  { clock, inHand }: { clock: Clock; inHand: Grant | undefined },
): Pick<Grant, 'accessToken' | 'expiresAt' | 'obtainedAt' | 'renewAt' | 'lastUsedAt'> {
  const expiresAt = fromTimestamp(end) ?? 0
  if (inHand && inHand.accessToken === accessToken) {
    const { obtainedAt, renewAt, lastUsedAt } = inHand
    return { accessToken, expiresAt: inHand.expiresAt, obtainedAt, renewAt, lastUsedAt }
  }
  // An access token lives for an hour: when the last one ends tells when Google last accepted the grant.
  const lastUsedAt = expiresAt === 0 ? undefined : expiresAt - AN_HOUR
  const left = expiresAt - clock.now()
  // Written while the time of day was wrong: nobody knows when it really ends.
  const renewAt = left > LONGEST_TOKEN_MS ? -Infinity : clock.monotonic() + (left * 2) / 3
  // When a token from before a restart was obtained is not known: what is left of it counts as its lifetime.
  return { accessToken, expiresAt, obtainedAt: clock.now(), renewAt, lastUsedAt: past(lastUsedAt, clock.now()) }
}

/** What is said to have happened after now was written while the time of day was wrong: it is not known then. */
const past = (at: number | undefined, now: number): number | undefined => noLaterThan(now + CLOCKS_DIFFER_MS, at)

const noLaterThan = (latest: number, at: number | undefined): number | undefined =>
  at !== undefined && at > latest ? undefined : at

async function readBrought(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<Setback | undefined> {
  const namespace = agent.metadata.namespace ?? ''
  const name = agent.spec.grantSecretRef?.name ?? ''
  const known = deps.cluster.secrets.get(`${namespace}/${name}`)
  if (!known) {
    memory.broughtVersion = undefined
    const message = `There is no Secret ${name} in namespace ${namespace}, which spec.grantSecretRef names: create it with the key refresh_token.`
    return setback('Authorized', 'GrantSecretNotFound', message, { kind: 'wait', for: AN_HOUR })
  }
  if (known.metadata.resourceVersion === memory.broughtVersion && memory.grant) return undefined
  const secret = await deps.cluster.readSecret(namespace, name)
  const text = decode(secret?.data)
  if (!text.refresh_token) {
    memory.broughtVersion = undefined
    const message = `Secret ${name}, which spec.grantSecretRef names, has no key refresh_token: add it, with a refresh token of the account.`
    return setback('Authorized', 'GrantSecretKeyMissing', message, { kind: 'wait', for: AN_HOUR })
  }
  memory.broughtVersion = secret?.metadata.resourceVersion
  const now = deps.clock.now()
  adopt(memory, text.refresh_token, past(fromTimestamp(text.granted_at), now), now)
  return undefined
}

/** Takes a brought token into use, unless it is the one that the grant in force began with. */
function adopt(memory: AgentMemory, refreshToken: string, grantedAt: number | undefined, now: number): void {
  const broughtHash = createHash('sha256').update(refreshToken).digest('hex')
  const grant = memory.grant
  if (grant?.broughtHash === broughtHash) {
    if (grantedAt !== undefined && (grant.grantedAtIsGuess || grant.grantedAt !== grantedAt)) {
      Object.assign(grant, { grantedAt, grantedAtIsGuess: false, saved: false })
    }
    return
  }
  beginAnew(memory)
  memory.grant = {
    refreshToken,
    broughtHash,
    grantedAt: grantedAt ?? now,
    grantedAtIsGuess: grantedAt === undefined,
    obtainedAt: 0,
    expiresAt: 0,
    renewAt: -Infinity,
    saved: false,
  }
}

/** Writes the grant to our own Secret, if it holds anything newer. Fails with an `ApiError`. */
export async function saveGrant(deps: AgentDeps, agent: Agent, memory: AgentMemory): Promise<void> {
  const grant = memory.grant
  if (!grant || grant.saved) return
  const namespace = agent.metadata.namespace ?? ''
  const name = grantSecretName(agent)
  const data = grantData(grant)
  const annotations = {
    [BROUGHT_TOKEN_HASH]: grant.broughtHash ?? null,
    [CONSENT_IS_GUESS]: grant.grantedAtIsGuess ? 'true' : null,
  }
  const known = deps.cluster.secrets.get(`${namespace}/${name}`)
  // Something of that name that was never read is not written over: creating it fails.
  const written =
    known && memory.ownVersion
      ? await deps.cluster.patch(secretRef(namespace, name, memory.ownVersion), { metadata: { annotations }, data })
      : await deps.cluster.create(newSecret(namespace, name, annotations, data))
  memory.ownVersion = written.metadata.resourceVersion
  memory.ownToken = grant.refreshToken
  grant.saved = true
}

const secretRef = (namespace: string, name: string, resourceVersion: string | undefined): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name, resourceVersion },
})

function newSecret(
  namespace: string,
  name: string,
  annotations: Record<string, string | null>,
  data: Record<string, string | null>,
): Secret {
  return {
    ...secretRef(namespace, name, undefined),
    metadata: { namespace, name, labels: MANAGED_BY, annotations: present(annotations) },
    type: 'Opaque',
    data: present(data),
  }
}

/** Without the nulls, which mean "remove" in a patch and nothing at all in a new object. */
const present = (values: Record<string, string | null>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null))
