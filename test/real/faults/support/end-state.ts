/** The final state of a namespace, without what differs from run to run: versions, uids, times, tokens. */
import { expect } from 'vitest'
import type { Agent } from '../../../../src/resources/types.ts'
import type { Body } from '../../../contract/client.ts'
import { busyIn, type NamespaceFixture } from './namespace-fixture.ts'
import { until } from './until.ts'

type State = Record<string, unknown>

/** Waits until a namespace is in this state. What failed meanwhile is retried after pauses. Returns the state. */
export const untilEndState = (fixture: NamespaceFixture, expected: State): Promise<State> =>
  until(`${fixture.namespace} ends like the others`, async () => {
    const found = await endState(fixture)
    expect(found).toEqual(expected)
    return found
  })

/** Describes each object, by `Kind/name`, so that a failing test can show it. */
export async function endState(fixture: NamespaceFixture): Promise<State> {
  const state: State = {}
  for (const agent of (await fixture.list('Agent')) as unknown as Agent[]) {
    state[`Agent/${agent.metadata.name}`] = agentState(agent)
  }
  for (const configMap of await fixture.list('ConfigMap')) {
    const owners = (configMap.metadata.ownerReferences ?? []) as { kind: string; name: string }[]
    state[`ConfigMap/${configMap.metadata.name}`] = {
      keys: Object.keys(configMap.data ?? {}).sort(),
      busy: busyIn(configMap),
      labels: configMap.metadata.labels,
      owners: owners.map(({ kind, name }) => `${kind}/${name}`),
    }
  }
  for (const secret of await fixture.list('Secret')) {
    state[`Secret/${secret.metadata.name}`] = {
      keys: Object.keys(secret.data ?? {}).sort(),
      use: await use(fixture, secret),
    }
  }
  return state
}

const agentState = ({ metadata, status }: Agent) => ({
  conditions: (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason}`).sort(),
  upToDate: status?.observedGeneration === metadata.generation,
  busyIntervals: status?.sync?.busyIntervals,
  calendars: status?.sync?.calendars?.map(({ events, error }) => ({ events, error })),
  finalizers: metadata.finalizers,
})

/** Whether the refresh token of a stored grant is still valid at Google. */
async function use(fixture: NamespaceFixture, { metadata, data }: Body): Promise<string | undefined> {
  if (!metadata.name.endsWith('-google-grant')) return undefined
  return fixture.tryRefresh(Buffer.from(data?.refresh_token ?? '', 'base64').toString())
}
