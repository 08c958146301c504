import { beforeEach, describe, expect, it } from 'vitest'
import { withLeaderGuard } from '../../src/kubernetes/leader-guard.ts'
import type { Cluster } from '../../src/kubernetes/port.ts'
import { agent, thing } from './support/objects.ts'

let done: string[]
let leads: boolean

const write = (name: string) => async (): Promise<never> => {
  done.push(name)
  return undefined as never
}
const cluster = {
  create: write('create'),
  patch: write('patch'),
  writeStatus: write('writeStatus'),
  delete: write('delete'),
  readSecret: write('readSecret'),
  recordEvent: () => void done.push('recordEvent'),
} as unknown as Cluster
const fenced = withLeaderGuard(cluster, async () => {
  if (!leads) throw new Error('no')
})

const writes: Record<string, () => Promise<unknown>> = {
  create: () => fenced.create(thing('x')),
  patch: () => fenced.patch(thing('x'), {}),
  writeStatus: () => fenced.writeStatus(agent('alice'), {}),
  delete: () => fenced.delete(thing('x')),
}

beforeEach(() => {
  done = []
})

describe.each(Object.keys(writes))('the write %s', (name) => {
  it('is made by a leader', async () => {
    leads = true
    await writes[name]?.()
    expect(done).toEqual([name])
  })

  it('is not made by anybody else', async () => {
    leads = false
    await expect(writes[name]?.()).rejects.toThrow('no')
    expect(done).toEqual([])
  })
})

it("reads and Events are everybody's", async () => {
  leads = false
  await fenced.readSecret('booking', 'x')
  fenced.recordEvent({} as never)
  expect(done).toEqual(['readSecret', 'recordEvent'])
})
