/** An admission webhook changes what is written, in the write itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Stored } from '../memory/kubernetes.ts'
import { MINUTE, OneAgent } from './support/one-agent.ts'

let one: OneAgent
let writes = 0

beforeEach(() => {
  one = new OneAgent({ accessToken: true })
  writes = 0
})

afterEach(() => one.end())

/** From now on this is done to each write of that object. Returns how to end it. */
function mutate(name: string, how: (object: Stored, n: number) => void): () => void {
  const { objects } = one.world.kubernetes
  const set = objects.set.bind(objects)
  objects.set = (path, object) => {
    if (object.metadata.name !== name) return set(path, object)
    writes += 1
    how(object, writes)
    return set(path, object)
  }
  return () => (objects.set = set)
}

const edited = (object: Stored, n: number): void => void (object.data = { ...object.data, 'busy.json': `{"n":${n}}` })

describe('a webhook that changes what is published', () => {
  it('from the first write on keeps the Agent from being ready, and the message says what happens', async () => {
    mutate('alice-calendar', edited)
    await one.ready()
    expect(one.condition('Ready')).toMatchObject({ status: 'False', reason: 'PublishFailed' })
    expect(one.condition('Synced')?.message).toContain(
      'ConfigMap alice-calendar does not contain what the operator writes',
    )
  })

  it('makes a ready Agent unready at its next write, and ready again when it is gone', async () => {
    await one.ready()
    expect(one.condition('Ready')).toMatchObject({ status: 'True' })
    const end = mutate('alice-calendar', edited)
    one.addMeeting()
    await one.run(6 * MINUTE)
    expect(one.condition('Ready')).toMatchObject({ status: 'False', reason: 'PublishFailed' })
    end()
    await one.run(MINUTE)
    expect(one.condition('Ready')).toMatchObject({ status: 'True' })
    expect(one.busy).toHaveLength(2)
  })

  it('does so for the access token too', async () => {
    mutate('alice-token', (object) => void (object.data = { ...object.data, access_token: 'dGhlaXJz' }))
    await one.ready()
    expect(one.condition('Ready')).toMatchObject({ status: 'False', reason: 'PublishFailed' })
    expect(one.condition('Synced')?.message).toContain('Secret alice-token')
  })
})

describe('a webhook that adds to what is published', () => {
  it.each<[string, (object: Stored, n: number) => void]>([
    ['a label', ({ metadata }, n) => void (metadata.labels = { ...metadata.labels, stamp: String(n) })],
    ['a key', (object, n) => void (object.data = { ...object.data, theirs: String(n) })],
    ['a finalizer', ({ metadata }) => void (metadata.finalizers = ['example.com/theirs'])],
  ])('%s each time changes nothing, and causes no further write', async (_what, how) => {
    mutate('alice-calendar', how)
    await one.run(20 * MINUTE)
    expect(one.condition('Ready')).toMatchObject({ status: 'True' })
    expect(writes).toBeLessThan(5)
  })
})
