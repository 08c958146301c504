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
const guarded = withLeaderGuard(cluster, async () => {
  if (!leads) throw new Error('no')
})

const writes: Record<string, () => Promise<unknown>> = {
  create: () => guarded.create(thing('x')),
  patch: () => guarded.patch(thing('x'), {}),
  writeStatus: () => guarded.writeStatus(agent('alice'), {}),
  delete: () => guarded.delete(thing('x')),
}

beforeEach(() => {
  done = []
})

describe.each(Object.keys(writes))('the write %s', (name) => {
  it('succeeds for a leader', async () => {
    leads = true
    await writes[name]?.()
    expect(done).toEqual([name])
  })

  it('fails for any other replica', async () => {
    leads = false
    await expect(writes[name]?.()).rejects.toThrow('no')
    expect(done).toEqual([])
  })
})

it('reads and Events are not guarded', async () => {
  leads = false
  await guarded.readSecret('booking', 'x')
  guarded.recordEvent({} as never)
  expect(done).toEqual(['readSecret', 'recordEvent'])
})
