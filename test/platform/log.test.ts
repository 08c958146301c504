import { describe, expect, test } from 'vitest'
import { createLog, stackOf } from '../../src/platform/log.ts'
import { ManualClock } from '../support/clock.ts'
import { keepLog } from '../support/log.ts'

const TOKEN = 'ya29.a0AfH6SMCsecret'
const MAIL = 'alice@example.com'

describe('a log line', () => {
  test('is one JSON object with level, time, fields and message', () => {
    const written: string[] = []
    const clock = new ManualClock('2026-11-23T10:00:00.5Z')
    createLog({ level: 'info', clock, write: (line) => void written.push(line) }).info({ key: 'ns/a' }, 'hello')
    expect(written).toEqual(['{"level":"info","time":"2026-11-23T10:00:00.500Z","key":"ns/a","msg":"hello"}\n'])
  })

  test('is written from its level on', () => {
    const log = keepLog('warn')
    log.debug({}, 'a')
    log.info({}, 'b')
    log.warn({}, 'c')
    log.error({}, 'd')
    expect(log.lines.map((line) => line.msg)).toEqual(['c', 'd'])
  })
})

describe('a secret is in no log line', () => {
  test.each<[string, Record<string, unknown>]>([
    ['in a field', { note: `with ${TOKEN}` }],
    ['deep in a field', { a: { b: [{ c: TOKEN }] } }],
    ['deeper than anybody looks', { a: { b: { c: { d: { e: { f: TOKEN } } } } } }],
    ['in a name of a field', { byAccount: { [MAIL]: 1 } }],
    ['in an error', { error: new Error(`refused: ${TOKEN} of ${MAIL}`) }],
    ['in the cause of an error', { error: new Error('refused', { cause: new Error(TOKEN) }) }],
    [
      'in what an error carries',
      { error: Object.assign(new Error('refused'), { config: { body: TOKEN, raw: MAIL } }) },
    ],
    ['in a Map or a Set', { m: new Map([[MAIL, TOKEN]]), s: new Set([TOKEN]) }],
    ['in bytes', { bytes: Buffer.from(TOKEN), text: new TextEncoder().encode(MAIL) }],
    ['in something that tells how to be written', { odd: { toJSON: () => TOKEN } }],
  ])('%s', (_, fields) => {
    const log = keepLog()
    log.info(fields, 'message')
    expect(log.text).not.toContain(TOKEN)
    expect(log.text).not.toContain(MAIL)
    expect(log.text).not.toContain(Buffer.from(TOKEN).toString('base64'))
    expect(log.lines).toHaveLength(1)
  })

  test('in the message', () => {
    const log = keepLog()
    log.info({}, `signed in ${MAIL}`)
    expect(log.lines[0]?.msg).toBe('signed in [e-mail address]')
  })

  test.each([
    'access_token',
    'refreshToken',
    'client_secret',
    'Authorization',
    'set-cookie',
    'password',
    'data',
    'summary',
  ])('under the name %s, whatever it looks like', (name) => {
    const log = keepLog()
    log.info({ deep: { [name]: { plain: 'hidden' } } }, 'message')
    expect(log.lines[0]?.deep).toEqual({ [name]: '[redacted]' })
  })

  test('cut off in the middle of a long text', () => {
    const log = keepLog()
    log.info({ long: 'x '.repeat(4_000 - 12) + `${MAIL} ${TOKEN}`.repeat(2_000) }, 'message')
    expect(log.text).not.toContain('alice')
    expect(log.text).not.toContain('ya29')
    expect(log.text.length).toBeLessThan(3_000)
  })
})

describe('a value that JSON does not know', () => {
  test('is written as something', () => {
    const log = keepLog()
    const circle: Record<string, unknown> = {}
    circle.self = circle
    log.info({ big: 10n, at: new Date(0), never: new Date(NaN), circle, nothing: undefined, run: () => 1 }, 'message')
    expect(log.lines[0]).toMatchObject({ big: '10', at: '1970-01-01T00:00:00.000Z', never: 'no date' })
  })

  test('a long list is cut', () => {
    const log = keepLog()
    log.info({ list: Array.from({ length: 10_000 }, (_, index) => index) }, 'message')
    expect(log.lines[0]?.list).toHaveLength(50)
  })
})

describe('an error', () => {
  test('tells its name, its code, its message and its cause, and nothing else', () => {
    const log = keepLog()
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', request: { body: 'x' } })
    log.info({ error: new TypeError('fetch failed', { cause }) }, 'message')
    expect(log.lines[0]?.error).toEqual({
      name: 'TypeError',
      message: 'fetch failed',
      cause: { name: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    })
  })

  test('shows where it came from without repeating its message', () => {
    const stack = stackOf(new Error(`first line\nsecond line ${TOKEN}`)) ?? ''
    expect(stack).toContain('log.test.ts')
    expect(stack).not.toMatch(/first line|second line|ya29/)
  })

  test('that is not an error has no stack', () =>
    expect([stackOf('text'), stackOf(undefined)]).toEqual([undefined, undefined]))
})
