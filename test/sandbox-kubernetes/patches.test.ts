import { describe, expect, it } from 'vitest'
import { jsonPatch, mergePatch } from '../../sandbox/kubernetes/storage/patches.ts'
import { strategicPatch } from '../../sandbox/kubernetes/storage/strategic.ts'
import { AGENTS, agent, MERGE, SECRETS, secret, started } from './harness.ts'

// The table at the end of RFC 7386.
const MERGES: [unknown, unknown, unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
]

describe('a merge patch', () => {
  it.each(MERGES)('of %j by %j is %j', (target, patch, result) => {
    const before = structuredClone(target)
    expect(mergePatch(target, patch)).toEqual(result)
    expect(target).toEqual(before)
  })
})

describe('a JSON patch', () => {
  const target = { a: [1, 2, 3], b: { 'c/d': 'x', 'e~f': 'y' } }
  it.each([
    [[{ op: 'add', path: '/a/1', value: 9 }], { ...target, a: [1, 9, 2, 3] }],
    [[{ op: 'add', path: '/a/-', value: 9 }], { ...target, a: [1, 2, 3, 9] }],
    [[{ op: 'remove', path: '/a/0' }], { ...target, a: [2, 3] }],
    [[{ op: 'replace', path: '/a/2', value: 9 }], { ...target, a: [1, 2, 9] }],
    [[{ op: 'remove', path: '/b/c~1d' }], { ...target, b: { 'e~f': 'y' } }],
    [[{ op: 'replace', path: '/b/e~0f', value: 'z' }], { ...target, b: { 'c/d': 'x', 'e~f': 'z' } }],
    [[{ op: 'move', from: '/b', path: '/g' }], { a: [1, 2, 3], g: target.b }],
    [[{ op: 'copy', from: '/a/0', path: '/a/-' }], { ...target, a: [1, 2, 3, 1] }],
    [[{ op: 'test', path: '/b', value: { 'e~f': 'y', 'c/d': 'x' } }], target],
  ])('%j is done', (operations, result) => {
    expect(jsonPatch(target, operations)).toEqual(result)
  })

  it.each([
    [{ op: 'test', path: '/a/0', value: 2 }],
    [{ op: 'remove', path: '/none' }],
    [{ op: 'replace', path: '/a/7', value: 1 }],
    [{ op: 'add', path: '/a/7', value: 1 }],
    [{ op: 'add', path: '/a/01', value: 1 }],
    [{ op: 'add', path: '/none/x', value: 1 }],
    [{ op: 'add', path: 'a', value: 1 }],
    [{ op: 'constructor', path: '/a' }],
    ['text'],
  ])('%j is refused', (operation) => {
    expect(() => jsonPatch(target, [operation])).toThrow()
  })
})

describe('a strategic merge patch', () => {
  const owner = (uid: string, more: object = {}) => ({ uid, name: `n-${uid}`, ...more })
  const target = {
    metadata: { finalizers: ['a/a', 'b/b'], ownerReferences: [owner('1'), owner('2')] },
    data: { a: '1', b: '2' },
  }

  it('merges owners by uid and finalizers as a set, and removes what it names', () => {
    const patch = {
      metadata: {
        finalizers: ['c/c', 'a/a'],
        '$setElementOrder/finalizers': ['a/a', 'c/c'],
        '$deleteFromPrimitiveList/finalizers': ['b/b'],
        ownerReferences: [{ uid: '1', $patch: 'delete' }, { uid: '2', controller: true }, owner('3')],
      },
    }
    expect(strategicPatch(target, patch)).toEqual({
      metadata: { finalizers: ['a/a', 'c/c'], ownerReferences: [owner('2', { controller: true }), owner('3')] },
      data: target.data,
    })
  })

  it('replaces a map or a list on request', () => {
    const patch = {
      data: { $patch: 'replace', c: '3' },
      metadata: { ownerReferences: [{ $patch: 'replace' }, owner('9')] },
    }
    expect(strategicPatch(target, patch)).toEqual({
      metadata: { finalizers: ['a/a', 'b/b'], ownerReferences: [owner('9')] },
      data: { c: '3' },
    })
  })

  it('is accepted for Secrets, and refused for our kinds', async () => {
    const { sandbox, send } = await started()
    sandbox.apply([secret('grant', { data: { a: 'YQ==' } }), agent('alice')])
    const headers = { 'content-type': 'application/strategic-merge-patch+json' }
    expect((await send('PATCH', `${SECRETS}/grant`, { data: { b: 'Yg==' } }, headers)).body.data).toEqual({
      a: 'YQ==',
      b: 'Yg==',
    })
    expect((await send('PATCH', `${AGENTS}/alice`, {}, headers)).status).toBe(415)
  })
})

describe('a server-side apply', () => {
  it('is refused with a clear message', async () => {
    const { send } = await started()
    const answer = await send('PATCH', `${AGENTS}/alice?fieldManager=me`, agent('alice'), {
      'content-type': 'application/apply-patch+yaml',
    })
    expect(answer.status).toBe(415)
    expect(answer.body.message).toContain("this sandbox doesn't do server-side apply")
  })
})

describe('a patch', () => {
  it('with a null body, of a uid, or that is not JSON is refused, and changes nothing', async () => {
    const { sandbox, send } = await started()
    const [before] = sandbox.apply(agent('alice'))
    const path = `${AGENTS}/alice`
    expect((await send('PATCH', path, 'null', MERGE)).status).toBe(400)
    expect((await send('PATCH', path, '{"spec":', MERGE)).status).toBe(400)
    expect((await send('PATCH', path, { metadata: { uid: 'other' } }, MERGE)).status).toBe(422)
    expect((await send('PATCH', path, { metadata: { name: 'other' } }, MERGE)).status).toBe(400)
    expect((await send('PATCH', path, { spec: null }, MERGE)).status).toBe(422)
    expect(sandbox.get('Agent', 'booking', 'alice')).toEqual(before)
  })
})
