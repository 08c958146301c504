/**
 * Checks that need several objects: two objects that write the same Secret or ConfigMap, and references to missing objects. All
 * objects without a namespace are treated as belonging to one namespace, as with `kubectl apply -n`.
 */
import { grantSecretName } from '../resources/names.ts'
import type { Path } from '../resources/problems.ts'
import type { Agent, CustomKind, CustomObject, CustomObjects } from '../resources/types.ts'
import type { Manifest, Remark } from './documents.ts'

/** A manifest of one of the operator's kinds. */
export interface ValidatedManifest {
  manifest: Manifest
  kind: string
  /** Empty if the manifest does not set it. */
  namespace: string
  name: string
  /** The object with its defaults; undefined if it is not valid. */
  object: CustomObject | undefined
}

type ValidManifest = ValidatedManifest & { object: CustomObject }

/** An object's reference to a Secret or ConfigMap, to read or to write it. */
interface ObjectReference {
  by: ValidatedManifest
  at: Path
  /** `namespace/Kind/name`. */
  target: string
  what: string
  writes: boolean
}

/** Runs these checks, and returns what they found. */
export function crossObjectRemarks(all: readonly ValidatedManifest[]): Remark[] {
  const valid = all.filter((one): one is ValidManifest => one.object !== undefined)
  return [...duplicates(valid), ...writeConflicts(valid), ...valid.flatMap((one) => missingReferences(one, all))]
}

const remark = (one: ValidatedManifest, at: Path, level: Remark['level'], text: string): Remark => ({
  file: one.manifest.file,
  line: one.manifest.lineOf(at),
  level,
  text: at.length === 0 ? text : `${at.join('.')}: ${text}`,
})

const identity = ({ kind, namespace, name }: ValidatedManifest): string => `${kind} ${namespace}/${name}`
const title = ({ kind, namespace, name }: ValidatedManifest): string =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
const location = (one: ValidatedManifest): string => `${one.manifest.file}:${one.manifest.lineOf([])}`

function duplicates(all: ValidManifest[]): Remark[] {
  return all.flatMap((one, index) => {
    const first = all.slice(0, index).find((other) => identity(other) === identity(one))
    const text = `${title(one)} is already defined (${first ? location(first) : ''}); the later one wins`
    return first && one.name !== '' ? [remark(one, [], 'note', text)] : []
  })
}

function writeConflicts(all: ValidManifest[]): Remark[] {
  const seen: ObjectReference[] = []
  return all.flatMap((one) => {
    const uses = referencesOf(one)
    const found = uses.flatMap((use) => {
      const other = seen.find((earlier) => conflict(earlier, use))
      return other ? [conflictRemark(use, other)] : []
    })
    seen.push(...uses)
    return found
  })
}

const conflict = (one: ObjectReference, other: ObjectReference): boolean =>
  one.target === other.target && (one.writes || other.writes) && identity(one.by) !== identity(other.by)

function conflictRemark(use: ObjectReference, other: ObjectReference): Remark {
  const name = use.target.split('/').slice(1).join(' ')
  const text = `${name} is also ${other.what} of ${title(other.by)} (${location(other.by)}); give each a name of its own`
  return remark(use.by, use.at, 'problem', text)
}

function referencesOf(one: ValidManifest): ObjectReference[] {
  const uses = USES[one.object.kind] as (object: CustomObject) => ObjectUse[]
  return uses(one.object).flatMap(({ kind = 'Secret', name, ...rest }) =>
    name ? [{ by: one, target: `${one.namespace}/${kind}/${name}`, ...rest }] : [],
  )
}

interface ObjectUse extends Pick<ObjectReference, 'at' | 'what' | 'writes'> {
  /** `Secret` by default. */
  kind?: string
  name: string | undefined
}

/** The Secrets and ConfigMaps that an object of each kind uses. */
const USES: { [K in CustomKind]: (object: CustomObjects[K]) => ObjectUse[] } = {
  CalendarIntegration: ({ spec: { google } }) => [
    {
      name: google.clientSecretRef.name,
      at: ['spec', 'google', 'clientSecretRef', 'name'],
      what: 'the client Secret',
      writes: false,
    },
  ],
  Agent: (agent) => {
    const { calendar, accessToken } = agent.spec.publish
    return [
      // A generated name is not known here.
      {
        name: agent.metadata.name ? grantSecretName(agent) : undefined,
        at: ['metadata', 'name'],
        what: 'the grant Secret',
        writes: true,
      },
      {
        kind: calendar?.kind,
        name: calendar?.name,
        at: ['spec', 'publish', 'calendar', 'name'],
        what: 'the published calendar',
        writes: true,
      },
      {
        name: accessToken?.name,
        at: ['spec', 'publish', 'accessToken', 'name'],
        what: 'the access token Secret',
        writes: true,
      },
      {
        name: agent.spec.grantSecretRef?.name,
        at: ['spec', 'grantSecretRef', 'name'],
        what: 'the supplied grant',
        writes: false,
      },
    ]
  },
  Booking: () => [],
}

/** Remarks on an Agent that publishes nothing, or whose integration is missing or does not serve it. */
function missingReferences(one: ValidManifest, all: readonly ValidatedManifest[]): Remark[] {
  if (one.object.kind !== 'Agent') return []
  const { publish } = one.object.spec
  const publishesNothing = !publish.calendar && !publish.accessToken
  const nothing = 'nothing is published; name a calendar or an accessToken, unless the connection alone is wanted'
  return [
    ...integrationRemarks(one, one.object, all),
    ...(publishesNothing ? [remark(one, ['spec', 'publish'], 'note', nothing)] : []),
  ]
}

function integrationRemarks(one: ValidatedManifest, agent: Agent, all: readonly ValidatedManifest[]): Remark[] {
  const { name, namespace } = agent.spec.integrationRef
  const home = namespace ?? one.namespace
  const at = ['spec', 'integrationRef']
  const integration = all.find(
    (other) => other.kind === 'CalendarIntegration' && other.name === name && other.namespace === home,
  )
  if (!integration) {
    const text = `CalendarIntegration ${home === '' ? '' : `${home}/`}${name} is not in these files; it has to be in the cluster`
    return [remark(one, at, 'note', text)]
  }
  if (!integration.object) return []
  return serves(integration.object, one.namespace, home)
    ? []
    : [remark(one, at, 'problem', notAllowedText(integration, one))]
}

/** A selector needs the labels of namespaces, which are not known here. */
const serves = (integration: CustomObject, namespace: string, home: string): boolean =>
  integration.kind !== 'CalendarIntegration' ||
  namespace === home ||
  namespace === '' ||
  integration.spec.allowedNamespaces.from !== 'Same'

const notAllowedText = (integration: ValidatedManifest, one: ValidatedManifest): string =>
  `${title(integration)} serves its own namespace only; set its spec.allowedNamespaces.from to All or Selector, or move ${title(one)}`
