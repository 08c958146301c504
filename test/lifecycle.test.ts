import { describe, expect, test } from 'vitest'
import { createLifecycle, type LifecycleParts } from '../src/lifecycle.ts'
import type { Probes } from '../src/platform/health.ts'
import { alwaysLeading } from '../src/kubernetes/leadership.ts'
import { ManualClock, settle } from './support/clock.ts'

/** Parts that write down what becomes of them; a start that the test does not let go on hangs. */
function setUp(more: Partial<LifecycleParts> = {}, ready?: () => Promise<void>) {
  const done: string[] = []
  const state = { fresh: true, stuckMs: 0, probes: undefined as Probes | undefined }
  let listed = (): void => undefined
  const controller = {
    get stuckMs() {
      return state.stuckMs
    },
    start: () => void done.push('work started'),
    stop: () => Promise.resolve(done.push('workers stopped') > 0),
    resume: () => undefined,
  }
  const lifecycle = createLifecycle({
    clock: new ManualClock(),
    log: { info: () => undefined, error: () => undefined },
    cluster: {
      readAhead: () => undefined,
      onRecovery: () => undefined,
      start: () => new Promise((resolve) => (listed = resolve)),
      stop: () => Promise.resolve(void done.push('watches stopped')),
      get isReady() {
        return state.fresh
      },
    },
    workloads: [{ controller, reconcile: () => Promise.resolve({ kind: 'done' }), ready }],
    web: undefined,
    notifications: { takeOver: () => undefined, stop: () => Promise.resolve() },
    leadership: alwaysLeading,
    onLeaseLost: () => undefined,
    createHealth: (probes) => {
      state.probes = probes
      return { port: 1, start: () => Promise.resolve(), stop: () => Promise.resolve(void done.push('health closed')) }
    },
    watchTime: () => () => undefined,
    connections: [],
    ...more,
  })
  return { lifecycle, done, state, listed: () => listed() }
}

describe('an operator', () => {
  test('is ready once it has started, and only while its caches are fresh', async () => {
    const { lifecycle, state, listed, done } = setUp()
    const started = lifecycle.start()
    await settle()
    expect([state.probes?.ready(), state.probes?.alive()]).toEqual([false, true])
    listed()
    await started
    expect(done).toEqual(['work started'])
    expect(state.probes?.ready()).toBe(true)
    state.fresh = false
    expect(state.probes?.ready()).toBe(false)
    state.fresh = true
    await lifecycle.stop()
    expect(state.probes?.ready()).toBe(false)
  })

  test('begins a kind of work only when that is ready', async () => {
    let begin = (): void => undefined
    const ready = (): Promise<void> => new Promise((resolve) => (begin = resolve))
    const { lifecycle, listed, done } = setUp({}, ready)
    const started = lifecycle.start()
    await settle()
    listed()
    await started
    expect(done).toEqual([])
    begin()
    await settle()
    expect(done).toEqual(['work started'])
  })

  test('is alive while its controllers make progress', async () => {
    const { lifecycle, state } = setUp()
    void lifecycle.start()
    await settle()
    state.stuckMs = 9 * 60_000
    expect(state.probes?.alive()).toBe(true)
    state.stuckMs = 11 * 60_000
    expect(state.probes?.alive()).toBe(false)
  })

  test('whose port is taken fails to start, is never ready, and can be stopped', async () => {
    const web = { start: () => Promise.reject(new Error('taken')), stop: () => Promise.resolve() }
    const { lifecycle, state, listed, done } = setUp({ web: web as never })
    const started = lifecycle.start().catch((error: unknown) => String(error))
    await settle()
    listed()
    expect(await started).toContain('taken')
    expect(state.probes?.ready()).toBe(false)
    await lifecycle.stop()
    expect(done).toEqual(['workers stopped', 'watches stopped', 'health closed'])
  })

  test('that is stopped while it starts starts nothing more', async () => {
    const { lifecycle, listed, done } = setUp()
    const started = lifecycle.start()
    await settle()
    await lifecycle.stop()
    listed()
    await started
    expect(done).not.toContain('work started')
  })
})
