/** Whether a store is up to date: `/readyz` and the metrics say so. */
import { expect, it } from 'vitest'
import { ApiHealth } from '../../src/kubernetes/api-health.ts'
import { stripped } from '../../src/kubernetes/kinds.ts'
import type { KubernetesObject } from '../../src/kubernetes/port.ts'
import { createReflector } from '../../src/kubernetes/reflector.ts'
import { createRequest } from '../../src/kubernetes/request.ts'
import { WatchStore } from '../../src/kubernetes/store.ts'
import { ManualClock } from '../support/clock.ts'
import { ScriptedApi } from './support/api.ts'
import { LogBook, until } from './support/wait.ts'

it('a store is fresh for a minute after the last watch was accepted, and no longer', async () => {
  const clock = new ManualClock()
  const log = new LogBook()
  const api = await ScriptedApi.start((request, reply) => {
    if (request.query.get('watch') === 'true') reply.begin()
    else reply.json({ kind: 'List', metadata: { resourceVersion: '3' }, items: [] })
  })
  const shared = { clock, random: () => 0.5, log }
  const deps = { ...shared, connection: api.connect(clock), health: new ApiHealth(shared) }
  const reflector = createReflector(
    { ...deps, send: createRequest(deps) },
    {
      kind: { apiVersion: 'v1', kind: 'ConfigMap', metadataOnly: false },
      path: '/api/v1/configmaps',
      store: new WatchStore<KubernetesObject>({ strip: stripped, onError: () => undefined }),
      scope: () => true,
    },
  )
  expect(reflector.isFresh).toBe(false)
  const running = reflector.run()
  await until('it is fresh', () => reflector.isFresh)
  await api.kill()
  await clock.advance(59_999)
  expect(reflector.isFresh).toBe(true)
  await clock.advance(1)
  expect(reflector.isFresh).toBe(false)
  reflector.stop()
  await running
})
