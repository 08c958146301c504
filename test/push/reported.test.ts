/** Whether the status says what is known of an Agent's channels. */
import { beforeEach, describe, expect, test } from 'vitest'
import { PushHarness, uidOf } from './support/push-harness.ts'

let push: PushHarness

beforeEach(() => (push = new PushHarness()))

const isReported = (): boolean => push.manager.isReported(push.agent())

/** Its channel is proved by Google's first message, and no status is written meanwhile. */
async function watchedButNotReported(): Promise<void> {
  push.writesStatus = false
  await push.reconciled()
  await push.clock.advance(1_000)
  expect(push.channels).toHaveLength(1)
}

describe('the channels of an Agent', () => {
  test('are not reported while the status does not name the one that was made', async () => {
    await watchedButNotReported()
    expect(push.shown()).toEqual([undefined])
    expect(isReported()).toBe(false)
    push.writeStatus('alice')
    expect(push.shown()).toEqual([push.channels[0]?.id])
    expect(isReported()).toBe(true)
  })

  test('are not reported if the status that names the one that was made could not be written', async () => {
    await watchedButNotReported()
    push.manager.report(push.agent())
    expect(isReported()).toBe(false)
  })

  test('are reported if nothing was observed yet: there is nothing to add', () => expect(isReported()).toBe(true))

  test('are reported if they belong to an earlier Agent of its name', async () => {
    await watchedButNotReported()
    push.change({}, { uid: uidOf('bob') })
    expect(isReported()).toBe(true)
  })

  test('are not reported once the last one counts no longer, because its key does not', async () => {
    await watchedButNotReported()
    push.writeStatus('alice')
    push.keys = [{ channel: Buffer.alloc(32, 2) }]
    expect(isReported()).toBe(false)
  })
})
