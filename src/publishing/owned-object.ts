/**
 * Writing one ConfigMap or Secret that belongs to an Agent: never one that is somebody else's (`ownership.ts` decides), only
 * our own keys, marks and owner reference, for the version that was read, and only if something differs.
 */
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import type { ConfigMap, KubernetesObject, Secret } from '../kubernetes/port.ts'
import { ApiError } from '../kubernetes/port.ts'
import { isReservedName, ROLE_LABEL } from '../resources/names.ts'
import {
  controllerOf,
  isOurs,
  marksOf,
  ownershipOfPublished,
  withController,
  type Ownership,
  type PublishedRole,
} from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import type { PublishDeps } from './port.ts'
import { dataOf, published, type Data } from './published.ts'
import type { PublicationState, Published } from './state.ts'

const FIVE_MINUTES = 5 * 60_000

export interface Target {
  kind: 'ConfigMap' | 'Secret'
  name: string
  role: PublishedRole
  /** Every key that may be ours: those of them that are not wanted are removed. */
  keys: readonly string[]
}

/**
 * What the cluster holds under this name: ours, or nothing, or a setback because it is somebody else's. Marks of ours that
 * are missing are put back. Fails with an `ApiError`.
 */
export async function readOwned(
  deps: PublishDeps,
  agent: Agent,
  target: Target,
  known: Published | undefined,
): Promise<Published | undefined | StepFailure> {
  const seen = seenAs(deps, agent, target)
  // Nothing may be made under such a name either.
  if (isReservedName(target.name)) return foreign(deps, agent, seen ?? newObject(agent, target, undefined), target)
  const mine = known && isOf(known, target) ? known : undefined
  if (seen) return isUnchanged(deps, agent, seen, { target, mine }) ? mine : readNow(deps, agent, target)
  // Only ConfigMaps with our label are watched: one that has lost it may be there all the same.
  return mine && target.kind === 'ConfigMap' ? readNow(deps, agent, target) : undefined
}

/** It is the version that we know, with all of our marks on it. */
const isUnchanged = (
  deps: PublishDeps,
  agent: Agent,
  seen: KubernetesObject,
  { target, mine }: { target: Target; mine: Published | undefined },
): boolean =>
  seen.metadata.resourceVersion === mine?.resourceVersion && ownershipOf(deps, agent, seen, target).is === 'mine'

const isOf = (known: Published, { kind, name }: Pick<Target, 'kind' | 'name'>): boolean =>
  known.name === name && known.kind === kind

const keyOf = ({ metadata }: Agent, name: string): string => `${metadata.namespace ?? ''}/${name}`

/** What the watch has seen under this name. */
const seenAs = ({ cluster }: PublishDeps, agent: Agent, { kind, name }: Target): KubernetesObject | undefined =>
  (kind === 'Secret' ? cluster.secrets : cluster.configMaps).get(keyOf(agent, name))

const ownershipOf = (deps: PublishDeps, agent: Agent, object: KubernetesObject, target: Target): Ownership =>
  ownershipOfPublished(object, agent, { role: target.role, shared: isShared(deps, agent, target) })

/** Whether a spec beside this Agent's names the object, too: then nobody can tell from the name alone whose it is. */
function isShared({ cluster }: PublishDeps, agent: Agent, { kind, name }: Target): boolean {
  const key = keyOf(agent, name)
  const agents = cluster.agents.byIndex(kind === 'Secret' ? 'secret' : 'configMap', key)
  const clients = kind === 'Secret' ? cluster.integrations.byIndex('secret', key) : []
  return clients.length > 0 || agents.some(({ metadata }) => metadata.uid !== agent.metadata.uid)
}

async function readNow(deps: PublishDeps, agent: Agent, target: Target): Promise<Published | StepFailure | undefined> {
  const namespace = agent.metadata.namespace ?? ''
  const object =
    target.kind === 'Secret'
      ? await deps.cluster.readSecret(namespace, target.name)
      : await deps.cluster.readConfigMap(namespace, target.name)
  if (!object) return undefined
  const ownership = ownershipOf(deps, agent, object, target)
  if (ownership.is === 'foreign') return foreign(deps, agent, object, target)
  return publishedFrom(ownership.is === 'mine' ? object : await markAgain(deps, agent, object, target), target)
}

/** Puts back what is missing of our marks and of the owner reference; the data stays as it is. */
async function markAgain(
  deps: PublishDeps,
  agent: Agent,
  object: ConfigMap | Secret,
  { role }: Target,
): Promise<ConfigMap | Secret> {
  const ownerReferences = withController(object.metadata.ownerReferences, agent)
  const written = await deps.cluster.patch(object, { metadata: { ...marksOf(agent, role), ownerReferences } })
  return { ...object, metadata: written.metadata }
}

function publishedFrom(object: ConfigMap | Secret, target: Target): Published {
  const text = (value: string): string =>
    object.kind === 'Secret' ? Buffer.from(value, 'base64').toString('utf8') : value
  const ours = Object.entries(object.data ?? {}).filter(([key]) => target.keys.includes(key))
  const at = { kind: target.kind, name: target.name, resourceVersion: object.metadata.resourceVersion ?? '' }
  return published(at, Object.fromEntries(ours.map(([key, value]) => [key, text(value)])))
}

function foreign(deps: PublishDeps, agent: Agent, object: KubernetesObject, target: Target): StepFailure {
  const what = `${target.kind} ${target.name}`
  const controller = controllerOf(object)
  if (controller?.kind === 'Agent' && controller.name === agent.metadata.name && !isReservedName(target.name)) {
    const message = `${what} still belongs to a deleted Agent of the same name; it is replaced once Kubernetes has removed it.`
    return stepFailure('Synced', 'PublishFailed', message, { kind: 'wait', for: FIVE_MINUTES })
  }
  const verdict = ownershipOf(deps, agent, object, target)
  const { whose = 'is somebody else’s', todo = 'delete it, or publish under another name' } =
    verdict.is === 'foreign' ? verdict : {}
  const message = `${what} ${whose} and is left alone: ${todo}.`
  return stepFailure('Synced', 'PublishConflict', message, {
    kind: 'blocked',
    at: deps.clock.monotonic() + FIVE_MINUTES,
  })
}

/**
 * Takes away what this Agent published under names that its spec no longer says, once everything that it says now stands.
 * Fails with an `ApiError`.
 */
export async function removeOrphans(deps: PublishDeps, agent: Agent, state: PublicationState): Promise<void> {
  const { calendar, accessToken } = agent.spec.publish
  const isWhole = stands(state.published, calendar) && stands(state.publishedToken, tokenTarget(accessToken))
  if (!isWhole) return
  for (const object of orphansOf(deps, agent)) await deps.cluster.delete(object)
}

/** What this Agent published under names that its spec does not say. */
export function orphansOf({ cluster }: PublishDeps, agent: Agent): KubernetesObject[] {
  const { calendar, accessToken } = agent.spec.publish
  const wanted = [calendar, tokenTarget(accessToken)].flatMap((one) => (one ? [`${one.kind}/${one.name}`] : []))
  const watched = [cluster.secrets, cluster.configMaps]
  const controlled = watched.flatMap((store) => store.byIndex('controller', agent.metadata.uid ?? ''))
  return controlled.filter(
    (object) => isPublished(object) && !wanted.includes(`${object.kind}/${object.metadata.name}`),
  )
}

const tokenTarget = (accessToken: { name: string } | undefined): Pick<Target, 'kind' | 'name'> | undefined =>
  accessToken && { kind: 'Secret', name: accessToken.name }

const stands = (known: Published | null | undefined, wanted: Pick<Target, 'kind' | 'name'> | undefined): boolean =>
  wanted === undefined || (known ? isOf(known, wanted) : false)

/** Of 0.1.0, or of a role that can be published: never a grant or a key, whatever reference was put on it. */
const isPublished = (object: KubernetesObject): boolean =>
  isOurs(object) &&
  !isReservedName(object.metadata.name) &&
  [undefined, 'calendar', 'access-token'].includes(object.metadata.labels?.[ROLE_LABEL])

/** Makes the object hold exactly `data` under our keys. Fails with an `ApiError`; answers what stands there now. */
export async function writeOwned(
  deps: PublishDeps,
  agent: Agent,
  target: Target & { data: Data },
  current: Published | undefined,
): Promise<Published | StepFailure> {
  const standing = current ?? (await create(deps, agent, target))
  if (isStepFailure(standing)) return standing
  if (sameData(dataOf(standing), target.data)) return standing
  const object = newObject(agent, target, standing.resourceVersion)
  const written = await deps.cluster.patch(object, { data: dataPatch(target, dataOf(standing)) })
  return remember(target, written)
}

/** A new object with all of the data; what is there all the same, where it is ours. */
async function create(
  deps: PublishDeps,
  agent: Agent,
  target: Target & { data: Data },
): Promise<Published | StepFailure> {
  const object = newObject(agent, target, undefined)
  Object.assign(object.metadata, marksOf(agent, target.role), { ownerReferences: withController(undefined, agent) })
  try {
    const written = await deps.cluster.create(Object.assign(object, { data: encoded(target, target.data) }))
    return remember(target, written)
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'AlreadyExists') throw error
  }
  const existing = await readNow(deps, agent, target)
  if (existing) return existing
  const error = new Error(`${target.kind} ${target.name} changed while it was written`)
  return stepFailure('Synced', 'PublishFailed', error.message, { kind: 'retry', error })
}

const remember = (target: Target & { data: Data }, { metadata }: KubernetesObject): Published =>
  published({ ...target, resourceVersion: metadata.resourceVersion ?? '' }, target.data)

function newObject(agent: Agent, target: Target, resourceVersion: string | undefined): ConfigMap | Secret {
  const metadata = { namespace: agent.metadata.namespace, name: target.name, resourceVersion }
  return { apiVersion: 'v1', kind: target.kind, metadata }
}

const encoded = (target: Target, data: Record<string, string>): Record<string, string> =>
  target.kind === 'ConfigMap'
    ? data
    : Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))

/** Only what differs: our keys that changed, and null for those that are to go. */
function dataPatch(target: Target & { data: Data }, current: Record<string, string>): Record<string, string | null> {
  const changed = Object.entries(target.data).filter(([key, value]) => current[key] !== value)
  const gone = Object.keys(current).filter((key) => !(key in target.data))
  return { ...encoded(target, Object.fromEntries(changed)), ...Object.fromEntries(gone.map((key) => [key, null])) }
}

export const sameData = (a: Record<string, string>, b: Record<string, string>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value)
