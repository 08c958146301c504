import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectAgent, type ConnectOptions } from '../../src/cli/connect.ts'
import { signInState } from '../../src/cli/connect/sign-in-state.ts'
import { connect } from '../../src/kubernetes/connection.ts'
import type { Agent, Condition } from '../../src/resources/types.ts'
import { ScriptedApi } from '../kubernetes/support/api.ts'
import { configOf } from '../kubernetes/support/kubeconfig.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { anAgent } from '../support/resources.ts'
import { condition, NOW } from './support/fixtures.ts'

const LINK = 'https://booking.example.com/google-calendar/sign-in/abc'
const MINUTE = 60_000

/** The objects of a small API server; a number instead of an object is the status with which reading it is refused. */
let agents: (Agent | number)[]
let elsewhere: Agent[]
let api: ScriptedApi
let clock: ManualClock
let out: string[]
let err: string[]
let opened: string[]
let asked: string[]
/** Events of failed sign-ins; a number is the status with which reading them is refused. */
let failures: object[] | number

beforeEach(async () => {
  ;[agents, elsewhere, out, err, opened, asked] = [[], [], [], [], [], []]
  failures = []
  clock = new ManualClock(NOW)
  api = await ScriptedApi.start((request, reply) => {
    asked.push(`${request.method} ${request.path}`)
    const base = '/apis/calendar-operator.io/v1alpha1'
    if (request.path === '/api/v1/namespaces/booking/events') {
      if (typeof failures === 'number') return reply.refuse(failures, 'Forbidden')
      const selected = request.query.get('fieldSelector') === `involvedObject.uid=uid-of-alice,reason=SignInFailed`
      return reply.json({ items: selected ? failures : [] })
    }
    if (request.path === `${base}/agents`) return reply.json({ items: elsewhere })
    const refusal = agents.find((one) => typeof one === 'number')
    if (refusal !== undefined) return reply.refuse(refusal, refusal === 403 ? 'Forbidden' : 'No')
    const known = agents as Agent[]
    if (request.path === `${base}/namespaces/booking/agents`) return reply.json({ items: known })
    const found = known.find(({ metadata }) => request.path === `${base}/namespaces/booking/agents/${metadata.name}`)
    if (found) reply.json(found)
    else reply.refuse(404, 'NotFound')
  })
})
afterEach(() => api.kill())

interface Running {
  code: Promise<number>
  /** Advances the clock until `seen`; fails if that never happens. */
  until(what: string, seen: () => boolean): Promise<void>
}

function start(name = 'alice', options: Partial<ConnectOptions> = {}): Running {
  const code = connectAgent(
    name,
    { wait: true, timeout: '5m', ...options },
    {
      connect: () => connect(configOf({ cluster: api.cluster, namespace: 'booking' }), clock),
      clock,
      random: () => 0.5,
      write: (line) => void out.push(line),
      writeError: (line) => void err.push(line),
      open: async (url) => (url.includes('unopenable') ? Promise.reject(new Error('no')) : void opened.push(url)),
      qr: async (text) => Promise.resolve(`QR(${text})`),
    },
  )
  return { code, until }
}

async function until(what: string, seen: () => boolean): Promise<void> {
  for (let step = 0; step < 4_000; step++) {
    if (seen()) return
    await settle()
    await clock.advance(100)
  }
  throw new Error(`waited in vain until ${what}: ${err.join('\n')}`)
}

/** Runs to the end, however long that takes. */
async function run(name?: string, options?: Partial<ConnectOptions>): Promise<number> {
  let code: number | undefined
  void start(name, options).code.then((answer) => (code = answer))
  await until('it ends', () => code !== undefined)
  return code ?? -1
}

interface Standing {
  ready?: Condition
  authorized?: Condition
  authorization?: object
  spec?: object
}

function agent({ ready, authorized, authorization, spec }: Standing = {}, name = 'alice'): Agent {
  const conditions = [ready, authorized].filter((one) => one !== undefined)
  const status = conditions.length === 0 ? {} : { observedGeneration: 1, conditions, authorization }
  const made = anAgent({ grantSecretRef: undefined, ...spec }, name)
  return { ...made, status: { observedGeneration: -1, ...status } }
}

const awaiting = (url: string | null = LINK, reason = 'AwaitingSignIn', more: object = {}): Agent =>
  agent({
    ready: condition('Ready', 'False', reason),
    authorized: condition('Authorized', 'False', reason),
    authorization: { ...(url === null ? {} : { url }), ...more },
  })
const expiring = (): Agent =>
  agent({
    ready: condition('Ready', 'True', 'Ready'),
    authorized: condition('Authorized', 'True', 'GrantExpiresSoon'),
    authorization: { url: LINK, grantedAt: '2026-11-16T10:00:00Z' },
  })
const authorized = (ready: Condition): Agent => agent({ ready, authorized: condition('Authorized', 'True', 'Granted') })
const connected = (): Agent => authorized(condition('Ready', 'True', 'Ready'))
const reading = (): Agent => authorized(condition('Ready', 'Unknown', 'NotYetSynced'))

describe('the link', () => {
  test('goes to the standard output by itself, and the waiting ends when the agent is ready', async () => {
    agents = [awaiting()]
    const { code } = start()
    await until('it waits', () => err.some((line) => line.startsWith('Waiting')))
    expect(out).toEqual([LINK])
    expect(err).toEqual([
      'AwaitingSignIn: AwaitingSignIn: in words.',
      'Waiting for the sign-in until 2026-11-23T10:05:00Z; Ctrl-C stops it. The link stays valid after that.',
    ])
    agents = [reading()]
    await until('the progress is told', () => err.some((line) => line.startsWith('NotYetSynced')))
    agents = [connected()]
    await until('it ends', () => err.includes('Connected.'))
    expect(await code).toBe(0)
    expect(out).toEqual([LINK])
  })

  test('is printed at once, and that is all, with --no-wait', async () => {
    agents = [awaiting()]
    expect(await run('alice', { wait: false })).toBe(0)
    expect(out).toEqual([LINK])
    expect(clock.now() - NOW).toBeLessThan(1_000)
  })

  test('is waited for if the agent is new and has no status yet', async () => {
    agents = [agent()]
    const { code } = start()
    await until('it says so', () => err.some((line) => line.includes('not looked at it yet')))
    agents = [awaiting()]
    await until('the link is there', () => out.length === 1)
    agents = [connected()]
    await until('it ends', () => err.includes('Connected.'))
    expect(await code).toBe(0)
  })

  test('of a grant that ends soon is there too, and the waiting ends with the new grant', async () => {
    agents = [expiring()]
    const { code } = start()
    await until('the link is there', () => out.length === 1)
    await clock.advance(MINUTE)
    agents = [connected()]
    await until('it ends', () => err.includes('Connected.'))
    expect(await code).toBe(0)
  })

  test('is opened, and shown as a QR code, on request', async () => {
    agents = [awaiting()]
    await run('alice', { wait: false, open: true, qr: true })
    expect(opened).toEqual([LINK])
    expect(err).toContain(`QR(${LINK})`)
    expect(out).toEqual([LINK])
  })

  test('is printed if no browser can be opened', async () => {
    agents = [awaiting('https://unopenable.example.com/')]
    expect(await run('alice', { wait: false, open: true })).toBe(0)
    expect(err).toContain('No browser could be opened: open the link by hand.')
  })

  test.each(['javascript:alert(1)', 'file:///etc/passwd', 'xdg-open', 'https://', ''])(
    'is nothing but an address of the web: not %s',
    async (url) => {
      agents = [awaiting(url)]
      expect(await run('alice', { open: true })).toBe(2)
      expect([out, opened]).toEqual([[], []])
    },
  )

  test('that changes is shown again', async () => {
    agents = [awaiting()]
    const { code } = start()
    await until('the link is there', () => out.length === 1)
    agents = [awaiting(`${LINK}d`)]
    await until('the other link is there', () => out.length === 2)
    agents = [connected()]
    await until('it ends', () => err.includes('Connected.'))
    expect(await code).toBe(0)
    expect(out).toEqual([LINK, `${LINK}d`])
  })
})

describe('what comes of it', () => {
  test('is reported if a person has signed in and the grant does not fit', async () => {
    agents = [awaiting()]
    const { code } = start()
    await until('the link is there', () => out.length === 1)
    agents = [awaiting(LINK, 'WrongAccount', { grantedAt: '2026-11-23T10:01:00Z' })]
    await until('it is told', () => err.some((line) => line.startsWith('WrongAccount')))
    expect(await code).toBe(1)
  })

  test('is waited for where an older grant does not fit', async () => {
    agents = [awaiting(LINK, 'WrongAccount', { grantedAt: '2026-11-20T10:00:00Z' })]
    const { code } = start()
    await until('the link is there', () => out.length === 1)
    await clock.advance(MINUTE)
    agents = [connected()]
    await until('it ends', () => err.includes('Connected.'))
    expect(await code).toBe(0)
  })

  test('is that something else is wrong', async () => {
    agents = [awaiting()]
    const { code } = start()
    await until('the link is there', () => out.length === 1)
    agents = [authorized(condition('Ready', 'False', 'CalendarNotFound'))]
    await until('it is told', () => err.some((line) => line.startsWith('CalendarNotFound')))
    expect(await code).toBe(1)
  })

  test('is that nobody came in time', async () => {
    agents = [awaiting()]
    expect(await run('alice', { timeout: '30s' })).toBe(3)
    expect(clock.now() - NOW).toBeLessThan(40_000)
    expect(err.at(-1)).toBe('Nobody has signed in within 30s. The link stays valid.')
  })

  const failed = (name: string, message: string, count?: number): object => ({
    metadata: { name },
    message,
    ...(count && { series: { count } }),
  })
  const told = (): string[] => err.filter((line) => line.startsWith('SignInFailed'))

  test('is reported each time that an attempt fails, and the waiting continues', async () => {
    agents = [awaiting()]
    failures = [failed('old', 'Of yesterday.')]
    const { code } = start()
    await until('the link is there', () => out.length === 1)
    failures = [failed('old', 'Of yesterday.'), failed('new', 'Access was not\u001b[31m allowed.')]
    await until('it is told', () => told().length === 1)
    await clock.advance(10_000)
    expect(told()).toEqual(['SignInFailed: Access was not\ufffd[31m allowed.'])
    failures = [failed('new', 'Again.', 2)]
    await until('it is told again', () => told().length === 2)
    agents = [connected()]
    await until('it ends', () => err.includes('Connected.'))
    expect(await code).toBe(0)
  })

  test('is that nobody completed the sign-in, if somebody tried', async () => {
    agents = [awaiting()]
    const { code } = start('alice', { timeout: '30s' })
    await until('the link is there', () => out.length === 1)
    failures = [failed('new', 'Denied.')]
    await clock.advance(40_000)
    await until('it ends', () => err.at(-1)?.startsWith('Nobody') === true)
    expect(err.at(-1)).toBe('Nobody has completed the sign-in within 30s. The link stays valid.')
    expect(await code).toBe(3)
  })

  test('is found without the right to list Events, which are then asked for once', async () => {
    agents = [awaiting()]
    failures = 403
    expect(await run('alice', { timeout: '30s' })).toBe(3)
    expect(asked.filter((one) => one.includes('events'))).toHaveLength(1)
  })

  test('is reported even if the API server was unavailable meanwhile', async () => {
    agents = [awaiting()]
    const { code } = start()
    await until('the link is there', () => out.length === 1)
    agents = [503]
    await clock.advance(5_000)
    agents = [connected()]
    await until('it ends', () => err.includes('Connected.'))
    expect(await code).toBe(0)
  })
})

describe('nothing to do, or nothing that can be done', () => {
  test.each<[string, Agent, number, string]>([
    ['connected already', connected(), 0, 'Nobody has to sign in.'],
    ['being read', reading(), 0, 'Nobody has to sign in.'],
    [
      'of a supplied grant',
      agent({ spec: { grantSecretRef: { name: 'alice-grant' } } }),
      2,
      'Secret alice-grant, which spec.grantSecretRef names, supplies its grant',
    ],
    ['suspended', agent({ spec: { suspend: true } }), 2, 'set spec.suspend to false'],
    ['without a web server', awaiting(null), 2, '--web-bind-address'],
    ['of no integration of its own', awaiting(null, 'IntegrationNotAllowed'), 2, 'IntegrationNotAllowed: in words.'],
    [
      'blocked by an administrator',
      agent({
        ready: condition('Ready', 'False', 'BlockedByAdmin'),
        authorized: condition('Authorized', 'False', 'BlockedByAdmin'),
      }),
      2,
      'BlockedByAdmin: in words.',
    ],
  ])('for an agent that is %s: it says so', async (_, one, code, words) => {
    agents = [one]
    expect(await run()).toBe(code)
    expect(err.join('\n')).toContain(words)
    expect(out).toEqual([])
  })

  test('for an agent that there is not: it says which was meant', async () => {
    agents = [awaiting()]
    expect(await run('alcie')).toBe(2)
    expect(err).toEqual(['There is no Agent alcie in namespace booking; did you mean alice?'])
  })

  test('for an agent of another namespace: it says which', async () => {
    elsewhere = [{ ...awaiting(), metadata: { name: 'alice', namespace: 'other' } }]
    expect(await run()).toBe(2)
    expect(err).toEqual(['There is no Agent alice in namespace booking; there is one in namespace other: -n other'])
  })

  test.each([
    ['403', 403, 'You may not read Agents there'],
    ['401', 401, "refuses the kubeconfig's credentials"],
    ['500', 500, 'The API server failed: try again'],
  ])('where the API server answers %s', async (_, status, words) => {
    agents = [status]
    expect(await run('alice', { timeout: '10s' })).toBe(2)
    expect(err.join('\n')).toContain(words)
  })

  test.each([
    ['a name that is none', 'Alice/..', {}, 'not a valid name for an Agent'],
    ['a timeout that is none', 'alice', { timeout: 'soon' }, '--timeout soon is not understood'],
    ['no time at all', 'alice', { timeout: '0s' }, '--timeout 0s is not understood'],
  ])('with %s: it says so and asks nobody', async (_, name, options, words) => {
    expect(await run(name, options)).toBe(2)
    expect(err.join('\n')).toContain(words)
    expect(asked).toEqual([])
  })
})

test('only reads', async () => {
  agents = [awaiting()]
  await run('alice', { timeout: '10s' })
  expect(new Set(asked)).toEqual(
    new Set([
      'GET /apis/calendar-operator.io/v1alpha1/namespaces/booking/agents/alice',
      'GET /api/v1/namespaces/booking/events',
    ]),
  )
})

test('says nothing that a terminal would obey', () => {
  const words = signInState(
    agent({ ready: condition('Ready', 'False', 'SyncFailed', { message: 'red \u001b[31m\r\nrum' }) }),
  ).message
  expect(words).toBe('SyncFailed: red \ufffd[31m rum')
})
