import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { status, type StatusOptions } from '../../src/cli/status.ts'
import { actionItems } from '../../src/cli/status/action-items.ts'
import { overviewOf } from '../../src/cli/status/overview.ts'
import type { ClusterSnapshot } from '../../src/cli/status/cluster-snapshot.ts'
import { tableOf } from '../../src/cli/status/table.ts'
import {
  agent,
  ago,
  booking,
  condition,
  integration,
  lease,
  NOW,
  READY,
  troubledScene,
  wellScene,
} from './support/fixtures.ts'
import { ManualClock } from '../support/clock.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { startAPI } from './support/api.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const table = (scene: ClusterSnapshot): string => `${tableOf(overviewOf(scene, NOW)).join('\n')}\n`
const needs = (scene: ClusterSnapshot) => actionItems(scene, overviewOf(scene, NOW).operator, NOW)
const reasonsOf = (scene: ClusterSnapshot): string[] => needs(scene).map(({ name, reason }) => `${name} ${reason}`)

describe('what status shows', () => {
  test.each([
    ['well', wellScene()],
    ['troubled', troubledScene()],
    ['empty', { namespace: 'empty', integrations: [], agents: [], bookings: [], leases: [] }],
    ['silent', { ...wellScene(), leases: [lease(3 * HOUR)] }],
  ])('of a cluster that is %s is the golden table', async (name, scene) => {
    await expect(table(scene)).toMatchFileSnapshot(`golden/status-${name}.txt`)
  })

  test('of a namespace without our objects names it: it may be misspelt', () => {
    const nothing = { namespace: 'boking', integrations: [], agents: [], bookings: [], leases: [lease(0)] }
    expect(table(nothing)).toContain(
      'There is no CalendarIntegration and no Agent in namespace boking. -n names another namespace, -A looks at all.',
    )
    expect(table({ ...nothing, namespace: undefined })).toContain('no Agent in this cluster.')
    expect(table(wellScene())).not.toContain('There is no')
  })

  test('fits 120 columns, and keeps each address whole', () => {
    const lines = table(troubledScene()).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120)
    expect(lines.some((line) => /^ {4}sign in: https:\/\/\S+$/.test(line))).toBe(true)
  })

  test('as JSON is the golden document', async () => {
    const { lines } = await run({ output: 'json', allNamespaces: true }, troubledScene())
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/status-troubled.json')
  })

  test('as YAML says the same', async () => {
    const { lines } = await run({ output: 'yaml' }, troubledScene())
    const json = await run({ output: 'json' }, troubledScene())
    expect(parse(lines.join('\n'))).toEqual(JSON.parse(json.lines.join('\n')))
  })

  test.each(['table', 'json', 'yaml'])(
    'as %s holds nothing that a terminal would obey, or be deceived by',
    async (output) => {
      const hostile = 'x\u001b[2J\u009b1m\u202ey\u2066\nAGENTS  all well\r\u0007'
      const scene = wellScene()
      scene.agents.push(agent('eve', [condition('Ready', 'False', 'AwaitingSignIn', { message: hostile })]))
      const { lines } = await run({ output }, scene)
      for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
      if (output === 'table') expect(lines.join('\n')).not.toMatch(/^ *AGENTS {2}all well/m)
      if (output === 'json') expect(lines.join('\n')).toContain('x\\u001b[2J\\u009b1m\\u202ey\\u2066\\n')
    },
  )

  test('names no e-mail address', async () => {
    for (const output of ['table', 'json']) {
      expect((await run({ output }, troubledScene())).lines.join('\n')).not.toContain('@example.com')
    }
  })
})

describe('what needs a person', () => {
  test('is sorted: what does not work, the oldest first, then what is going to end', () => {
    expect(reasonsOf({ ...troubledScene(), leases: [lease(HOUR)] })).toEqual([
      'calendar-operator Silent',
      'other InvalidClient',
      'dora AwaitingSignIn',
      'erik GrantRevoked',
      'tasting NoWriteCalendar',
      'carol GrantExpiresSoon',
      'bob GrantExpiresSoon',
    ])
  })

  test('is not what the operator tries again, until that has lasted a quarter of an hour', () => {
    const trying = (since: number): ClusterSnapshot => ({
      ...wellScene(),
      agents: [agent('fay', [condition('Ready', 'False', 'SyncFailed', { lastTransitionTime: ago(since) })])],
    })
    expect(reasonsOf(trying(14 * MINUTE))).toEqual([])
    expect(reasonsOf(trying(15 * MINUTE))).toEqual(['fay SyncFailed'])
  })

  test('is no answer to whoever made a booking, nothing that its agent is asked for, and nothing about the past', () => {
    const refused = (reason: string, spec = {}): ClusterSnapshot => ({
      ...wellScene(),
      bookings: [booking('viewing', [condition('Ready', 'False', reason)], spec)],
    })
    for (const reason of ['SlotTaken', 'InThePast', 'CancelledAtGoogle', 'AgentNotReady']) {
      expect(reasonsOf(refused(reason))).toEqual([])
    }
    for (const reason of ['AgentNotFound', 'NoWriteCalendar', 'CalendarReadOnly', 'EventRefused', 'EventConflict']) {
      expect(reasonsOf(refused(reason))).toEqual([`viewing ${reason}`])
      expect(reasonsOf(refused(reason, { end: ago(0) }))).toEqual([])
    }
  })

  test.each(['GrantSecretNotFound', 'AwaitingSignIn', 'IntegrationNotFound'])(
    'is at once what only a person can bring: %s',
    (reason) => {
      const young = condition('Ready', 'False', reason, { lastTransitionTime: ago(1_000) })
      expect(reasonsOf({ ...wellScene(), agents: [agent('gil', [young])] })).toEqual([`gil ${reason}`])
    },
  )

  test('is an object that nobody has looked at for a minute', () => {
    const unseen = (age: number): ClusterSnapshot => {
      const object = agent('ida', [], { status: { observedGeneration: -1, conditions: undefined, sync: undefined } })
      return { ...wellScene(), agents: [{ ...object, metadata: { ...object.metadata, creationTimestamp: ago(age) } }] }
    }
    expect(reasonsOf(unseen(59_000))).toEqual([])
    expect(reasonsOf(unseen(61_000))).toEqual(['ida NotLookedAt'])
  })

  test('includes an agent that is Ready in a status that nobody renews, if the Lease can’t be read', () => {
    const old = agent('jon', [READY], { status: { sync: { lastSyncTime: ago(20 * MINUTE) } } })
    expect(reasonsOf({ ...wellScene(), agents: [old], leases: undefined })).toEqual(['jon Stale'])
    const slow = integration([READY], 'google', {
      sync: { interval: '30m', fullSyncInterval: '24h', window: { pastDays: 1, futureDays: 90 }, push: 'Enabled' },
    })
    expect(reasonsOf({ ...wellScene(), integrations: [slow], agents: [old] })).toEqual([])
    expect(reasonsOf({ ...wellScene(), integrations: [], agents: [old] })).toEqual([])
  })

  test('is nothing that was suspended, whatever its status says', () => {
    const dead = condition('Ready', 'False', 'GrantRevoked')
    const frozen = agent('kim', [dead], { spec: { suspend: true }, status: { sync: { lastSyncTime: ago(HOUR) } } })
    expect(reasonsOf({ ...wellScene(), agents: [frozen] })).toEqual([])
  })

  test('comes with the sign-in address, and without one where none is offered', () => {
    const found = needs(troubledScene())
    expect(found.find(({ name }) => name === 'dora')?.signInURL).toContain('/sign-in/booking/dora')
    expect(found.find(({ name }) => name === 'bob')).not.toHaveProperty('signInURL')
  })
})

describe('the operator', () => {
  const operatorOf = (leases: ClusterSnapshot['leases']) => overviewOf({ ...wellScene(), leases }, NOW).operator

  test('is alive as long as its Lease lasts, and clocks differ by no more than half a minute', () => {
    expect(operatorOf([lease(44_000)]).state).toBe('Alive')
    expect(operatorOf([lease(46_000)]).state).toBe('Silent')
    expect(operatorOf([lease(-20_000)]).state).toBe('Alive')
  })

  test('is unknown if the Lease can’t be read or does not exist', () => {
    expect(operatorOf(undefined).state).toBe('Unknown')
    expect(operatorOf([]).message).toContain('--leader-elect')
  })

  test('is not running if the last one ended in an orderly way and none took over', () => {
    expect(operatorOf([lease(1_000, 'calendar-operator', '')]).state).toBe('Silent')
  })

  test('is reported for each installation', () => {
    expect(operatorOf([lease(), lease(HOUR, 'team-b', 'b')]).message).toBe(
      'b in namespace team-b has been silent for 1h',
    )
  })
})

describe('the exit code', () => {
  test('is 0 where all is well, and 1 where somebody has to act', async () => {
    expect((await run({ output: 'table' }, wellScene())).code).toBe(0)
    expect((await run({ output: 'table' }, troubledScene())).code).toBe(1)
  })

  test.each([
    [{ output: 'wide' }, '-o wide is not known: write table, json or yaml'],
    [
      { output: 'table', namespace: 'a', allNamespaces: true },
      '-n and -A contradict each other: leave one of them out',
    ],
  ])('is 2 for options that make no sense', async (options, error) => {
    const { code, lines, errors } = await run(options, wellScene())
    expect({ code, lines, errors }).toEqual({ code: 2, lines: [], errors: [error] })
  })

  test.each([
    [404, 'install the CRDs'],
    [403, 'name another namespace with -n'],
    [500, 'The API server failed: try again'],
  ])('is 2 where the API server answers %i, with what to do', async (refuse, words) => {
    const { code, errors } = await run({ output: 'table' }, wellScene(), { refuse })
    expect(code).toBe(2)
    expect(errors.join()).toContain(words)
  })
})

describe('what status reads', () => {
  test('is the namespace that was named, else the kubeconfig’s, else all', async () => {
    const asked = async (options: Partial<StatusOptions>) =>
      (await run({ output: 'table', ...options }, wellScene())).paths.filter((path) => path.endsWith('/agents'))
    expect(await asked({ namespace: 'team' })).toEqual(['/apis/calendar-operator.io/v1alpha1/namespaces/team/agents'])
    expect(await asked({})).toEqual(['/apis/calendar-operator.io/v1alpha1/namespaces/of-the-context/agents'])
    expect(await asked({ allNamespaces: true })).toEqual(['/apis/calendar-operator.io/v1alpha1/agents'])
  })

  test('is every page of a long list', async () => {
    const agents = Array.from({ length: 1201 }, (_, index) => agent(`a${index}`, [READY]))
    const { lines } = await run({ output: 'json' }, { ...wellScene(), agents })
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ agents: { total: 1201, ready: 1201 } })
  })

  test('are Leases of all namespaces, else those of ours, else none', async () => {
    const state = async (leasesFor: 'all' | 'own' | 'none') => {
      const { lines } = await run({ output: 'json' }, wellScene(), { leasesFor })
      return (JSON.parse(lines.join('\n')) as { operator: { state: string } }).operator.state
    }
    expect(await state('all')).toBe('Alive')
    expect(await state('own')).toBe('Alive')
    expect(await state('none')).toBe('Unknown')
  })

  test('is documented with its exit codes', async () => {
    const page = await readFile('docs/status.md', 'utf8')
    for (const said of ['| 0 |', '| 1 |', '| 2 |', '-o json']) expect(page).toContain(said)
  })
})

interface Ran {
  code: number
  lines: string[]
  errors: string[]
  paths: string[]
}

/** Delays between two attempts are skipped; deadlines never pass. */
const impatient = (clock: ManualClock): Clock => ({
  now: () => clock.now(),
  monotonic: () => clock.monotonic(),
  setTimer(ms, fire) {
    if (ms < 20_000) setImmediate(fire)
    return () => undefined
  },
})

/** Runs the command against an API server with these objects. */
async function run(
  options: StatusOptions,
  scene: ClusterSnapshot,
  api: Parameters<typeof startAPI>[1] = {},
): Promise<Ran> {
  const clock = new ManualClock(NOW)
  const server = await startAPI(scene, api)
  const [lines, errors]: string[][] = [[], []]
  try {
    const code = await status(options, {
      connect: () => server.connect(clock),
      clock: impatient(clock),
      random: () => 0,
      write: (line) => void lines?.push(line),
      writeError: (line) => void errors?.push(line),
    })
    return { code, lines: lines ?? [], errors: errors ?? [], paths: server.paths }
  } finally {
    await server.close()
  }
}
