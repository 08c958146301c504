import { beforeEach, describe, expect, test } from 'vitest'
import { afterFirstLook } from '../../src/clients/first-look.ts'
import { createIntegrationRegistry } from '../../src/clients/integration-registry.ts'
import type { IntegrationEntry, IntegrationRegistry } from '../../src/clients/port.ts'
import { keyOf, type Cluster } from '../../src/kubernetes/port.ts'
import type { CalendarIntegration } from '../../src/resources/types.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { anIntegration } from '../support/resources.ts'

let clock: ManualClock
let registry: IntegrationRegistry

beforeEach(() => {
  clock = new ManualClock()
  registry = createIntegrationRegistry(clock)
})

const named = (name: string): CalendarIntegration => {
  const integration = anIntegration()
  return { ...integration, metadata: { ...integration.metadata, name } }
}

/** Returns whether Agents may be reconciled. */
function startWith(...integrations: CalendarIntegration[]): () => Promise<boolean> {
  let isOver = false
  const cluster = { integrations: { list: () => integrations } } as unknown as Cluster
  void afterFirstLook({ cluster, integrations: registry, clock }).then(() => (isOver = true))
  return async () => {
    await settle()
    return isOver
  }
}

const lookAt = (integration: CalendarIntegration): void =>
  registry.put(keyOf(integration), { ready: true } as IntegrationEntry)

describe('Agents are reconciled', () => {
  test('once every integration has been', async () => {
    const [one, other] = [named('one'), named('other')]
    const mayBegin = startWith(one, other)
    lookAt(one)
    expect(await mayBegin()).toBe(false)
    lookAt(other)
    expect(await mayBegin()).toBe(true)
    expect(clock.pending).toEqual([])
  })

  test('after a second, even if an integration has not been', async () => {
    const mayBegin = startWith(named('one'))
    await clock.advance(999)
    expect(await mayBegin()).toBe(false)
    await clock.advance(1)
    expect(await mayBegin()).toBe(true)
  })

  test('at once if there is no integration, or all are known', async () => {
    expect(await startWith()()).toBe(true)
    lookAt(named('one'))
    expect(await startWith(named('one'))()).toBe(true)
  })

  test('without waiting for an integration that no Agent can use', async () => {
    const [suspended, deleted] = [named('suspended'), named('deleted')]
    suspended.spec = { ...suspended.spec, suspend: true }
    deleted.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    expect(await startWith(suspended, deleted)()).toBe(true)
  })
})
