/**
 * Checks that need several objects: two objects that write the same Secret or ConfigMap, and references to missing or unsuitable objects. All
 * objects without a namespace are treated as belonging to one namespace, as with `kubectl apply -n`.
 */
import { grantSecretName } from '../resources/names.ts'
import type { Path } from '../resources/problems.ts'
import type { Agent, CustomKind, CustomObject, CustomObjects } from '../resources/types.ts'
import { bookingRemarks, sharedWriterRemarks, writeScopeRemarks } from './booking-checks.ts'
import type { Remark } from './documents.ts'
import { identity, location, remark, title, type ValidatedManifest, type ValidManifest } from './manifest-remarks.ts'

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
  const last = lastDefinitions(all)
  return [
    ...duplicates(valid),
    ...writeConflicts(valid),
    ...valid.flatMap((one, index) =>
      remarksOnOne(
        one,
        [...last],
        valid.slice(0, index).filter((earlier) => last.has(earlier)),
      ),
    ),
  ]
}

/** Of objects that are defined more than once, only the last definition, because `kubectl apply` leaves that one in the cluster. */
function lastDefinitions(all: readonly ValidatedManifest[]): ReadonlySet<ValidatedManifest> {
  const last = new Map(all.map((one) => [identity(one), one]))
  return new Set(all.filter((one) => one.name === '' || last.get(identity(one)) === one))
}

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

function remarksOnOne(
  one: ValidManifest,
  all: readonly ValidatedManifest[],
  earlier: readonly ValidManifest[],
): Remark[] {
  const { object } = one
  if (object.kind === 'Booking') return bookingRemarks(one, object, all)
  return object.kind === 'Agent'
    ? [...agentRemarks(one, object, all), ...sharedWriterRemarks(one, object, earlier)]
    : []
}

/** Remarks on an Agent of which nothing comes, or whose integration is missing or does not serve it. */
function agentRemarks(one: ValidManifest, agent: Agent, all: readonly ValidatedManifest[]): Remark[] {
  const { publish, calendars } = agent.spec
  const publishesNothing = !publish.calendar && !publish.accessToken && calendars.write === undefined
  const nothing = 'nothing is published; name a calendar or an accessToken, unless the connection alone is wanted'
  return [
    ...integrationRemarks(one, agent, all),
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
  return [
    ...(serves(integration.object, one.namespace, home)
      ? []
      : [remark(one, at, 'problem', notAllowedText(integration, one))]),
    ...writeScopeRemarks(one, agent, integration),
  ]
}

/** A selector needs the labels of namespaces, which are not known here. */
const serves = (integration: CustomObject, namespace: string, home: string): boolean =>
  integration.kind !== 'CalendarIntegration' ||
  namespace === home ||
  namespace === '' ||
  integration.spec.allowedNamespaces.from !== 'Same'

const notAllowedText = (integration: ValidatedManifest, one: ValidatedManifest): string =>
  `${title(integration)} serves its own namespace only; set its spec.allowedNamespaces.from to All or Selector, or move ${title(one)}`
