/** Every name that the operator uses in a cluster: API group, labels, annotations, finalizers, and derived names. Pure. */
import type { ObjectMeta } from './types.ts'

/** The API group of the operator's kinds. */
export const API_GROUP = 'calendar-operator.io'
/** The version of the operator's API. */
export const API_VERSION = 'v1alpha1'
/** The `apiVersion` of the operator's kinds. */
export const GROUP_VERSION = `${API_GROUP}/${API_VERSION}`

const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by'
const MANAGER = 'calendar-operator'

/** The labels of objects that the operator creates. */
export const MANAGED_BY = { [MANAGED_BY_LABEL]: MANAGER }
/** The same, as a label selector. */
export const MANAGED_BY_SELECTOR = `${MANAGED_BY_LABEL}=${MANAGER}`

/** The purpose of an object that the operator creates: the value of its `app.kubernetes.io/component` label. */
export type Role = 'grant' | 'calendar' | 'access-token' | 'keys'
/** The label that contains an object's role. */
export const ROLE_LABEL = 'app.kubernetes.io/component'
/** The labels of an object that the operator creates with this role. */
export const labelsOf = (role: Role): Record<string, string> => ({ ...MANAGED_BY, [ROLE_LABEL]: role })
/** On grants and published objects: the name of the Agent that they belong to. */
export const AGENT_ANNOTATION = `${API_GROUP}/agent`

/** The Secret, in the operator's namespace, that contains the keys of links, states and channels. */
export const KEYS_SECRET = 'calendar-operator-keys'

/** The finalizer that delays the deletion of an Agent until its grant is revoked at Google. */
export const REVOKE_FINALIZER = `${API_GROUP}/revoke`

/** The finalizer that delays the deletion of a Booking until its event is deleted at Google. */
export const EVENT_FINALIZER = `${API_GROUP}/event`

/** The annotation, on an Agent or a CalendarIntegration, that requests a reconcile whatever the backoff, once for every new value. */
export const REQUESTED_AT = `${API_GROUP}/requestedAt`
/** Flux's annotation with the same meaning. */
export const FLUX_REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt'

/** On an Agent: Google's notifications that another replica than the owner received, sealed. */
export const NOTIFIED = `${API_GROUP}/notified`

/** On a grant Secret: the hash of the supplied refresh token that the grant began with. */
export const SUPPLIED_TOKEN_HASH = `${API_GROUP}/brought-token-hash`
/** On a grant Secret: the supplied Secret that was read last, as `uid/resourceVersion`, if nothing in it had to be corrected. */
export const SUPPLIED_VERSION = `${API_GROUP}/supplied-version`
/** On a grant Secret: `true` if `granted_at` is when the token was first seen, not when consent was given. */
export const CONSENT_IS_GUESS = `${API_GROUP}/consent-is-guess`

/** On a grant Secret: `true` until the account and the scopes of the grant have been checked. */
export const NOT_YET_CHECKED = `${API_GROUP}/not-yet-checked`

/** On a grant Secret: the sign-in that it comes from, so that no replica completes that sign-in again. */
export const SIGNED_IN_BY = `${API_GROUP}/signed-in-by`

/** The reason of Events about failed sign-ins. */
export const SIGN_IN_FAILED = 'SignInFailed'

const GRANT_SECRET_SUFFIX = '-google-grant'

/** The name of the Secret, in the Agent's namespace, in which the operator stores the Agent's grant. */
export const grantSecretName = (agent: { metadata: { name: string } }): string =>
  `${agent.metadata.name}${GRANT_SECRET_SUFFIX}`

/** Whether a name is reserved for grants or keys, so that no published object can have it. */
export const isReservedName = (name: string): boolean => name.endsWith(GRANT_SECRET_SUFFIX) || name === KEYS_SECRET

/** The path of the sign-in pages on a site's host, unless `--web-path-prefix` sets another one. */
export const SIGN_IN_PREFIX = '/google-calendar'

/** The redirect URI of a site. @param siteURI an origin without a trailing slash, as in `spec.google.siteURI`. */
export const redirectURIOf = (siteURI: string, prefix = SIGN_IN_PREFIX): string => `${siteURI}${prefix}/callback`

/** The path of Google's notifications under the path of the pages. */
export const NOTIFICATIONS_PATH = '/notifications'

/** The URL of an Agent's sign-in page. @param tag unguessable, and safe in a path. */
export const signInURLOf = (siteURI: string, tag: string, prefix = SIGN_IN_PREFIX): string =>
  `${siteURI}${prefix}/sign-in/${tag}`

/** Whether an object has the label of objects that the operator creates. */
export const isManaged = ({ metadata: { labels } }: { metadata: Pick<ObjectMeta, 'labels'> }): boolean =>
  labels?.[MANAGED_BY_LABEL] === MANAGER
