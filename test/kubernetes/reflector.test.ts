import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApiHealth } from '../../src/kubernetes/api-health.ts'
import { stripped } from '../../src/kubernetes/kinds.ts'
import type { WatchEvent, KubernetesObject } from '../../src/kubernetes/port.ts'
import { createReflector, type Reflector, type ReflectorOptions } from '../../src/kubernetes/reflector.ts'
import { createRequest } from '../../src/kubernetes/request.ts'
import { WatchStore } from '../../src/kubernetes/store.ts'
import { about, ManualClock, settle } from '../support/clock.ts'
import { inTurn, ScriptedApi, type Incoming, type Reply, type Script } from './support/api.ts'
import { thing } from './support/objects.ts'
import { LogBook, until, untilTime } from './support/wait.ts'

const PATH = '/api/v1/configmaps'
/** When a watch that the server does not end is given up. */
const WATCH_MS = 50_000

let clock: ManualClock
let api: ScriptedApi
let log: LogBook
let health: ApiHealth
let store: WatchStore<KubernetesObject>
let heard: string[]
let reflector: Reflector
/** The watches that were opened, in order. */
let watches: { from: string; reply: Reply }[]
let lists: Incoming[]
let running: Promise<void> | undefined

const inVersion = (name: string, version: number, uid = `uid-${name}`) =>
  thing(name, { resourceVersion: String(version), uid })
const bookmark = (version: number) => ({ kind: 'ConfigMap', metadata: { resourceVersion: String(version) } })
const gone = { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired', message: 'too old resource version' }

const listOf =
  (version: number, ...items: KubernetesObject[]): Script =>
  (_request, reply) =>
    reply.json({ kind: 'List', metadata: { resourceVersion: String(version) }, items })
const holdOpen: Script = (_request, reply) => reply.begin()
const ignore: Script = () => undefined

/** What lists and watches are answered with, each in its own order. */
function serve(list: Script, watch: Script = holdOpen): void {
  api.script = (request, reply) => {
    if (request.query.get('watch') === 'true') {
      watches.push({ from: request.query.get('resourceVersion') ?? '', reply })
      watch(request, reply)
    } else {
      lists.push(request)
      list(request, reply)
    }
  }
}

const nthWatch = async (count: number): Promise<Reply> => {
  await until(`watch ${count} is open`, () => watches.length >= count)
  return watches[count - 1]!.reply
}

/** Lets the pause end that the reflector makes after a failure. */
async function endPause(): Promise<number> {
  const next = (): number => (clock.pending[0] ?? clock.now()) - clock.now()
  // A pause is neither the deadline of a list, nor that of a silent watch.
  await until('it pauses', () => ![0, 30_000, WATCH_MS].includes(next()))
  const pause = next()
  await clock.advance(pause)
  return pause
}

const tell = ({ before, after }: WatchEvent<KubernetesObject>): string => {
  const name = (after ?? before)?.metadata.name ?? ''
  return `${name} ${before?.metadata.resourceVersion ?? '-'} > ${after?.metadata.resourceVersion ?? '-'}`
}

function start(kind: Partial<ReflectorOptions<KubernetesObject>['kind']> = {}): void {
  health = new ApiHealth({ clock, random: () => 0.5, log })
  const deps = { connection: api.connect(clock), clock, random: () => 0.5, log, health }
  const watched = { apiVersion: 'v1', kind: 'ConfigMap', metadataOnly: false, ...kind }
  const options = { kind: watched, path: PATH, store, scope: () => true }
  reflector = createReflector({ ...deps, send: createRequest(deps) }, options)
  running = reflector.run()
}

beforeEach(async () => {
  clock = new ManualClock()
  log = new LogBook()
  heard = []
  watches = []
  lists = []
  store = new WatchStore<KubernetesObject>({ strip: stripped, onError: () => undefined })
  store.subscribe((change) => heard.push(tell(change)))
  api = await ScriptedApi.start((_request, reply) => reply.refuse(500, 'InternalError'))
})

afterEach(async () => {
  reflector.stop()
  await running
  await api.kill()
})

describe('a list', () => {
  it('is read in pages of 500, all of them, before anything is reported', async () => {
    serve(
      inTurn(
        (_request, reply) => {
          reply.json({ metadata: { resourceVersion: '7', continue: 'more' }, items: [inVersion('a', 1)] })
        },
        (_request, reply) => {
          expect(heard).toEqual([])
          listOf(7, inVersion('b', 2))(_request, reply)
        },
      ),
    )
    start()
    await reflector.synced
    expect(lists.map(({ query }) => query.toString())).toEqual(['limit=500', 'limit=500&continue=more'])
    expect(heard).toEqual(['a - > 1', 'b - > 2'])
    await nthWatch(1)
    expect(watches[0]?.from).toBe('7')
  })

  it('starts again when its continue token has expired', async () => {
    const firstPage: Script = (_request, reply) =>
      reply.json({ metadata: { resourceVersion: '7', continue: 'more' }, items: [inVersion('a', 1)] })
    serve(inTurn(firstPage, (_request, reply) => reply.refuse(410, 'Expired'), listOf(9, inVersion('b', 8))))
    start()
    await until('it was refused', () => lists.length === 2)
    await endPause()
    await reflector.synced
    expect(heard).toEqual(['b - > 8'])
  })

  it('is retried with backoff until it succeeds, and each reason is logged once', async () => {
    serve((_request, reply) => reply.refuse(403, 'Forbidden'))
    start()
    const pauses: number[] = []
    for (let turn = 1; turn <= 7; turn++) {
      await until(`list ${turn} was refused`, () => lists.length === turn)
      pauses.push(await endPause())
    }
    expect(pauses).toEqual(about([1200, 2400, 4800, 9600, 19200, 38400, 45000]))
    expect(reflector.hasSynced).toBe(false)
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual(['warn watch interrupted'])
    serve(listOf(1))
    await untilTime(clock, 'it has synced', () => reflector.hasSynced)
  })

  it('is read in smaller pages if one is too large', async () => {
    const huge: Script = (_request, reply) => reply.text(' '.repeat(17 * 1024 * 1024), 200)
    serve(inTurn(huge, huge, listOf(3, inVersion('a', 2))))
    start()
    await untilTime(clock, 'it has synced', () => reflector.hasSynced)
    expect(lists.map(({ query }) => query.get('limit'))).toEqual(['500', '125', '31'])
  })

  it('survives a server that fails with 500', async () => {
    const failing: Script = (_request, reply) => reply.refuse(500, 'InternalError')
    serve(inTurn(...Array<Script>(6).fill(failing), listOf(3, inVersion('a', 2))))
    start()
    await untilTime(clock, 'it has synced', () => reflector.hasSynced)
    expect(heard).toEqual(['a - > 2'])
  })

  it('drops the fields that nobody needs, and adds those that a list leaves out', async () => {
    const ours = { 'calendar-operator.io/requestedAt': 'now', 'reconcile.fluxcd.io/requestedAt': 'then' }
    const annotations = {
      ...ours,
      theirs: 'x'.repeat(256),
      'kubectl.kubernetes.io/last-applied-configuration': '{"data":"secret"}',
    }
    const whole = { ...inVersion('a', 1), apiVersion: undefined, kind: undefined }
    Object.assign(whole.metadata, { annotations, managedFields: [{ manager: 'kubectl' }] })
    serve(listOf(3, whole as unknown as KubernetesObject))
    start()
    await reflector.synced
    expect(store.get('booking/a')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...inVersion('a', 1).metadata, annotations: ours },
    })
  })
})

describe('a watch', () => {
  it('asks for bookmarks and a timeout below a minute, and reports events', async () => {
    serve(listOf(3, inVersion('a', 1)))
    start()
    const watch = await nthWatch(1)
    const query = api.requests.at(-1)?.query.toString()
    expect(query).toBe('watch=true&allowWatchBookmarks=true&timeoutSeconds=45&resourceVersion=3')
    watch.event('MODIFIED', inVersion('a', 4))
    watch.event('ADDED', inVersion('b', 5))
    watch.event('DELETED', inVersion('a', 6))
    await until('it was told', () => heard.length === 4)
    expect(heard).toEqual(['a - > 1', 'a 1 > 4', 'b - > 5', 'a 4 > -'])
  })

  it('asks for metadata only, and by label, if the kind says so', async () => {
    serve(listOf(3))
    start({ metadataOnly: true, labelSelector: 'a=b' })
    await nthWatch(1)
    const [list, watch] = api.requests
    expect(list?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1')
    expect(watch?.headers.accept).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1')
    expect([list, watch].map((request) => request?.query.get('labelSelector'))).toEqual(['a=b', 'a=b'])
  })

  it('that ends normally continues from the last bookmark, without a list', async () => {
    serve(listOf(3))
    start()
    const watch = await nthWatch(1)
    watch.event('BOOKMARK', bookmark(50))
    watch.end()
    await until('it has ended', () => clock.pending.length === 1)
    await clock.advance(1_000)
    await nthWatch(2)
    expect(watches[1]?.from).toBe('50')
    expect(lists).toHaveLength(1)
    expect(heard).toEqual([])
  })

  it('that ends at once, again and again, is opened once a second at most', async () => {
    serve(listOf(3), (_request, reply) => (reply.begin(), reply.end()))
    start()
    await nthWatch(1)
    for (let turn = 2; turn <= 6; turn++) {
      expect([await endPause()]).toEqual(about([1_000]))
      await nthWatch(turn)
    }
    expect(lists).toHaveLength(1)
  })

  it('that is cut continues from the last version', async () => {
    serve(listOf(3))
    start()
    const watch = await nthWatch(1)
    watch.event('ADDED', inVersion('a', 4))
    await until('it was told', () => heard.length === 1)
    // Half of an event came, and is lost with its other half.
    watch.write('{"type":"ADDED","object":{"metadata":{"name":"b"')
    watch.cut()
    await endPause()
    ;(await nthWatch(2)).event('ADDED', inVersion('b', 5))
    await until('it was told', () => heard.length === 2)
    expect(watches[1]?.from).toBe('4')
    expect(heard).toEqual(['a - > 4', 'b - > 5'])
  })

  it.each<[string, Script]>([
    ['as an event', (_request, reply) => (reply.begin(), reply.event('ERROR', gone), reply.end())],
    ['as an answer', (_request, reply) => reply.refuse(410, 'Expired')],
  ])(
    'that is too old, which is said %s, begins again with a list: what happened meanwhile is told',
    async (_how, refuse) => {
      const before = [
        inVersion('kept', 1),
        inVersion('changed', 1),
        inVersion('gone', 2),
        inVersion('remade', 2, 'old'),
      ]
      const after = [
        inVersion('kept', 1),
        inVersion('changed', 8),
        inVersion('remade', 7, 'new'),
        inVersion('added', 9),
      ]
      serve(inTurn(listOf(3, ...before), listOf(10, ...after)), inTurn(refuse, holdOpen))
      start()
      await until('it was refused', () => log.lines.length === 1)
      heard.length = 0
      await endPause()
      await nthWatch(2)
      expect(watches[1]?.from).toBe('10')
      expect(heard).toEqual(['changed 1 > 8', 'remade 2 > -', 'remade - > 7', 'added - > 9', 'gone 2 > -'])
    },
  )

  it('that the server has not ended in time is abandoned within a minute, and continues from the last version', async () => {
    serve(listOf(3))
    start()
    const watch = await nthWatch(1)
    await clock.advance(40_000)
    watch.event('MODIFIED', inVersion('a', 4))
    await until('it was told', () => heard.length === 1)
    await clock.advance(9_998)
    expect(watches).toHaveLength(1)
    await clock.advance(2)
    await endPause()
    await nthWatch(2)
    expect(watches[1]?.from).toBe('4')
    expect(lists).toHaveLength(1)
  })

  it('whose response head does not arrive is abandoned, too', async () => {
    serve(listOf(3), inTurn(ignore, holdOpen))
    start()
    await nthWatch(1)
    await clock.advance(WATCH_MS)
    await endPause()
    await nthWatch(2)
  })

  it('that brings nothing, not even a bookmark, three times in a row is followed by a list', async () => {
    serve(inTurn(listOf(3), listOf(9, inVersion('a', 5))))
    start()
    for (let turn = 1; turn <= 3; turn++) {
      const watch = await nthWatch(turn)
      expect(lists).toHaveLength(1)
      await clock.advance(45_000)
      watch.end()
    }
    await nthWatch(4)
    expect(heard).toEqual(['a - > 5'])
  })

  it('continues when a listener throws, and when a line is not JSON', async () => {
    store.subscribe(() => {
      throw new Error('no')
    })
    serve(listOf(3))
    start()
    const watch = await nthWatch(1)
    watch.event('ADDED', inVersion('a', 4))
    watch.write('<html>\n')
    await endPause()
    ;(await nthWatch(2)).event('ADDED', inVersion('b', 5))
    await until('it was told', () => heard.length === 2)
  })

  it('that fails five times in a row, for whatever reason, is followed by a list', async () => {
    serve(listOf(3), (_request, reply) => reply.refuse(504, 'Timeout'))
    start()
    for (let turn = 1; turn <= 5; turn++) {
      await nthWatch(turn)
      await until('it pauses', () => clock.pending.length > 0 && watches.length === turn)
      expect(lists).toHaveLength(1)
      await endPause()
    }
    await until('it lists', () => lists.length === 2)
  })
})

describe('a server that goes away', () => {
  it('is found again when it is back: killed, warming up, and with versions that are too old', async () => {
    serve(inTurn(listOf(3, inVersion('a', 1)), listOf(20, inVersion('a', 15), inVersion('b', 16))))
    start()
    await nthWatch(1)
    await api.kill()
    // Two minutes in which nobody listens.
    for (let turn = 0; turn < 240; turn++) await clock.advance(500)
    await api.listen()
    const starting: Script = (_request, reply) => reply.refuse(503, 'ServiceUnavailable', {}, { 'retry-after': '5' })
    const warming: Script = (_request, reply) => reply.refuse(429, 'TooManyRequests', {}, { 'retry-after': '1' })
    serve(
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
    serve(
      inTurn(listOf(100, inVersion('a', 90), inVersion('b', 95)), restored),
      inTurn((_request, reply) => reply.refuse(410, 'Expired'), holdOpen),
    )
    start()
    await until('it was refused', () => log.lines.length === 1)
    heard.length = 0
    await endPause()
    const watch = await nthWatch(2)
    expect(heard).toEqual(['a 90 > 40', 'b 95 > -'])
    watch.event('MODIFIED', inVersion('a', 51))
    await until('it was told', () => heard.length === 3)
  })

  it.each([
    ['20', 20_000],
    ['86400', 60_000],
  ])('asks it to come back in %s seconds: that is waited for, a minute at most', async (seconds, pause) => {
    const later: Script = (_request, reply) => reply.refuse(429, 'TooManyRequests', {}, { 'retry-after': seconds })
    serve(listOf(3), inTurn(later, holdOpen))
    start()
    await nthWatch(1)
    expect([await endPause()]).toEqual(about([pause]))
    await nthWatch(2)
  })
})

describe('stopping', () => {
  it('ends a list that is under way, and opens no watch', async () => {
    serve(() => undefined)
    start()
    await until('it asks', () => lists.length === 1)
    reflector.stop()
    await running
    expect(watches).toEqual([])
    expect(reflector.hasSynced).toBe(false)
    expect(log.lines).toEqual([])
  })

  it('at the moment when the list is complete opens no watch either', async () => {
    serve(listOf(3, inVersion('a', 1)))
    start()
    store.subscribe(() => reflector.stop())
    await running
    await settle()
    expect(watches).toEqual([])
  })

  it('ends a watch, and a pause', async () => {
    serve(listOf(3))
    start()
    await nthWatch(1)
    reflector.stop()
    await running
    expect(clock.pending).toEqual([])
    serve((_request, reply) => reply.refuse(403, 'Forbidden'))
    start()
    await until('it pauses', () => clock.pending.length === 1)
    reflector.stop()
    await running
    expect(clock.pending).toEqual([])
  })

  it('is the only end: however often it is started, it runs once', async () => {
    serve(listOf(3))
    start()
    void reflector.run()
    await nthWatch(1)
    await settle()
    expect(lists).toHaveLength(1)
  })
})
