/** RBAC as the API server applies it: the rights that roles grant, and whether a right covers a request. Pure. */

export interface Rule {
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  verbs: string[]
}

/** A Role or ClusterRole of deploy/. */
export interface Role {
  kind: 'Role' | 'ClusterRole'
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  rules: Rule[]
}

/** One verb on one resource, on one name or on all of them. */
export interface Right {
  role: string
  /** The namespace where it applies; undefined means everywhere. */
  namespace: string | undefined
  group: string
  /** The resource with its subresource: `agents/status`. */
  resource: string
  name: string | undefined
  verb: string
}

/** One request of the audit log. */
export interface Asked extends Omit<Right, 'role' | 'name'> {
  name: string | undefined
  forbidden: boolean
}

const WILDCARD = '*'

/** @param namespace the namespace of the role's binding, if there is one. @throws Error on a wildcard, which cannot be compared. */
export function rightsOf({ metadata, rules }: Role, namespace: string | undefined): Right[] {
  const role = metadata.name
  return rules.flatMap(({ apiGroups = [], resources = [], resourceNames = [undefined], verbs }) => {
    if ([...apiGroups, ...resources, ...verbs].includes(WILDCARD)) throw new Error(`${role} has a wildcard`)
    return apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => ({ role, namespace, group, resource, name, verb }))),
      ),
    )
  })
}

export const covers = (right: Right, asked: Asked): boolean =>
  right.group === asked.group &&
  right.resource === asked.resource &&
  right.verb === asked.verb &&
  (right.namespace === undefined || right.namespace === asked.namespace) &&
  (right.name === undefined || right.name === asked.name)

/** The right in words: `get secrets "calendar-operator-keys"`, `patch agents/status.calendar-operator.io`. */
export function words({ verb, resource, group, name }: Omit<Right, 'role' | 'namespace'>): string {
  const [plural = '', subresource] = resource.split('/')
  const full = `${plural}${group && `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
  return `${verb} ${full}${name === undefined ? '' : ` ${JSON.stringify(name)}`}`
}

/** The rights that no request needed. */
export const unused = (rights: readonly Right[], asked: readonly Asked[]): string[] =>
  rights
    .filter((right) => !asked.some((one) => !one.forbidden && covers(right, one)))
    .map((right) => `${right.role}: ${words(right)}`)

/** The refused requests, each kind once, as the right that would allow it. */
export function missing(asked: readonly Asked[]): string[] {
  const rules = asked.filter(({ forbidden }) => forbidden).map(asRule)
  return [...new Set(rules)]
}

function asRule({ group, resource, verb, namespace }: Asked): string {
  const rule = { apiGroups: [group], resources: [resource], verbs: [verb] }
  return `${JSON.stringify(rule)} ${namespace === undefined ? 'for all namespaces' : 'in a namespace'}`
}
