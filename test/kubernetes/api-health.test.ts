import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCluster, type RunningCluster } from '../../src/kubernetes/cluster.ts'
import { WATCHED } from '../../src/kubernetes/kinds.ts'
import { ManualClock } from '../support/clock.ts'
import { ScriptedApi, type Incoming, type Reply, type Script } from './support/api.ts'
import { agent } from './support/objects.ts'
import { LogBook, until, untilTime } from './support/wait.ts'

const EVERYTHING = Object.keys(WATCHED).length

let clock: ManualClock
let log: LogBook
let api: ScriptedApi
let cluster: RunningCluster
let watches: Reply[]

const serve: Script = ({ query, path }, reply) => {
  if (query.get('watch') === 'true') {
    watches.push(reply)
    return reply.begin()
  }
  reply.json({ metadata: { resourceVersion: '100' }, items: path.endsWith('/agents') ? [agent('alice')] : [] })
}
const refuse: Script = (_request, reply) => reply.refuse(401, 'Unauthorized')

beforeEach(async () => {
  clock = new ManualClock()
  log = new LogBook()
  watches = []
  api = await ScriptedApi.start(serve)
  const connection = api.connect(clock)
  cluster = createCluster({ connection, clock, random: () => 0.5, log, namespaces: [], instance: 'pod' })
  await cluster.start()
  await until('everything is watched', () => watches.length === EVERYTHING)
})

afterEach(async () => {
  await cluster.stop()
  await api.kill()
})

/** The server ends what is open, as it does with watches whose time is over. */
function endWatches(): void {
  for (const watch of watches.splice(0)) watch.end()
}

/** At the level that people run it with. */
const said = (): string[] =>
  log.lines.filter(({ level }) => level !== 'debug').map(({ level, message }) => `${level} ${message}`)
const requests = (seen: (request: Incoming) => boolean): number => api.requests.filter(seen).length

describe('an API server that answers 401 to everything for minutes', () => {
  beforeEach(async () => {
    await until('all is fresh', () => cluster.isReady)
    api.script = refuse
    endWatches()
    await untilTime(clock, 'it is not ready', () => !cluster.isReady)
    await untilTime(clock, 'minutes have passed', () => clock.monotonic() > 240_000)
  })

  it('makes the replica not ready, with one line in the log', () => {
    expect(cluster.isReady).toBe(false)
    expect(said()).toEqual(['warn no request to the Kubernetes API succeeds'])
    const line = log.lines.find(({ level }) => level === 'warn')
    expect(line?.fields.reason).toMatch(/^GET \/\S+ answered 401$/)
  })

  it('is noticed within seconds when it accepts requests again: one watch probes every five seconds', async () => {
    const before = api.requests.length
    await clock.advance(20_000)
    await until('it was asked', () => api.requests.length > before)
    api.script = serve
    const start = clock.monotonic()
    await untilTime(clock, 'everything is watched again', () => watches.length === EVERYTHING)
    expect(clock.monotonic() - start).toBeLessThan(10_000)
    await until('all is fresh', () => cluster.isReady)
    expect(said()).toEqual(['warn no request to the Kubernetes API succeeds', 'info the Kubernetes API answers again'])
  })

  it('reports each recovery', async () => {
    let recoveries = 0
    cluster.onRecovery(() => (recoveries += 1))
    for (let turn = 1; turn <= 2; turn++) {
      api.script = serve
      await untilTime(clock, 'the end is told', () => recoveries === turn)
      await untilTime(clock, 'everything is watched again', () => watches.length === EVERYTHING)
      await clock.advance(10_000)
      expect(recoveries).toBe(turn)
      api.script = refuse
      endWatches()
      await untilTime(clock, 'it is not ready', () => !cluster.isReady)
    }
  })

  it('marks the failures that it causes, and no others', async () => {
    const failed = cluster.readSecret('booking', 'x').catch((error: unknown) => error)
    let isDone = false
    void failed.finally(() => (isDone = true))
    await untilTime(clock, 'it has failed', () => isDone)
    expect(await failed).toMatchObject({ status: 401, isReported: true })
    api.script = serve
    await untilTime(clock, 'everything is watched again', () => watches.length === EVERYTHING)
    api.script = (_request, reply) => reply.refuse(403, 'Forbidden')
    await expect(cluster.readSecret('booking', 'x')).rejects.toMatchObject({ status: 403, isReported: false })
  })

  it('is not probed more often than that', async () => {
    const before = api.requests.length
    await untilTime(clock, 'a minute has passed', () => clock.monotonic() > 300_000)
    // A list is tried twice after a 401: the credentials may be new.
    expect(requests(({ path }) => path.endsWith('/calendarintegrations'))).toBeGreaterThan(10)
    expect(api.requests.length - before).toBeLessThan(60)
  })
})

describe('the caches', () => {
  it('are fresh for a minute after their watches were accepted, whatever the watches bring', async () => {
    await until('all is fresh', () => cluster.isReady)
    await clock.advance(44_000)
    api.script = refuse
    for (const watch of watches) watch.event('BOOKMARK', { kind: 'Secret', metadata: { resourceVersion: '101' } })
    endWatches()
    await clock.advance(15_000)
    clock.setTimeOfDay(-86_400_000)
    expect(cluster.isReady).toBe(true)
    await clock.advance(1_000)
    expect(cluster.isReady).toBe(false)
  })
})

describe('a short interruption', () => {
  it('is not logged: every watch is cut at once, and opened again', async () => {
    for (const watch of watches.splice(0)) watch.cut()
    await untilTime(clock, 'everything is watched again', () => watches.length === EVERYTHING)
    expect(said()).toEqual([])
    expect(cluster.isReady).toBe(true)
  })
})

describe('a kind that may no longer be read', () => {
  it('makes the replica not ready, although all other requests succeed, and is logged once', async () => {
    api.script = (request, reply) =>
      request.path === '/api/v1/secrets' ? reply.refuse(403, 'Forbidden') : serve(request, reply)
    endWatches()
    await untilTime(clock, 'it is not ready', () => !cluster.isReady)
    expect(said()).toEqual(['info watch interrupted'])
    api.script = serve
    await untilTime(clock, 'it is ready again', () => cluster.isReady)
  })
})
