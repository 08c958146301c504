import { beforeEach, describe, expect, it } from 'vitest'
import { keyOf, type WatchEvent, type KubernetesObject } from '../../src/kubernetes/port.ts'
import { WatchStore } from '../../src/kubernetes/store.ts'
import { thing } from './support/objects.ts'

const KEY = 'booking/x'
const at = (version: number, rest: Partial<KubernetesObject['metadata']> = {}) =>
  thing('x', { resourceVersion: String(version), ...rest })
const all = () => true

let store: WatchStore<KubernetesObject>
let heard: string[]
let errors: unknown[]

const describeChange = ({ before, after }: WatchEvent<KubernetesObject>): string =>
  `${before?.metadata.resourceVersion ?? '-'} > ${after?.metadata.resourceVersion ?? '-'}`

beforeEach(() => {
  heard = []
  errors = []
  const byLabel = ({ metadata }: KubernetesObject) => Object.values(metadata.labels ?? {})
  store = new WatchStore({ strip: (object) => object, indexes: { byLabel }, onError: (error) => errors.push(error) })
  store.subscribe((change) => heard.push(describeChange(change)))
})

/** A write of ours that gets its response when the test says so. */
function writing(base: string | undefined) {
  let answer: (object: KubernetesObject) => void = () => undefined
  let fail = (): void => undefined
  const done = store.writing(
    KEY,
    base,
    () =>
      new Promise<KubernetesObject>((resolve, reject) => {
        answer = resolve
        fail = () => reject(new Error('lost'))
      }),
  )
  return { answer: (object: KubernetesObject) => (answer(object), done), fail: () => (fail(), done) }
}

describe('a store', () => {
  it('keeps what is equal in several objects once', () => {
    const labels = () => ({ app: 'booking' })
    store.put(at(1, { labels: labels() }))
    store.put(thing('y', { resourceVersion: '2', labels: labels() }))
    const first = store.get(KEY)?.metadata.labels
    expect(store.get('booking/y')?.metadata.labels).toBe(first)
    store.put(thing('z', { resourceVersion: '3', labels: { app: 'other' } }))
    store.put(at(4, { labels: labels() }))
    expect(store.get(KEY)?.metadata.labels).toBe(first)
  })

  it('keeps once what becomes equal in several objects', () => {
    for (const name of ['y', 'z']) store.put(thing(name, { resourceVersion: '1', labels: { state: 'new' } }))
    for (const name of ['y', 'z']) store.put(thing(name, { resourceVersion: '2', labels: { state: 'ready' } }))
    expect(store.get('booking/z')?.metadata.labels).toEqual({ state: 'ready' })
    expect(store.get('booking/z')?.metadata.labels).toBe(store.get('booking/y')?.metadata.labels)
  })

  it('reports the objects that exist to a new listener, and every change from then on', () => {
    store.put(at(1))
    const late: string[] = []
    store.subscribe((change) => late.push(describeChange(change)))
    store.put(at(2))
    store.remove(KEY, '3')
    expect(late).toEqual(['- > 1', '1 > 2', '2 > -'])
    expect(heard).toEqual(late)
  })

  it('ignores versions that it has seen, and older ones', () => {
    store.put(at(10))
    store.put(at(10))
    store.put(at(9))
    store.remove(KEY, '9')
    expect(heard).toEqual(['- > 10'])
    expect(store.get(KEY)).toEqual(at(10))
  })

  it('continues when a listener throws', () => {
    const others: string[] = []
    store.subscribe(() => {
      throw new Error('no')
    })
    store.subscribe((change) => others.push(describeChange(change)))
    store.put(at(1))
    expect(others).toEqual(['- > 1'])
    expect(errors).toHaveLength(1)
  })

  it('indexes objects by their present values, and no longer by old ones', () => {
    store.put(at(1, { labels: { a: 'red' } }))
    store.put(thing('y', { labels: { a: 'red', b: 'blue' } }))
    expect(store.byIndex('byLabel', 'red').map(keyOf)).toEqual([KEY, 'booking/y'])
    store.put(at(2, { labels: { a: 'blue' } }))
    expect(store.byIndex('byLabel', 'red').map(keyOf)).toEqual(['booking/y'])
    expect(store.byIndex('byLabel', 'blue').map(keyOf)).toEqual(['booking/y', KEY])
    store.remove('booking/y')
    expect(store.byIndex('byLabel', 'red')).toEqual([])
  })

  it('finds each of several objects under one value, and none under a value that the last one has lost', () => {
    store.put(at(1, { labels: { a: 'red' } }))
    expect(store.byIndex('byLabel', 'red').map(keyOf)).toEqual([KEY])
    store.put(at(2, { labels: { a: 'blue' } }))
    expect(store.byIndex('byLabel', 'red')).toEqual([])
    for (const name of ['y', 'z']) store.put(thing(name, { labels: { a: 'blue' } }))
    expect(store.byIndex('byLabel', 'blue').map(keyOf)).toEqual([KEY, 'booking/y', 'booking/z'])
  })

  it('keeps an object that an index cannot read', () => {
    const broken = { strip: (object: KubernetesObject) => object, onError: (error: unknown) => void errors.push(error) }
    const fail = () => {
      throw new Error('spec is missing')
    }
    store = new WatchStore({ ...broken, indexes: { fail } })
    store.put(at(1))
    store.put(at(2))
    expect(store.get(KEY)).toEqual(at(2))
    expect(errors.length).toBeGreaterThan(0)
  })
})

describe('a list', () => {
  const snapshot = (objects: KubernetesObject[], version: number) => ({ objects, scope: all, version: String(version) })

  it('is reported as its differences: changed, added, deleted', () => {
    store.replace(snapshot([at(1), thing('y'), thing('z')], 5))
    heard.length = 0
    store.replace(snapshot([at(7), thing('y'), thing('new', { resourceVersion: '8' })], 9))
    expect(heard).toEqual(['1 > 7', '- > 8', '1 > -'])
    expect([...store.list()].map(keyOf)).toEqual([KEY, 'booking/y', 'booking/new'])
  })

  it('reports an object that was deleted and created again as two events', () => {
    store.replace(snapshot([at(1, { uid: 'old' })], 5))
    store.replace(snapshot([at(7, { uid: 'new' })], 9))
    expect(heard).toEqual(['- > 1', '1 > -', '- > 7'])
  })

  it('touches only what is in its scope: one namespace of several', () => {
    store.put(thing('other', { namespace: 'team' }))
    store.replace({ objects: [at(7)], scope: (key) => key.startsWith('booking/'), version: '9' })
    store.replace({ objects: [], scope: (key) => key.startsWith('booking/'), version: '10' })
    expect([...store.list()].map(keyOf)).toEqual(['team/other'])
  })

  it('from before our own write neither removes nor replaces what we wrote', async () => {
    await store.writing(KEY, undefined, async () => at(12))
    store.replace(snapshot([], 11))
    store.replace(snapshot([at(10)], 11))
    expect(store.get(KEY)).toEqual(at(12))
    expect(heard).toEqual([])
  })

  it('of a server whose history was reset replaces all versions', () => {
    store.replace(snapshot([at(100), thing('y', { resourceVersion: '90' }), thing('z')], 100))
    heard.length = 0
    store.replace({ ...snapshot([at(40), thing('z')], 50), historyReset: true })
    expect(heard).toEqual(['100 > 40', '90 > -'])
  })
})

describe('our own write', () => {
  beforeEach(() => {
    store.put(at(1))
    heard.length = 0
  })

  it('is stored at once, and neither the write nor its watch event is reported', async () => {
    await store.writing(KEY, '1', async () => at(2))
    expect(store.get(KEY)).toEqual(at(2))
    store.put(at(2))
    expect(heard).toEqual([])
  })

  it('is not reported either if its watch event arrives before its response', async () => {
    const write = writing('1')
    store.put(at(2))
    expect(store.get(KEY)).toEqual(at(1))
    await write.answer(at(2))
    expect(store.get(KEY)).toEqual(at(2))
    expect(heard).toEqual([])
  })

  it('does not hide a change by somebody else that arrives while it is under way', async () => {
    const write = writing('1')
    store.put(at(2))
    store.put(at(3))
    await write.answer(at(2))
    expect(heard).toEqual(['2 > 3'])
  })

  it('is reported if it was based on a version that the store had not seen: it contains a change by somebody else', async () => {
    await store.writing(KEY, '2', async () => at(3))
    store.put(at(2))
    expect(heard).toEqual(['1 > 3'])
  })

  it('whose response was lost is reported by the watch, like any other', async () => {
    const write = writing('1')
    store.put(at(2))
    await expect(write.fail()).rejects.toThrow('lost')
    expect(heard).toEqual(['1 > 2'])
  })

  it('does not delay other objects', () => {
    void writing('1')
    store.put(thing('y'))
    expect(heard).toEqual(['- > 1'])
  })

  it('holds events back until the last of two concurrent writes ends', async () => {
    const [first, second] = [writing('1'), writing('1')]
    store.put(at(3))
    await first.answer(at(2))
    expect(store.get(KEY)).toEqual(at(2))
    await expect(second.fail()).rejects.toThrow('lost')
    expect(heard).toEqual(['2 > 3'])
  })

  it('of a new object is not reported; listeners hear only of changes by others', async () => {
    store.remove(KEY)
    heard.length = 0
    await store.writing(KEY, undefined, async () => at(5, { uid: 'new' }))
    store.put(at(5, { uid: 'new' }))
    store.put(at(6, { uid: 'new' }))
    expect(heard).toEqual(['5 > 6'])
  })
})

describe('our own deletion', () => {
  beforeEach(() => {
    store.put(at(4))
    heard.length = 0
  })

  it('takes effect at once, and is not reported', async () => {
    await store.deleting(KEY, '4', async () => 'deleted')
    expect(store.get(KEY)).toBeUndefined()
    store.remove(KEY, '5')
    expect(heard).toEqual([])
  })

  it('is not undone by a watch that lags behind', async () => {
    await store.deleting(KEY, '4', async () => 'deleted')
    store.put(at(3))
    store.put(at(4))
    store.remove(KEY, '3')
    store.put(at(4))
    expect(store.get(KEY)).toBeUndefined()
    store.remove(KEY, '5')
    store.put(at(7, { uid: 'new' }))
    expect(heard).toEqual(['- > 7'])
  })

  it('is not undone by an earlier list, and does not hide later changes', async () => {
    await store.deleting(KEY, '4', async () => 'deleted')
    store.replace({ objects: [at(4)], scope: all, version: '4' })
    expect(store.get(KEY)).toBeUndefined()
    store.replace({ objects: [at(9, { uid: 'new' })], scope: all, version: '9' })
    expect(heard).toEqual(['- > 9'])
  })

  it('that found nothing is left to the watch, which reports the deletion', async () => {
    await store.deleting(KEY, '4', async () => 'gone')
    expect(store.get(KEY)).toEqual(at(4))
    store.remove(KEY, '5')
    expect(heard).toEqual(['4 > -'])
  })

  it('of an object with finalizers keeps it in the store with its deletionTimestamp', async () => {
    const marked = at(5, { deletionTimestamp: '2026-11-23T10:00:00Z' })
    await store.deleting(KEY, '4', async () => marked)
    expect(store.get(KEY)).toEqual(marked)
    expect(heard).toEqual([])
  })
})
