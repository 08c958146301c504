/** What is read for a visit, where many come at once. The cluster here has one of everything. */
import { expect, test } from 'vitest'
import type { WebDeps } from '../../src/web/port.ts'
import { Visits } from '../../src/web/visit.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'

const agent = anAgent({ grantSecretRef: undefined })
const file = { client_id: '1-a.apps.googleusercontent.com', client_secret: 'secret' }
const data = Object.fromEntries(Object.entries(file).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))

const clock = new ManualClock()

function visits(answers: (() => Promise<unknown>)[]) {
  let reads = 0
  const metadata = { name: 'google-oauth-client', namespace: 'booking', uid: 'u', resourceVersion: '1' }
  const cluster = {
    agents: { by: () => [agent] },
    integrations: { get: () => anIntegration() },
    secrets: { get: () => ({ metadata }) },
    readSecret: () => answers[reads++]?.(),
  }
  const google = { client: (one: unknown) => one }
  const room = new Visits({ cluster, google, clock } as unknown as WebDeps)
  return { come: () => room.of(agent.metadata.uid ?? ''), reads: () => reads }
}

const found = () => Promise.resolve({ data })

test('the client is read once, however many come at once', async () => {
  const { come, reads } = visits([found])
  const all = await Promise.all(Array.from({ length: 50 }, come))
  expect(reads()).toBe(1)
  expect(all.every((visit) => visit?.client !== undefined)).toBe(true)
})

test('a reading that fails is tried again by who comes next', async () => {
  const { come, reads } = visits([() => Promise.reject(new Error('away')), found])
  await expect(Promise.all([come(), come()])).rejects.toThrow('away')
  expect((await come())?.client).toBeDefined()
  expect(reads()).toBe(2)
})

test('a Secret that can’t be read is not asked for with every page', async () => {
  const { come, reads } = visits(Array.from({ length: 100 }, () => () => Promise.reject(new Error('away'))))
  for (let turn = 0; turn < 50; turn++) await expect(come()).rejects.toThrow()
  expect(reads()).toBe(10)
  clock.jump(1_000)
  for (let turn = 0; turn < 50; turn++) await expect(come()).rejects.toThrow()
  expect(reads()).toBe(11)
})
