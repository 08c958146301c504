import { beforeEach, describe, expect, test } from 'vitest'
import type { AgentDeps } from '../../src/agent/port.ts'
import { isStepFailure } from '../../src/failures/step-failure.ts'
import { readOwned } from '../../src/publishing/owned-object.ts'
import type { Target } from '../../src/publishing/ownership.ts'
import type { PublishedObject } from '../../src/publishing/published-object.ts'
import { MANAGED_BY } from '../../src/resources/names.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

const calendar = { kind: 'ConfigMap', name: 'shared', detail: 'Busy', formats: ['JSON'] } as const
const names = (what: object) => ({ publish: { staleAfter: '15m', whenStale: 'KeepLast', ...what } }) as const
const secretTarget: Target = { kind: 'Secret', name: 'shared', role: 'access-token', keys: ['access_token'] }
const mapTarget: Target = { kind: 'ConfigMap', name: 'shared', role: 'calendar', keys: ['busy.json'] }
const alice = anAgent(names({ calendar, accessToken: { name: 'shared' } }))

let small: SmallCluster
let deps: AgentDeps

beforeEach(() => {
  small = new SmallCluster()
  small.agents = [alice]
  deps = { cluster: small.cluster, clock: new ManualClock() } as unknown as AgentDeps
})

const read = (target: Target, known?: PublishedObject) => readOwned(deps, alice, target, known)
const isLeftAlone = async (target: Target): Promise<boolean> => isStepFailure(await read(target))
const ofVersion010 = { labels: MANAGED_BY }

describe('an object that nothing marks as an Agent’s', () => {
  beforeEach(() => {
    small.secret('shared', { access_token: 'x' }, ofVersion010)
    small.configMap('shared', { 'busy.json': 'x' }, ofVersion010)
  })

  test('is adopted by the only Agent that names it', async () => {
    expect([await isLeftAlone(secretTarget), await isLeftAlone(mapTarget)]).toEqual([false, false])
  })

  test('is left alone if another Agent names a Secret like that', async () => {
    small.agents = [alice, anAgent(names({ accessToken: { name: 'shared' } }), 'bob')]
    expect(await isLeftAlone(secretTarget)).toBe(true)
  })

  test('is left alone if another Agent names a ConfigMap like that', async () => {
    small.agents = [alice, anAgent(names({ calendar }), 'bob')]
    expect(await isLeftAlone(mapTarget)).toBe(true)
  })

  test('is left alone if an integration has its client in a Secret of that name', async () => {
    const integration = anIntegration()
    const google = { ...integration.spec.google, clientSecretRef: { name: 'shared' } }
    small.integrations = [{ ...integration, spec: { ...integration.spec, google } }]
    expect([await isLeftAlone(secretTarget), await isLeftAlone(mapTarget)]).toEqual([true, false])
  })
})

describe('an object whose version is known', () => {
  const published = async (): Promise<PublishedObject> => {
    const marks = { ...marksOf(alice, 'access-token'), ownerReferences: withController([], alice) }
    small.secret('shared', { access_token: 'x' }, marks)
    return (await read(secretTarget)) as PublishedObject
  }

  test('is not read again', async () => {
    const known = await published()
    expect(await read(secretTarget, known)).toBe(known)
  })

  test('is read again once another name is meant', async () => {
    const known = { ...(await published()), name: 'former' }
    expect(await read(secretTarget, known)).toMatchObject({ name: 'shared' })
  })
})
