import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../src/kubernetes/port.ts'
import { about } from '../support/clock.ts'
import { inTurn, type Script } from './support/api.ts'
import { bookmark, gone, holdOpen, ignore, inVersion, listOf, ReflectorFixture, WATCH_MS } from './support/reflector.ts'
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

describe('a list', () => {
  it('is read in pages of 500, all of them, before anything is reported', async () => {
    at.serve(
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
    at.start()
    await at.reflector.synced
    expect(lists.map(({ query }) => query.toString())).toEqual(['limit=500', 'limit=500&continue=more'])
    expect(heard).toEqual(['a - > 1', 'b - > 2'])
    await at.nthWatch(1)
    expect(watches[0]?.from).toBe('7')
  })

  it('starts again when its continue token has expired', async () => {
    const firstPage: Script = (_request, reply) =>
      reply.json({ metadata: { resourceVersion: '7', continue: 'more' }, items: [inVersion('a', 1)] })
    at.serve(inTurn(firstPage, (_request, reply) => reply.refuse(410, 'Expired'), listOf(9, inVersion('b', 8))))
    at.start()
    await until('it was refused', () => lists.length === 2)
    await at.endPause()
    await at.reflector.synced
    expect(heard).toEqual(['b - > 8'])
  })

  it('is retried with backoff until it succeeds, and each reason is logged once', async () => {
    at.serve((_request, reply) => reply.refuse(403, 'Forbidden'))
    at.start()
    const pauses: number[] = []
    for (let turn = 1; turn <= 7; turn++) {
      await until(`list ${turn} was refused`, () => lists.length === turn)
      pauses.push(await at.endPause())
    }
    expect(pauses).toEqual(about([1200, 2400, 4800, 9600, 19200, 38400, 45000]))
    expect(at.reflector.hasSynced).toBe(false)
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual(['warn watch interrupted'])
    at.serve(listOf(1))
    await untilTime(clock, 'it has synced', () => at.reflector.hasSynced)
  })

  it('is read in smaller pages if one is too large', async () => {
    const huge: Script = (_request, reply) => reply.text(' '.repeat(17 * 1024 * 1024), 200)
    at.serve(inTurn(huge, huge, listOf(3, inVersion('a', 2))))
    at.start()
    await untilTime(clock, 'it has synced', () => at.reflector.hasSynced)
    expect(lists.map(({ query }) => query.get('limit'))).toEqual(['500', '125', '31'])
  })

  it('survives a server that fails with 500', async () => {
    const failing: Script = (_request, reply) => reply.refuse(500, 'InternalError')
    at.serve(inTurn(...Array<Script>(6).fill(failing), listOf(3, inVersion('a', 2))))
    at.start()
    await untilTime(clock, 'it has synced', () => at.reflector.hasSynced)
    expect(heard).toEqual(['a - > 2'])
    // Only a page that is too large is asked for in smaller pages.
    expect(new Set(lists.map(({ query }) => query.get('limit')))).toEqual(new Set(['500']))
  })

  it('that is older than what we have written meanwhile leaves that alone', async () => {
    store.put(inVersion('a', 13))
    at.serve(listOf(12, inVersion('a', 5)))
    at.start()
    await at.reflector.synced
    expect(heard).toEqual(['a - > 13'])
  })

  it('of an empty collection may have no items at all', async () => {
    at.serve((_request, reply) => reply.json({ kind: 'List', metadata: { resourceVersion: '3' }, items: null }))
    at.start()
    await at.reflector.synced
    expect([...store.list()]).toEqual([])
  })

  it('is retried if the answer is not a list, such as that of a proxy', async () => {
    at.serve(inTurn((_request, reply) => reply.json({}), listOf(3, inVersion('a', 2))))
    at.start()
    await until('it was read', () => log.lines.length === 1)
    await at.endPause()
    await at.reflector.synced
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
    at.serve(listOf(3, whole as unknown as KubernetesObject))
    at.start()
    await at.reflector.synced
    expect(store.get('booking/a')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...inVersion('a', 1).metadata, annotations: ours },
    })
  })
})

describe('a watch', () => {
  it('asks for bookmarks and a timeout below a minute, and reports events', async () => {
    at.serve(listOf(3, inVersion('a', 1)))
    at.start()
    const watch = await at.nthWatch(1)
    const query = api.requests.at(-1)?.query.toString()
    expect(query).toBe('watch=true&allowWatchBookmarks=true&timeoutSeconds=45&resourceVersion=3')
    watch.event('MODIFIED', inVersion('a', 4))
    watch.event('ADDED', inVersion('b', 5))
    watch.event('DELETED', inVersion('a', 6))
    await until('it was told', () => heard.length === 4)
    expect(heard).toEqual(['a - > 1', 'a 1 > 4', 'b - > 5', 'a 4 > -'])
  })

  it('asks for metadata only, and by label, if the kind says so', async () => {
    at.serve(listOf(3))
    at.start({ metadataOnly: true, labelSelector: 'a=b' })
    await at.nthWatch(1)
    const [list, watch] = api.requests
    expect(list?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1')
    expect(watch?.headers.accept).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1')
    expect([list, watch].map((request) => request?.query.get('labelSelector'))).toEqual(['a=b', 'a=b'])
  })

  it('asks for a single object if it has a name, so that the right to read that one is enough', async () => {
    at.serve(listOf(3))
    at.start({}, { name: 'google-oauth-client' })
    await at.nthWatch(1)
    const selectors = api.requests.map(({ query }) => query.get('fieldSelector'))
    expect(selectors).toEqual(['metadata.name=google-oauth-client', 'metadata.name=google-oauth-client'])
  })

  it('that ends normally continues from the last bookmark, without a list', async () => {
    at.serve(listOf(3))
    at.start()
    const watch = await at.nthWatch(1)
    watch.event('BOOKMARK', bookmark(50))
    watch.end()
    await until('it has ended', () => clock.pending.length === 1)
    await clock.advance(1_000)
    await at.nthWatch(2)
    expect(watches[1]?.from).toBe('50')
    expect(lists).toHaveLength(1)
    expect(heard).toEqual([])
  })

  it('that ends at once, again and again, is opened once a second at most', async () => {
    at.serve(listOf(3), (_request, reply) => (reply.begin(), reply.end()))
    at.start()
    await at.nthWatch(1)
    for (let turn = 2; turn <= 20; turn++) {
      expect([await at.endPause()]).toEqual(about([1_000]))
      await at.nthWatch(turn)
    }
    expect(lists).toHaveLength(1)
  })

  it('that is cut continues from the last version', async () => {
    at.serve(listOf(3))
    at.start()
    const watch = await at.nthWatch(1)
    watch.event('ADDED', inVersion('a', 4))
    await until('it was told', () => heard.length === 1)
    // Half of an event came, and is lost with its other half.
    watch.write('{"type":"ADDED","object":{"metadata":{"name":"b"')
    watch.cut()
    await at.endPause()
    ;(await at.nthWatch(2)).event('ADDED', inVersion('b', 5))
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
      at.serve(inTurn(listOf(3, ...before), listOf(10, ...after)), inTurn(refuse, holdOpen))
      at.start()
      await until('it was refused', () => log.lines.length === 1)
      heard.length = 0
      await at.endPause()
      await at.nthWatch(2)
      expect(watches[1]?.from).toBe('10')
      expect(heard).toEqual(['changed 1 > 8', 'remade 2 > -', 'remade - > 7', 'added - > 9', 'gone 2 > -'])
    },
  )

  it('that the server has not ended in time is abandoned within a minute, and continues from the last version', async () => {
    at.serve(listOf(3))
    at.start()
    const watch = await at.nthWatch(1)
    await clock.advance(40_000)
    watch.event('MODIFIED', inVersion('a', 4))
    await until('it was told', () => heard.length === 1)
    await clock.advance(9_998)
    expect(watches).toHaveLength(1)
    await clock.advance(2)
    await at.endPause()
    await at.nthWatch(2)
    expect(watches[1]?.from).toBe('4')
    expect(lists).toHaveLength(1)
  })

  it('whose response head does not arrive is abandoned, too', async () => {
    at.serve(listOf(3), inTurn(ignore, holdOpen))
    at.start()
    await at.nthWatch(1)
    await clock.advance(WATCH_MS)
    await at.endPause()
    await at.nthWatch(2)
  })

  it('that brings nothing, not even a bookmark, three times in a row is followed by a list', async () => {
    at.serve(inTurn(listOf(3), listOf(9, inVersion('a', 5))))
    at.start()
    for (let turn = 1; turn <= 3; turn++) {
      const watch = await at.nthWatch(turn)
      expect(lists).toHaveLength(1)
      await clock.advance(45_000)
      watch.end()
    }
    await at.nthWatch(4)
    expect(heard).toEqual(['a - > 5'])
  })

  it('that brings a bookmark is not silent, and neither are those before it', async () => {
    at.serve(listOf(3))
    at.start()
    for (let turn = 1; turn <= 7; turn++) {
      const watch = await at.nthWatch(turn)
      await clock.advance(45_000)
      if (turn === 3) watch.event('BOOKMARK', bookmark(4))
      if (turn > 5) watch.event('BOOKMARK', bookmark(5))
      watch.end()
    }
    await at.nthWatch(8)
    expect(lists).toHaveLength(1)
  })

  it('that ends with an error that says nothing about the version continues from the last one', async () => {
    const error = { kind: 'Status', status: 'Failure', code: 500, reason: 'InternalError' }
    at.serve(
      listOf(3),
      inTurn((_request, reply) => (reply.begin(), reply.event('ERROR', error)), holdOpen),
    )
    at.start()
    await until('it has ended', () => log.lines.length === 1)
    await at.endPause()
    await at.nthWatch(2)
    expect(watches[1]?.from).toBe('3')
    expect(lists).toHaveLength(1)
  })

  it('continues when a listener throws, and when a line is not JSON', async () => {
    store.subscribe(() => {
      throw new Error('no')
    })
    at.serve(listOf(3))
    at.start()
    const watch = await at.nthWatch(1)
    watch.event('ADDED', inVersion('a', 4))
    watch.write('<html>\n')
    await at.endPause()
    ;(await at.nthWatch(2)).event('ADDED', inVersion('b', 5))
    await until('it was told', () => heard.length === 2)
  })

  it('that fails five times in a row, for whatever reason, is followed by a list', async () => {
    at.serve(listOf(3), (_request, reply) => reply.refuse(504, 'Timeout'))
    at.start()
    for (let turn = 1; turn <= 5; turn++) {
      await at.nthWatch(turn)
      await until('it pauses', () => clock.pending.length > 0 && watches.length === turn)
      expect(lists).toHaveLength(1)
      await at.endPause()
    }
    await until('it lists', () => lists.length === 2)
  })
})
