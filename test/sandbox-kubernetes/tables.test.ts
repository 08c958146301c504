import { describe, expect, it } from 'vitest'
import { humanDuration } from '../../sandbox/kubernetes/model/human-duration.ts'
import { compilePath } from '../../sandbox/kubernetes/model/jsonpath.ts'
import { ALL_AGENTS, agent, started } from './harness.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]

describe('an age', () => {
  // The results of HumanDuration in k8s.io/apimachinery.
  it.each([
    [0, '0s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [5 * MINUTE + 30 * SECOND, '5m30s'],
    [10 * MINUTE + 30 * SECOND, '10m'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [7 * HOUR + 59 * MINUTE, '7h59m'],
    [47 * HOUR + 59 * MINUTE, '47h'],
    [2 * DAY + 5 * HOUR, '2d5h'],
    [8 * DAY + 5 * HOUR, '8d'],
    [729 * DAY, '729d'],
    [730 * DAY, '2y'],
    [2 * 365 * DAY + 3 * DAY, '2y3d'],
    [9 * 365 * DAY + 3 * DAY, '9y'],
    [-1500, '0s'],
    [-3000, '<invalid>'],
  ])('of %d ms is %s', (ms, text) => expect(humanDuration(ms)).toBe(text))
})

describe('a JSONPath', () => {
  const value = {
    a: [
      { n: 'x', v: 1 },
      { n: 'y', v: 2 },
    ],
    'b.c/d': 3,
    e: { f: 4 },
  }
  it.each([
    ['.a[0].v', [1]],
    ['.a[*].v', [1, 2]],
    ['.a[?(@.n=="y")].v', [2]],
    [".a[?(@.n=='z')].v", []],
    ["['b.c/d']", [3]],
    ['.b\\.c/d', 'refused'],
    ['.e.f', [4]],
    ['.e.g.h', []],
    ['.a[?(@.v>1)]', 'refused'],
    ['..v', 'refused'],
  ])('%s finds %j', (path, expected) => {
    if (expected === 'refused') expect(() => compilePath(path)).toThrow(`can't read the JSONPath ${path}`)
    else expect(compilePath(path)(value)).toEqual(expected)
  })
})

describe('a table', () => {
  it('shows ages by the clock, and a deadline as it is written', async () => {
    const { clock, sandbox, send } = await started()
    sandbox.apply(agent('alice'))
    const status = {
      sync: { lastSyncTime: '2026-11-23T10:00:00Z', busyIntervals: 0 },
      authorization: { expiresAt: '2026-11-30T10:00:00Z' },
      conditions: [condition('Synced', 'False'), condition('Ready', 'True')],
    }
    sandbox.patch({ kind: 'Agent', namespace: 'booking', name: 'alice', subresource: 'status' }, { status })
    await clock.advance(5 * MINUTE + 30 * SECOND)
    const { body } = await send('GET', `${ALL_AGENTS}?includeObject=None`, undefined, { accept: TABLE })
    const row = [
      'alice',
      'True',
      'Because',
      'alice@example.com',
      '5m30s',
      '2026-11-30T10:00:00Z',
      '5m30s',
      'google',
      0,
      null,
      'So it is',
    ]
    expect(body.rows).toEqual([{ cells: row }])
  })

  it('contains whole objects on request', async () => {
    const { sandbox, send } = await started()
    const [alice] = sandbox.apply(agent('alice'))
    const { body } = await send('GET', `${ALL_AGENTS}?includeObject=Object`, undefined, { accept: TABLE })
    expect(body.rows?.[0]?.object).toEqual(alice)
  })
})

const condition = (type: string, status: string) => ({
  type,
  status,
  reason: 'Because',
  message: 'So it is',
  lastTransitionTime: '2026-11-23T10:00:00Z',
})
