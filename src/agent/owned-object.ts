/**
 * Writing one ConfigMap or Secret that belongs to an Agent: never one that is somebody else's, only our own keys, label and
 * owner reference, for the version that was read, and only if something differs.
 */
import type { ConfigMap, KubernetesObject, OwnerReference, Secret } from '../kubernetes/port.ts'
import { ApiError } from '../kubernetes/port.ts'
import { GROUP_VERSION, isManaged, MANAGED_BY } from '../resources/names.ts'
import type { Agent } from '../resources/types.ts'
import type { Published } from './memory.ts'
import type { AgentDeps } from './port.ts'
import { dataOf, published, type Data } from './published.ts'
import { isSetback, setback, type Setback } from './setback.ts'

/** Kubernetes refuses objects past 1 MiB, all in; below this there is room for other people's metadata. */
const LARGEST_BYTES = 900_000
const FIVE_MINUTES = 5 * 60_000

export interface Target {
  kind: 'ConfigMap' | 'Secret'
  name: string
  /** Every key that may be ours: those of them that are not wanted are removed. */
  keys: readonly string[]
}

interface Existing {
  object: KubernetesObject
  published: Published
}

/** What the cluster holds under this name: ours, or nothing, or a setback because it is somebody else's. */
export async function readOwned(
  deps: AgentDeps,
  agent: Agent,
  target: Target,
  known: Published | undefined,
): Promise<Published | undefined | Setback> {
  const seen = seenAs(deps, agent, target)
  const mine = known && isOf(known, target) ? known : undefined
  if (mine && intact(agent, seen, mine)) return mine
  // Only ConfigMaps with our label are watched: one that has lost it may be there all the same.
  if (!seen && (target.kind === 'Secret' || !mine)) return undefined
  const existing = await readNow(deps, agent, target)
  return isSetback(existing) ? existing : existing?.published
}

const isOf = (known: Published, { kind, name }: Target): boolean => known.name === name && known.kind === kind

/** What the watch has seen under this name. */
const seenAs = ({ cluster }: AgentDeps, { metadata }: Agent, { kind, name }: Target): KubernetesObject | undefined =>
  (kind === 'Secret' ? cluster.secrets : cluster.configMaps).get(`${metadata.namespace ?? ''}/${name}`)

/** It is the version that we know, with our label and our reference on it. */
const intact = (agent: Agent, seen: KubernetesObject | undefined, known: Published): boolean =>
  seen?.metadata.resourceVersion === known.resourceVersion && isManaged(seen) && ownedBy(seen, agent)

async function readNow(deps: AgentDeps, agent: Agent, target: Target): Promise<Existing | Setback | undefined> {
  const namespace = agent.metadata.namespace ?? ''
  const object =
    target.kind === 'Secret'
      ? await deps.cluster.readSecret(namespace, target.name)
      : await deps.cluster.readConfigMap(namespace, target.name)
  if (!object) return undefined
  return notOurs(deps, agent, object) ?? { object, published: publishedFrom(object, target) }
}

function publishedFrom(object: ConfigMap | Secret, target: Target): Published {
  const text = (value: string): string =>
    object.kind === 'Secret' ? Buffer.from(value, 'base64').toString('utf8') : value
  const ours = Object.entries(object.data ?? {}).filter(([key]) => target.keys.includes(key))
  const at = { kind: target.kind, name: target.name, resourceVersion: object.metadata.resourceVersion ?? '' }
  return published(at, Object.fromEntries(ours.map(([key, value]) => [key, text(value)])))
}

const controllerOf = (object: KubernetesObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((reference) => reference.controller)

const ownedBy = (object: KubernetesObject, agent: Agent): boolean => controllerOf(object)?.uid === agent.metadata.uid

function notOurs(deps: AgentDeps, agent: Agent, object: KubernetesObject): Setback | undefined {
  const controller = controllerOf(object)
  if (ownedBy(object, agent) || (!controller && isManaged(object))) return undefined
  const what = `${object.kind} ${object.metadata.name}`
  const again = { kind: 'slow', at: deps.clock.now() + FIVE_MINUTES } as const
  if (controller?.kind === 'Agent' && controller.name === agent.metadata.name) {
    const message = `${what} still belongs to a deleted Agent of the same name; it is replaced once Kubernetes has removed it.`
    return setback('Synced', 'PublishFailed', message, { kind: 'wait', for: FIVE_MINUTES })
  }
  const whose = controller ? `belongs to ${controller.kind} ${controller.name}` : 'was made by somebody else'
  const message = `${what} ${whose} and is left alone: delete it, or publish under another name.`
  return setback('Synced', 'PublishConflict', message, again)
}

/** Takes away what this Agent published under names that its spec no longer says. */
export async function removeOrphans(deps: AgentDeps, agent: Agent): Promise<void> {
  const { secrets, configMaps } = deps.cluster
  const { calendar, accessToken } = agent.spec.publish
  const wanted = [calendar && `${calendar.kind}/${calendar.name}`, accessToken && `Secret/${accessToken.name}`]
  const published = [secrets, configMaps].flatMap((watched) => watched.by('controller', agent.metadata.uid ?? ''))
  for (const object of published) {
    const orphaned = isManaged(object) && !wanted.includes(`${object.kind}/${object.metadata.name}`)
    if (orphaned) await deps.cluster.delete(object)
  }
}

/** Makes the object hold exactly `data` under our keys. Fails with an `ApiError`; answers what stands there now. */
export async function writeOwned(
  deps: AgentDeps,
  agent: Agent,
  target: Target & { data: Data },
  current: Published | undefined,
): Promise<Published | Setback> {
  const tooLarge = sizeSetback(deps, target)
  if (tooLarge) return tooLarge
  const seen = seenAs(deps, agent, target)
  const whole = current !== undefined && seen !== undefined && intact(agent, seen, current)
  if (whole && sameData(dataOf(current), target.data)) return current
  if (current === undefined) return create(deps, agent, target)
  const references = seen ? seen.metadata.ownerReferences : undefined
  const written = await deps.cluster.patch(newObject(agent, target, current.resourceVersion), {
    metadata: whole ? undefined : { labels: MANAGED_BY, ownerReferences: withOurs(references, agent) },
    data: dataPatch(target, dataOf(current)),
  })
  return remember(target, written)
}

async function create(deps: AgentDeps, agent: Agent, target: Target & { data: Data }): Promise<Published | Setback> {
  const object = newObject(agent, target, undefined)
  Object.assign(object.metadata, { labels: MANAGED_BY, ownerReferences: withOurs(undefined, agent) })
  try {
    const written = await deps.cluster.create(Object.assign(object, { data: encoded(target, target.data) }))
    return remember(target, written)
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'AlreadyExists') throw error
  }
  // It is there all the same, without our label: ours if it refers to this Agent, else somebody's.
  const existing = await readNow(deps, agent, target)
  if (isSetback(existing)) return existing
  const again = {
    kind: 'retry',
    error: new Error(`${target.kind} ${target.name} changed while it was written`),
  } as const
  if (!existing) return setback('Synced', 'PublishFailed', again.error.message, again)
  const written = await deps.cluster.patch(newObject(agent, target, existing.published.resourceVersion), {
    metadata: { labels: MANAGED_BY, ownerReferences: withOurs(existing.object.metadata.ownerReferences, agent) },
    data: dataPatch(target, dataOf(existing.published)),
  })
  return remember(target, written)
}

const remember = (target: Target & { data: Data }, { metadata }: KubernetesObject): Published =>
  published({ ...target, resourceVersion: metadata.resourceVersion ?? '' }, target.data)

function newObject(agent: Agent, target: Target, resourceVersion: string | undefined): ConfigMap | Secret {
  const metadata = { namespace: agent.metadata.namespace, name: target.name, resourceVersion }
  return { apiVersion: 'v1', kind: target.kind, metadata }
}

/** Everybody else's references, and ours as the controller. */
function withOurs(references: OwnerReference[] | undefined, agent: Agent): OwnerReference[] {
  const uid = agent.metadata.uid ?? ''
  const ours = { apiVersion: GROUP_VERSION, kind: 'Agent', name: agent.metadata.name, uid, controller: true }
  return [...(references ?? []).filter((reference) => reference.uid !== uid), ours]
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

function sizeSetback(deps: AgentDeps, target: Target & { data: Data }): Setback | undefined {
  const bytes = Object.values(target.data).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
  if (bytes <= LARGEST_BYTES) return undefined
  const over = Math.ceil((bytes - LARGEST_BYTES) / 1000)
  const message = `${target.kind} ${target.name} would hold ${Math.ceil(bytes / 1000)} kB, ${over} kB more than fits: shorten the integration's spec.sync.window, read fewer calendars, list fewer spec.publish.calendar.formats, or use detail Busy.`
  return setback('Synced', 'PublishTooLarge', message, { kind: 'slow', at: deps.clock.now() + FIVE_MINUTES })
}
