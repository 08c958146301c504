/**
 * Reads and writes one ConfigMap or Secret of an Agent. It never writes an object that belongs to somebody else (`ownership.ts`), and
 * changes only our own keys, labels, annotations and owner reference, only in the version that was read, and only if something
 * differs.
 */
import { isStepFailure, stepFailure, type StepFailure } from '../failures/step-failure.ts'
import { ApiError, type ConfigMap, type KubernetesObject, type Secret } from '../kubernetes/port.ts'
import type { MaybePromise } from '../platform/maybe-promise.ts'
import { isReservedName } from '../resources/names.ts'
import { marksOf, withController } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import { conflictFailure, objectKey, ownershipOf, type Target } from './ownership.ts'
import type { PublishDeps } from './port.ts'
import { digestsOf, isNamed, publishedObject, sameDigests } from './published-object.ts'
import type { Data, Digests, PublishedObject } from './published-object.ts'

/**
 * Reads the object with the name of the target. Returns an object of ours, undefined if there is none, or a failure if the object
 * belongs to somebody else. Missing labels, annotations and owner references are restored.
 * @param known the last known object, which is returned if the watch shows no other version.
 * @throws ApiError
 */
export function readOwned(
  deps: PublishDeps,
  agent: Agent,
  target: Target,
  known: PublishedObject | undefined,
): MaybePromise<PublishedObject | undefined | StepFailure> {
  const cached = cachedObject(deps, agent, target)
  // No object is created under such a name, either.
  if (isReservedName(target.name)) return conflictFailure(deps, agent, cached ?? newObject(agent, target), target)
  const own = known && isNamed(known, target) ? known : undefined
  if (cached) {
    const { resourceVersion } = cached.metadata
    return isUnchanged(deps, agent, cached, { target, own }) ? own : readNow(deps, agent, target, resourceVersion)
  }
  // Only ConfigMaps with our label are watched: one that has lost it may still exist.
  return own && target.kind === 'ConfigMap' ? readNow(deps, agent, target) : undefined
}

/** Whether the object is the known version, with our labels, annotations and owner reference. */
const isUnchanged = (
  deps: PublishDeps,
  agent: Agent,
  cached: KubernetesObject,
  { target, own }: { target: Target; own: PublishedObject | undefined },
): boolean =>
  cached.metadata.resourceVersion === own?.resourceVersion && ownershipOf(deps, agent, cached, target).is === 'mine'

/** The cached object with this name. */
const cachedObject = ({ cluster }: PublishDeps, agent: Agent, { kind, name }: Target): KubernetesObject | undefined =>
  (kind === 'Secret' ? cluster.secrets : cluster.configMaps).get(objectKey(agent, name))

/**
 * Reads the data of an object in the version that is known.
 * @throws ApiError `Conflict` if there is another version by now.
 */
export async function readData(
  { cluster }: PublishDeps,
  agent: Agent,
  target: Target,
  { resourceVersion }: PublishedObject,
): Promise<Data> {
  const object = await requested(cluster, agent, target, resourceVersion)
  if (object?.metadata.resourceVersion === resourceVersion) return dataIn(object, target)
  throw new ApiError('Conflict', `${target.kind} ${target.name} has been changed`)
}

const requested = (
  cluster: PublishDeps['cluster'],
  { metadata: { namespace = '' } }: Agent,
  { kind, name }: Target,
  seen: string | undefined,
): Promise<ConfigMap | Secret | undefined> =>
  kind === 'Secret' ? cluster.readSecret(namespace, name, seen) : cluster.readConfigMap(namespace, name, seen)

async function readNow(
  deps: PublishDeps,
  agent: Agent,
  target: Target,
  seen?: string,
): Promise<PublishedObject | StepFailure | undefined> {
  const object = await requested(deps.cluster, agent, target, seen)
  if (!object) return undefined
  const ownership = ownershipOf(deps, agent, object, target)
  if (ownership.is === 'foreign') return conflictFailure(deps, agent, object, target)
  const misplaced = misplacedIn(object, target)
  const isRight = ownership.is === 'mine' && misplaced.length === 0
  return decoded(isRight ? object : await repair(deps, agent, object, { target, misplaced }), target)
}

/** Our keys that somebody has moved to `binaryData`. No key can be in both, so nothing could be published under them. */
const misplacedIn = (object: ConfigMap | Secret, { keys }: Target): [key: string, base64: string][] =>
  Object.entries((object as ConfigMap).binaryData ?? {}).filter(([key]) => keys.includes(key))

/** Restores our labels, annotations and owner reference, moves our keys back to `data`, and leaves their values unchanged. */
function repair(
  deps: PublishDeps,
  agent: Agent,
  object: ConfigMap | Secret,
  { target, misplaced }: { target: Target; misplaced: [key: string, base64: string][] },
): Promise<ConfigMap | Secret> {
  const ownerReferences = withController(object.metadata.ownerReferences, agent)
  const metadata = { ...marksOf(agent, target.role), ownerReferences }
  const texts = misplaced.map(([key, base64]) => [key, Buffer.from(base64, 'base64').toString('utf8')])
  const data = Object.fromEntries(texts) as Data
  const binaryData = Object.fromEntries(misplaced.map(([key]) => [key, null]))
  const moved = misplaced.length > 0 ? { data, binaryData } : {}
  return deps.cluster.patch(object, { metadata, ...moved })
}

const decoded = (object: ConfigMap | Secret, target: Target): PublishedObject => {
  const { kind, name } = target
  return publishedObject({ kind, name, resourceVersion: object.metadata.resourceVersion ?? '' }, dataIn(object, target))
}

/** Our values in an object, as text. */
function dataIn({ kind, data: values }: ConfigMap | Secret, { keys }: Target): Data {
  const data: Record<string, string> = {}
  for (const [key, value] of Object.entries(values ?? {})) {
    if (keys.includes(key)) data[key] = kind === 'Secret' ? Buffer.from(value, 'base64').toString('utf8') : value
  }
  return data
}

/** What an object has to contain. */
export interface Content extends Target {
  data: Data
  /** Whether our keys that are not in `data` keep their values. Otherwise they are removed. */
  keepsRest?: boolean | undefined
}

const wantedDigests = ({ data, keepsRest }: Content, current: Digests): Digests =>
  keepsRest ? { ...current, ...digestsOf(data) } : digestsOf(data)

/**
 * Makes the object contain exactly `data` under our keys, and returns the object after that. It counts as edited if the API server
 * has stored something else.
 * @param current what `readOwned` returned; undefined to create the object.
 * @throws ApiError `Conflict` if another client has written the object since.
 */
export async function writeOwned(
  deps: PublishDeps,
  agent: Agent,
  target: Content,
  current: PublishedObject | undefined,
): Promise<PublishedObject | StepFailure> {
  const existing = current ?? (await create(deps, agent, target))
  if (isStepFailure(existing)) return existing
  const wanted = wantedDigests(target, existing.digests)
  if (sameDigests(existing.digests, wanted)) return { ...existing, isEdited: false }
  // A new object that the API server has stored differently: the next attempt would fare no better.
  if (!current && existing.isEdited) return existing
  const object = newObject(agent, target, existing.resourceVersion)
  const patch = { data: dataPatch(target, existing.digests, wanted) }
  return objectAfterWrite(target, wanted, await deps.cluster.patch(object, patch))
}

/** Creates the object with all of the data. If one of ours exists after all, it is returned. */
async function create(deps: PublishDeps, agent: Agent, target: Content): Promise<PublishedObject | StepFailure> {
  const { metadata, ...object } = newObject(agent, target)
  const marks = { ...marksOf(agent, target.role), ownerReferences: withController(undefined, agent) }
  try {
    const data = encoded(target, target.data)
    const created = await deps.cluster.create({ ...object, metadata: { ...metadata, ...marks }, data })
    return objectAfterWrite(target, digestsOf(target.data), created)
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'AlreadyExists') throw error
  }
  const existing = await readNow(deps, agent, target)
  if (existing) return existing
  const error = new Error(`${target.kind} ${target.name} changed while it was written`)
  return stepFailure('Synced', 'PublishFailed', error.message, { kind: 'retry', error })
}

/** The object as the API server has stored it, which an admission webhook or policy may have changed. */
function objectAfterWrite(target: Content, wanted: Digests, answer: ConfigMap | Secret): PublishedObject {
  const stored = decoded(answer, target)
  return { ...stored, isEdited: !sameDigests(stored.digests, wanted) }
}

function newObject(agent: Agent, target: Target, resourceVersion?: string): ConfigMap | Secret {
  const metadata = { namespace: agent.metadata.namespace, name: target.name, resourceVersion }
  return { apiVersion: 'v1', kind: target.kind, metadata }
}

const encoded = (target: Target, data: Data): Data =>
  target.kind === 'ConfigMap'
    ? data
    : Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))

/** The difference: our keys that changed, and null for those that are removed. */
function dataPatch(target: Content, current: Digests, wanted: Digests): Record<string, string | null> {
  const changed = Object.entries(target.data).filter(([key]) => current[key] !== wanted[key])
  const removed = Object.keys(current).filter((key) => !(key in wanted))
  return { ...encoded(target, Object.fromEntries(changed)), ...Object.fromEntries(removed.map((key) => [key, null])) }
}
