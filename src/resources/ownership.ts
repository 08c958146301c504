/**
 * Decides whether an existing object with one of the operator's names belongs to an Agent: for grants, for published objects, for
 * the sign-in pages and for deletion. Pure.
 *
 * - `mine`: it belongs to this Agent and is marked correctly.
 * - `restore`: it belongs to this Agent; some marks (labels, annotation, owner reference) have to be restored.
 * - `upgrade`: it belongs to this Agent, as version 0.1.0 wrote it: with the label of all its objects, and no role.
 * - `foreign`: any other object. It is never written, adopted or deleted.
 */
import { AGENT_ANNOTATION, isManaged, isReservedName, GROUP_VERSION, labelsOf, ROLE_LABEL, type Role } from './names.ts'
import type { ObjectMeta, OwnerReference } from './types.ts'

/**
 * Whether an object belongs to an Agent. `whose` says who owns a foreign object, as the end of a sentence that begins with its name;
 * `todo` says what to do about it, unless it is enough to use another name.
 */
export type Ownership = { is: 'mine' | 'restore' | 'upgrade' } | { is: 'foreign'; whose: string; todo?: string }

/** The roles of published objects. */
export type PublishedRole = Extract<Role, 'calendar' | 'access-token'>

interface Marked {
  metadata: ObjectMeta
}

/** The part of an Agent that identifies its objects. */
interface Owner {
  metadata: Pick<ObjectMeta, 'name' | 'uid'>
}

/** The owner reference of the controller, with which Kubernetes deletes the object. */
export const controllerOf = ({ metadata }: Marked): OwnerReference | undefined =>
  metadata.ownerReferences?.find((reference) => reference.controller)

const roleOf = ({ metadata }: Marked): string | undefined => metadata.labels?.[ROLE_LABEL]

const agentOf = ({ metadata }: Marked): string | undefined => metadata.annotations?.[AGENT_ANNOTATION]

/** Whether the labels and the annotation are as the operator writes them. */
const isMarked = (object: Marked, owner: Owner, role: Role): boolean =>
  isManaged(object) && roleOf(object) === role && agentOf(object) === owner.metadata.name

/** Whether an object is marked as version 0.1.0 did: with one label, and no role. */
const isOf010 = (object: Marked): boolean => isManaged(object) && roleOf(object) === undefined

const foreign = (whose: string, todo?: string): Ownership => ({ is: 'foreign', whose, ...(todo && { todo }) })

const ours = (object: Marked, marked: boolean): Ownership => {
  if (marked) return { is: 'mine' }
  return { is: isOf010(object) ? 'upgrade' : 'restore' }
}

/**
 * Decides whether a published object belongs to its Agent.
 * @param about.isShared whether another spec in the namespace names the object.
 */
export function ownershipOfPublished(
  object: Marked,
  owner: Owner,
  about: { role: PublishedRole; isShared: () => boolean },
): Ownership {
  const controller = controllerOf(object)
  if (isReservedName(object.metadata.name)) {
    const linked = controller ? `, and ${adviceOn(controller)}` : ''
    return foreign('has a name that is reserved for grants and keys', `publish under another name${linked}`)
  }
  if (controller && controller.uid !== owner.metadata.uid) return foreign(belongsTo(controller))
  return controller ? ours(object, isMarked(object, owner, about.role)) : uncontrolled(object, owner, about)
}

/** Without the owner reference an object would outlive its Agent, so it has to be restored. */
function uncontrolled(
  object: Marked,
  owner: Owner,
  about: { role: PublishedRole; isShared: () => boolean },
): Ownership {
  if (roleOf(object) === about.role && agentOf(object) === owner.metadata.name) return { is: 'restore' }
  const isUnclaimed = isOf010(object) && agentOf(object) === undefined && !about.isShared()
  return isUnclaimed ? { is: 'upgrade' } : foreign(claimOn(object))
}

/** The content of a grant Secret of version 0.1.0, as far as it identifies the Agent. */
interface HeldGrant {
  refreshToken: boolean
  /** Whether its `account` is missing or is the Agent's. */
  accountFits: boolean
}

/**
 * Decides whether the Secret with the name of an Agent's grant belongs to that Agent.
 * @param held returns its content, which only a Secret of 0.1.0 is judged by; undefined if it has not been read: then its metadata decides.
 */
export function ownershipOfGrant(object: Marked, owner: Owner, held?: () => HeldGrant): Ownership {
  const controller = controllerOf(object)
  if (controller) return foreign(`${belongsTo(controller)}, as a grant never does,`, adviceOn(controller))
  const agent = agentOf(object)
  if (agent !== undefined && agent !== owner.metadata.name) return foreign(claimOn(object))
  if (isOurs(object) && roleOf(object) === 'grant') return ours(object, isMarked(object, owner, 'grant'))
  return isOf010(object) ? grantOf010(held?.()) : foreign(claimOn(object))
}

function grantOf010(held: HeldGrant | undefined): Ownership {
  if (held && !held.refreshToken) return foreign('holds no refresh_token, as every grant does')
  if (held && !held.accountFits) return foreign('holds the grant of another account than spec.account')
  return { is: 'upgrade' }
}

/** Whether an object is marked as created by the operator, for any Agent. */
export const isOurs = (object: Marked): boolean =>
  isManaged(object) || (agentOf(object) !== undefined && ROLES.includes(roleOf(object) ?? ''))

const ROLES: readonly string[] = ['grant', 'calendar', 'access-token', 'keys'] satisfies Role[]

const belongsTo = ({ kind, name }: OwnerReference): string => `belongs to ${kind} ${name}`

const adviceOn = ({ kind, name }: OwnerReference): string =>
  `remove its owner reference to ${kind} ${name} before ${kind} ${name} is deleted, because Kubernetes deletes it too then`

/** Who owns a foreign object, according to its marks. */
function claimOn(object: Marked): string {
  const agent = agentOf(object)
  if (isManaged(object) && agent !== undefined) return `belongs to Agent ${agent}`
  return isManaged(object) ? 'is the operator’s, but nothing says for which Agent' : 'was made by somebody else'
}

/** The marks of an object of this Agent, for a new object or a patch. */
export const marksOf = (
  owner: Owner,
  role: Role,
): { labels: Record<string, string>; annotations: Record<string, string> } => ({
  labels: labelsOf(role),
  annotations: { [AGENT_ANNOTATION]: owner.metadata.name },
})

/** Adds the Agent as the controller to the owner references of others. */
export function withController(references: readonly OwnerReference[] | undefined, owner: Owner): OwnerReference[] {
  const { name, uid = '' } = owner.metadata
  const own = { apiVersion: GROUP_VERSION, kind: 'Agent', name, uid, controller: true }
  return [...(references ?? []).filter((reference) => reference.uid !== uid), own]
}
