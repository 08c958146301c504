/** What the operator has stored is read in pages at a start, and never in another version than the one that the watch shows. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConfigMap } from '../../src/kubernetes/port.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { ReadAhead } from '../../src/kubernetes/read-ahead.ts'
import type { SendRequest } from '../../src/kubernetes/request.ts'
import { ManualClock } from '../support/clock.ts'
import { thing } from './support/objects.ts'

const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  ...thing(name),
  kind: 'ConfigMap',
  data,
})

let clock: ManualClock
/** The pages that the API server answers; an error fails the request. */
let pages: (ConfigMap[] | Error)[]
let asked: string[]
let ahead: ReadAhead

const send = ((request: { path: string }) => {
  asked.push(request.path)
  const page = pages.shift() ?? []
  if (page instanceof Error) return Promise.reject(page)
  const metadata = { continue: pages.length > 0 ? `page-${pages.length}` : undefined }
  return Promise.resolve({
    metadata,
    items: page.map(({ metadata: of, data, binaryData }) => ({ metadata: of, data, binaryData })),
  })
}) as SendRequest

beforeEach(() => {
  clock = new ManualClock()
  pages = []
  asked = []
  ahead = new ReadAhead(
    { send, clock },
    {
      path: '/api/v1/configmaps',
      kind: { kind: 'ConfigMap', apiVersion: 'v1' },
      labelSelector: 'ours=yes',
      isWanted: (key) => !key.includes('foreign'),
    },
  )
})

afterEach(() => ahead.end())

const take = (name: string, version = '1') => ahead.take(`booking/${name}`, version)

describe('reading ahead', () => {
  it('asks for nothing before it begins', async () => {
    pages = [[map('a')]]
    expect(await take('a')).toBeUndefined()
    expect(asked).toEqual([])
  })

  it('reads a page when the first of its objects is needed, and the next one when it is', async () => {
    pages = [[map('a'), map('b')], [map('c')]]
    ahead.begin()
    expect(await Promise.all([take('a'), take('b')])).toEqual([map('a'), map('b')])
    expect(asked).toEqual(['/api/v1/configmaps?limit=250&labelSelector=ours%3Dyes'])
    expect(await take('c')).toEqual(map('c'))
    expect(asked).toHaveLength(2)
    expect(asked[1]).toContain('continue=page-1')
  })

  it('has each object once: afterwards, it is read on its own', async () => {
    pages = [[map('a')]]
    ahead.begin()
    await take('a')
    expect(await take('a')).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  it('does not have another version than the one that was seen', async () => {
    pages = [[map('a')]]
    ahead.begin()
    expect(await take('a', '2')).toBeUndefined()
  })

  it('does not hold what nobody here asks for', async () => {
    pages = [[map('foreign'), map('a')]]
    ahead.begin()
    await take('a')
    expect(await take('foreign')).toBeUndefined()
  })

  const bulk = 'x'.repeat(9 * 1024 * 1024)
  it.each<[string, ConfigMap]>([
    ['data', map('a', { 'busy.json': bulk })],
    ['binary data', { ...map('a'), binaryData: { 'busy.json': bulk } }],
    ['annotations', { ...map('a'), metadata: { ...map('a').metadata, annotations: { note: bulk } } }],
  ])('reads no further page while much is held: %s', async (_where, large) => {
    pages = [[large], [map('b')]]
    ahead.begin()
    await take('0')
    expect(await take('b')).toBeUndefined()
    expect(asked).toHaveLength(1)
    await take('a')
    expect(await take('b')).toEqual(map('b'))
  })

  it('reads smaller pages if one is too large', async () => {
    pages = [new ApiError('TooLarge', 'too large'), [map('a')]]
    ahead.begin()
    expect(await take('a')).toEqual(map('a'))
    expect(asked[1]).toContain('limit=50')
  })

  it('ends at any other failure, and leaves the rest to single reads', async () => {
    pages = [new ApiError('Forbidden', 'no'), [map('a')]]
    ahead.begin()
    expect(await take('a')).toBeUndefined()
    expect(await take('b')).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  it('holds nothing two minutes after the last page', async () => {
    pages = [[map('a')], [map('z')]]
    ahead.begin()
    await take('0')
    await clock.advance(2 * 60_000)
    expect(await take('a')).toBeUndefined()
    expect(await take('z')).toBeUndefined()
    expect(asked).toHaveLength(1)
  })
})
