/**
 * The consent of people who signed in on a page of version 0.1.0. That page named the detail and the access token, but the consent
 * was not recorded. It is inferred from what is published in the cluster.
 */
import type { KubernetesObject } from '../kubernetes/port.ts'
import { consentOf, type Consent } from '../resources/consent.ts'
import { isReservedName } from '../resources/names.ts'
import { controllerOf, isOurs } from '../resources/ownership.ts'
import type { Agent } from '../resources/types.ts'
import type { GrantCluster } from './port.ts'

/**
 * Infers the consent from the Secrets that the Agent publishes.
 * @throws ApiError
 */
export async function consentOf010(cluster: GrantCluster, agent: Agent): Promise<Consent> {
  const keys = new Set<string>()
  for (const { metadata } of publishedSecrets(cluster, agent)) {
    const secret = await cluster.readSecret(metadata.namespace ?? '', metadata.name)
    for (const key of Object.keys(secret?.data ?? {})) keys.add(key)
  }
  const { calendars } = consentOf(agent.spec)
  const detail = [...keys].some((key) => key.startsWith('events.')) ? 'Full' : 'Busy'
  return { detail, accessToken: keys.has('access_token'), write: false, calendars }
}

/** Full detail and access tokens are published in Secrets only. */
function publishedSecrets(cluster: GrantCluster, agent: Agent): KubernetesObject[] {
  const { namespace = '', uid = '' } = agent.metadata
  const { calendar, accessToken } = agent.spec.publish
  const named = [calendar?.kind === 'Secret' ? calendar.name : undefined, accessToken?.name].flatMap((name) => {
    const secret = name === undefined ? undefined : cluster.secrets.get(`${namespace}/${name}`)
    const mayBeOurs = secret && !controllerOf(secret) && isOnlyNamedBy(cluster, agent, `${namespace}/${name ?? ''}`)
    return secret && mayBeOurs ? [secret] : []
  })
  const candidates = [...cluster.secrets.byIndex('controller', `${namespace}/${uid}`), ...named]
  return candidates.filter((secret) => isOurs(secret) && !isReservedName(secret.metadata.name))
}

const isOnlyNamedBy = ({ agents }: GrantCluster, agent: Agent, key: string): boolean =>
  agents.byIndex('secret', key).every(({ metadata }) => metadata.uid === agent.metadata.uid)
