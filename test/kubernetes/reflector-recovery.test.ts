/** What a reflector does when the server goes away, and when it is stopped. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { about, settle } from '../support/clock.ts'
import { inTurn, type Script } from './support/api.ts'
import { holdOpen, inVersion, listOf, ReflectorFixture } from './support/reflector.ts'
import { until, untilTime } from './support/wait.ts'

let at: ReflectorFixture
let clock: ReflectorFixture['clock']
let log: ReflectorFixture['log']
let api: ReflectorFixture['api']
let store: ReflectorFixture['store']
let heard: ReflectorFixture['heard']
let watches: ReflectorFixture['watches']
let lists: ReflectorFixture['lists']

beforeEach(async () => {
  at = await ReflectorFixture.create()
  ;({ clock, log, api, store, heard, watches, lists } = at)
})

afterEach(() => at.end())

describe('a server that goes away', () => {
  it('is found again when it is back: killed, warming up, and with versions that are too old', async () => {
    at.serve(inTurn(listOf(3, inVersion('a', 1)), listOf(20, inVersion('a', 15), inVersion('b', 16))))
    at.start()
    await at.nthWatch(1)
    await api.kill()
    // Two minutes in which nobody listens.
    for (let turn = 0; turn < 240; turn++) await clock.advance(500)
    await api.listen()
    const starting: Script = (_request, reply) => reply.refuse(503, 'ServiceUnavailable', {}, { 'retry-after': '5' })
    const warming: Script = (_request, reply) => reply.refuse(429, 'TooManyRequests', {}, { 'retry-after': '1' })
    at.serve(
      inTurn(starting, warming, warming, listOf(20, inVersion('a', 15), inVersion('b', 16))),
      inTurn(
        starting,
        warming,
        (_request, reply) => reply.refuse(410, 'Expired'),
        (_request, reply) => (reply.begin(), reply.event('MODIFIED', inVersion('a', 21))),
      ),
    )
    await untilTime(clock, 'it was told', () => heard.length === 4)
    expect(heard).toEqual(['a - > 1', 'a 1 > 15', 'b - > 16', 'a 15 > 21'])
  })

  it('and comes back with an older state (a restored backup) replaces newer objects', async () => {
    const restored = listOf(50, inVersion('a', 40))
    at.serve(
      inTurn(listOf(100, inVersion('a', 90), inVersion('b', 95)), restored),
      inTurn((_request, reply) => reply.refuse(410, 'Expired'), holdOpen),
    )
    at.start()
    await until('it was refused', () => log.lines.length === 1)
    heard.length = 0
    await at.endPause()
    const watch = await at.nthWatch(2)
    expect(heard).toEqual(['a 90 > 40', 'b 95 > -'])
    watch.event('MODIFIED', inVersion('a', 51))
    await until('it was told', () => heard.length === 3)
  })

  it('and comes back with a newer state leaves alone what we have written meanwhile', async () => {
    at.serve(
      inTurn(listOf(10, inVersion('a', 5)), listOf(12, inVersion('a', 5))),
      inTurn((_request, reply) => reply.refuse(410, 'Expired'), holdOpen),
    )
    at.start()
    await until('it was refused', () => log.lines.length === 1)
    // The answer to our own write can be newer than a list.
    store.put(inVersion('a', 13))
    await at.endPause()
    await at.nthWatch(2)
    expect(heard).toEqual(['a - > 5', 'a 5 > 13'])
  })

  it.each([
    ['20', 20_000],
    ['86400', 60_000],
  ])('asks it to come back in %s seconds: that is waited for, a minute at most', async (seconds, pause) => {
    const later: Script = (_request, reply) => reply.refuse(429, 'TooManyRequests', {}, { 'retry-after': seconds })
    at.serve(listOf(3), inTurn(later, holdOpen))
    at.start()
    await at.nthWatch(1)
    expect([await at.endPause()]).toEqual(about([pause]))
    await at.nthWatch(2)
  })
})

describe('a proxy that cuts every watch', () => {
  it('after it has worked for a while delays no event by a backoff', async () => {
    at.serve(listOf(3))
    at.start()
    for (let turn = 1; turn <= 4; turn++) {
      const watch = await at.nthWatch(turn)
      await clock.advance(25_000)
      watch.cut()
      expect([await at.endPause()]).toEqual(about([1_200]))
    }
    expect(lists).toHaveLength(1)
  })

  it('is asked less and less often if it cuts them at once', async () => {
    at.serve(listOf(3))
    at.start()
    const pauses: number[] = []
    for (let turn = 1; turn <= 3; turn++) {
      const watch = await at.nthWatch(turn)
      watch.cut()
      pauses.push(await at.endPause())
    }
    expect(pauses).toEqual(about([1_200, 2_400, 4_800]))
  })
})

describe('stopping', () => {
  it('in the middle of a list changes nothing: what was not listed yet is not gone', async () => {
    for (const name of ['a', 'b']) store.put(inVersion(name, 1))
    at.serve((_request, reply) => {
      reply.json({ metadata: { resourceVersion: '7', continue: 'more' }, items: [inVersion('a', 2)] })
    })
    at.start({}, { onItem: () => at.reflector.stop() })
    await at.running
    expect(lists).toHaveLength(1)
    expect(heard).toEqual(['a - > 1', 'b - > 1'])
    expect(at.reflector.hasSynced).toBe(false)
  })

  it('in the middle of a watch drops the events that have arrived with the last one', async () => {
    at.serve(listOf(3))
    at.start()
    store.subscribe(() => at.reflector.stop())
    const watch = await at.nthWatch(1)
    const [first, second] = [inVersion('a', 4), inVersion('b', 5)].map((object) =>
      JSON.stringify({ type: 'ADDED', object }),
    )
    watch.write(`${first}\n${second}\n`)
    await at.running
    expect(heard).toEqual(['a - > 4'])
  })

  it('ends a list that is under way, and opens no watch', async () => {
    at.serve(() => undefined)
    at.start()
    await until('it asks', () => lists.length === 1)
    at.reflector.stop()
    await at.running
    expect(watches).toEqual([])
    expect(at.reflector.hasSynced).toBe(false)
    expect(log.lines).toEqual([])
  })

  it('at the moment when the list is complete opens no watch either', async () => {
    at.serve(listOf(3, inVersion('a', 1)))
    at.start()
    store.subscribe(() => at.reflector.stop())
    await at.running
    await settle()
    expect(watches).toEqual([])
  })

  it('ends a watch, and a pause', async () => {
    at.serve(listOf(3))
    at.start()
    await at.nthWatch(1)
    at.reflector.stop()
    await at.running
    expect(clock.pending).toEqual([])
    at.serve((_request, reply) => reply.refuse(403, 'Forbidden'))
    at.start()
    await until('it pauses', () => clock.pending.length === 1)
    at.reflector.stop()
    await at.running
    expect(clock.pending).toEqual([])
  })

  it('is the only end: however often it is started, it runs once', async () => {
    at.serve(listOf(3))
    at.start()
    void at.reflector.run()
    await at.nthWatch(1)
    await settle()
    expect(lists).toHaveLength(1)
  })
})
