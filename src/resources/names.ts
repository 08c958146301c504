/**
 * Every name that stands in a cluster because of us: API group, labels, annotations, finalizers, derived names.
 */
import type { ObjectMeta } from './types.ts'

export const API_GROUP = 'calendar-operator.io'
export const API_VERSION = 'v1alpha1'
/** What our objects carry as `apiVersion`. */
export const GROUP_VERSION = `${API_GROUP}/${API_VERSION}`

/** The labels of what the operator itself creates. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'calendar-operator' }
/** The same, as a label selector. */
export const MANAGED_BY_SELECTOR = 'app.kubernetes.io/managed-by=calendar-operator'

/** What an object of ours is for: the value of its `app.kubernetes.io/component` label. */
export type Role = 'grant' | 'calendar' | 'access-token' | 'keys'
/** The label that holds an object's role. */
export const ROLE_LABEL = 'app.kubernetes.io/component'
/** The labels of an object of ours that has this role. */
export const labelsOf = (role: Role): Record<string, string> => ({ ...MANAGED_BY, [ROLE_LABEL]: role })
/** On grants and published objects: the name of the Agent that they belong to. */
export const AGENT_ANNOTATION = `${API_GROUP}/agent`

/** The Secret, in the operator's namespace, that holds the keys of links, states and channels. */
export const KEYS_SECRET = 'calendar-operator-keys'

/** Revokes an Agent's grant at Google before the Agent goes. */
export const REVOKE_FINALIZER = `${API_GROUP}/revoke`

/** On an Agent or a CalendarIntegration: reconcile now, whatever the backoff says, once for every new value. */
export const REQUESTED_AT = `${API_GROUP}/requestedAt`
/** Flux's annotation of the same meaning. */
export const FLUX_REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt'

/** On a grant Secret: the hash of the supplied refresh token that the grant began with. */
export const SUPPLIED_TOKEN_HASH = `${API_GROUP}/brought-token-hash`
/** On a grant Secret: `true` where `granted_at` is when the token was first seen, not when it was given. */
export const CONSENT_IS_GUESS = `${API_GROUP}/consent-is-guess`

/** On a grant Secret: `true` while nobody knows whether the grant is of the right account and reaches far enough. */
export const NOT_YET_CHECKED = `${API_GROUP}/not-yet-checked`

/** On a grant Secret: which sign-in it came of, so that no replica takes that one again. */
export const SIGNED_IN_BY = `${API_GROUP}/signed-in-by`

/** The reason of Events about a sign-in that came to nothing. */
export const SIGN_IN_FAILED = 'SignInFailed'

const GRANT_SECRET_SUFFIX = '-google-grant'

/** The Secret, in the Agent's namespace, in which the operator keeps the Agent's grant. */
export const grantSecretName = (agent: { metadata: { name: string } }): string =>
  `${agent.metadata.name}${GRANT_SECRET_SUFFIX}`

/** Whether a name is kept for grants or keys, and so can never be that of a published object. */
export const isReservedName = (name: string): boolean => name.endsWith(GRANT_SECRET_SUFFIX) || name === KEYS_SECRET

/** The pages of signing in live under this path on the site's own host, unless `--web-path-prefix` says another. */
export const SIGN_IN_PREFIX = '/google-calendar'

/** @param siteURI an origin, as `spec.google.siteURI` says it: without a slash at its end. */
export const redirectURIOf = (siteURI: string, prefix = SIGN_IN_PREFIX): string => `${siteURI}${prefix}/callback`

/** Where a person signs in. @param tag unguessable, and safe in a path as it is. */
export const signInURLOf = (siteURI: string, tag: string, prefix = SIGN_IN_PREFIX): string =>
  `${siteURI}${prefix}/sign-in/${tag}`

/** Whether an object carries the label of what the operator creates. */
export const isManaged = (object: { metadata: Pick<ObjectMeta, 'labels'> }): boolean =>
  Object.entries(MANAGED_BY).every(([label, value]) => object.metadata.labels?.[label] === value)
