import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApiHealth } from '../../src/kubernetes/api-health.ts'
import { ApiError, type ApiFailure } from '../../src/kubernetes/port.ts'
import { createRequest, type ApiRequest, type SendRequest } from '../../src/kubernetes/request.ts'
import { about, ManualClock, settle } from '../support/clock.ts'
import { inTurn, ScriptedApi, type Script } from './support/api.ts'
import { configOf } from './support/kubeconfig.ts'
import { LogBook, until, untilTime } from './support/wait.ts'

const READ: ApiRequest = { method: 'GET', path: '/api/v1/namespaces/booking/secrets/x' }
const WRITE: ApiRequest = { method: 'PATCH', path: '/api/v1/namespaces/booking/secrets/x', body: { data: {} } }

let clock: ManualClock
let api: ScriptedApi
let send: SendRequest
let observed: string[]
let directory: string

beforeEach(async () => {
  clock = new ManualClock()
  observed = []
  directory = await mkdtemp(join(tmpdir(), 'request-'))
  api = await ScriptedApi.start((_request, reply) => reply.json({ hello: 'you' }))
  const observe = (method: string, code: string, host: string) => {
    expect(host).toBe(`127.0.0.1:${api.port}`)
    observed.push(`${method} ${code}`)
  }
  send = createRequest({ connection: api.connect(clock), clock, random: () => 0.5, observe })
})

afterEach(async () => {
  await api.kill()
  await rm(directory, { recursive: true })
})

/** What becomes of it, with time passing as fast as it may. */
async function outcome(request: ApiRequest, ...steps: Script[]): Promise<unknown> {
  if (steps.length > 0) api.script = inTurn(...steps)
  let settled = false
  const result = send(request).then(
    (value: unknown) => value,
    (error: unknown) => error,
  )
  void result.finally(() => (settled = true))
  await untilTime(clock, 'the request has ended', () => settled)
  return result
}

const refuse =
  (code: number, reason = 'InternalError', headers: Record<string, string> = {}): Script =>
  (_request, reply) =>
    reply.refuse(code, reason, {}, headers)
const cut: Script = (_request, reply) => reply.cut()
const fine: Script = (_request, reply) => reply.json({ fine: true })
const hang: Script = () => undefined

describe('a request', () => {
  it('returns the body as it is', async () => {
    expect(await outcome(READ)).toEqual({ hello: 'you' })
    expect(api.requests[0]).toMatchObject({ method: 'GET', path: READ.path })
  })

  it('sends a body with its content type, and a user agent', async () => {
    await outcome({ ...WRITE, contentType: 'application/merge-patch+json' })
    expect(api.requests[0]?.headers).toMatchObject({
      'content-type': 'application/merge-patch+json',
      'user-agent': 'calendar-operator',
    })
    expect(api.requests[0]?.body).toEqual({ data: {} })
  })

  it('counts every attempt', async () => {
    await outcome(READ, refuse(500), cut, fine)
    expect(observed).toEqual(['GET 500', 'GET error', 'GET 200'])
  })

  it('whose answer is too large is not taken for an outage', async () => {
    const health = new ApiHealth({ clock, random: () => 0.5, log: new LogBook() })
    send = createRequest({ connection: api.connect(clock), clock, random: () => 0.5, health })
    const error = await outcome(READ, (_request, reply) => reply.json('x'.repeat(17 * 1024 * 1024)))
    expect(error).toMatchObject({ failure: 'TooLarge' })
    expect(health.isFailing).toBe(false)
  })

  it.each<ApiRequest['method']>(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    'leaves its connection to the next: %s',
    async (method) => {
      const request = { method, path: '/x', body: method === 'GET' ? undefined : {} }
      for (let turn = 0; turn < 20; turn++) await outcome(request)
      expect(api.accepted).toBeLessThan(4)
    },
  )

  it('uses the base path of a cluster that has one', async () => {
    const config = configOf({ cluster: { server: `${api.url}/k8s/clusters/one/` } })
    send = createRequest({ connection: api.connect(clock, config), clock, random: () => 0.5 })
    await outcome(READ)
    expect(api.requests[0]?.path).toBe(`/k8s/clusters/one${READ.path}`)
  })
})

describe('a retry', () => {
  const cases: [string, Script, { read: boolean; write: boolean }][] = [
    ['a 500', refuse(500), { read: true, write: false }],
    ['a 504', refuse(504, 'Timeout'), { read: true, write: false }],
    ['a cut connection', cut, { read: true, write: false }],
    ['a 503', refuse(503, 'ServiceUnavailable'), { read: true, write: false }],
    ['a 503 with Retry-After', refuse(503, 'ServiceUnavailable', { 'retry-after': '1' }), { read: true, write: true }],
    ['a 500 with Retry-After', refuse(500, 'InternalError', { 'retry-after': '1' }), { read: true, write: false }],
    ['a 429', refuse(429, 'TooManyRequests', { 'retry-after': '1' }), { read: true, write: true }],
    ['a 429 that says no time', refuse(429, 'TooManyRequests'), { read: true, write: true }],
    ['a 403', refuse(403, 'Forbidden'), { read: false, write: false }],
    ['a 409', refuse(409, 'Conflict'), { read: false, write: false }],
    ['an answer that is no JSON', (_request, reply) => reply.text('<html>', 200), { read: true, write: false }],
  ]
  it.each(cases)('after %s is made if it is safe', async (_what, first, { read, write }) => {
    expect(await outcome(READ, first, fine)).toEqual(read ? { fine: true } : expect.any(ApiError))
    expect(api.requests).toHaveLength(read ? 2 : 1)
    expect(await outcome(WRITE, first, fine)).toEqual(write ? { fine: true } : expect.any(ApiError))
    expect(api.requests).toHaveLength((read ? 2 : 1) + (write ? 2 : 1))
  })

  it('is safe for a write that was never sent: the connection was refused', async () => {
    await api.kill()
    const result = outcome(WRITE)
    await until('it was tried', () => observed.length >= 1)
    await api.listen()
    expect(await result).toEqual({ hello: 'you' })
    expect(api.requests).toHaveLength(1)
  })

  it('is never made for a write whose response was lost: it fails as Unreachable', async () => {
    const error = await outcome(WRITE, cut, fine)
    expect(error).toMatchObject({ failure: 'Unreachable' })
    expect(api.requests).toHaveLength(1)
  })

  it('waits for as long as the server asks, and only a little longer', async () => {
    api.script = inTurn(refuse(429, 'TooManyRequests', { 'retry-after': '5' }), fine)
    const result = send(WRITE)
    await until('it was refused', () => observed.length === 1)
    await clock.advance(4_999)
    expect(api.requests).toHaveLength(1)
    await clock.advance(1_001)
    expect(await result).toEqual({ fine: true })
  })

  it('is left to the caller if the server asks for a long time', async () => {
    const error = await outcome(READ, refuse(429, 'TooManyRequests', { 'retry-after': '60' }))
    expect(error).toMatchObject({ failure: 'Unreachable', status: 429, retryAfterMs: 60_000 })
    expect(api.requests).toHaveLength(1)
  })

  it('ends after four attempts with growing pauses', async () => {
    const times: number[] = []
    api.script = (_request, reply) => {
      times.push(clock.now())
      reply.refuse(500, 'InternalError')
    }
    const result = send(READ).catch((error: unknown) => error)
    for (let tries = 1; tries <= 3; tries++) {
      await until(`try ${tries} was refused`, () => observed.length === tries)
      // The pause, not the deadline of the request.
      await clock.advance((clock.pending[0] ?? 0) - clock.now())
    }
    expect(await result).toMatchObject({ failure: 'Unreachable', status: 500 })
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(pauses).toEqual(about([400, 800, 1600]))
  })

  it('reads the credentials again after a 401, once', async () => {
    await api.kill()
    api = await ScriptedApi.startSecure(() => undefined)
    const tokenFile = join(directory, 'token')
    await writeFile(tokenFile, 'old')
    send = createRequest({ connection: api.connect(clock, api.config({ tokenFile })), clock, random: () => 0.5 })
    await outcome(READ, fine)
    await writeFile(tokenFile, 'new')
    api.script = ({ headers }, reply) => {
      if (headers.authorization === 'Bearer new') reply.json({ fine: true })
      else reply.refuse(401, 'Unauthorized')
    }
    expect(await outcome(WRITE)).toEqual({ fine: true })
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer old', 'Bearer new'])
    api.script = refuse(401, 'Unauthorized')
    expect(await outcome(WRITE)).toMatchObject({ status: 401 })
    expect(api.requests).toHaveLength(5)
  })
})

describe('a deadline', () => {
  it.each<[string, Script]>([
    ['that never answers', hang],
    ['that stops in the middle of its answer', (_request, reply) => reply.begin('{"half":')],
  ])('of thirty seconds ends the wait for a server %s', async (_what, script) => {
    api.script = script
    const result = send(WRITE).catch((error: unknown) => error)
    await until('it arrived', () => api.requests.length === 1)
    await clock.advance(29_999)
    let ended = false
    void result.then(() => (ended = true))
    await settle()
    expect(ended).toBe(false)
    await clock.advance(1)
    expect(await result).toMatchObject({
      failure: 'Unreachable',
      message: `PATCH ${WRITE.path} failed: no answer in time`,
    })
  })

  it('holds for credentials, too: a plugin may hang', async () => {
    const command = join(directory, 'plugin')
    await writeFile(command, '#!/bin/sh\nexec sleep 100\n')
    await chmod(command, 0o755)
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' }
    const config = configOf({ cluster: { server: 'https://127.0.0.1:1' }, user: { exec } })
    send = createRequest({ connection: api.connect(clock, config), clock, random: () => 0.5 })
    const result = send(WRITE).catch((error: unknown) => error)
    await clock.advance(30_000)
    expect(await result).toMatchObject({ failure: 'Unreachable' })
  })

  it('can come from the caller: a signal ends the request at once, without a retry', async () => {
    api.script = hang
    const abort = new AbortController()
    const result = send(READ, abort.signal).catch((error: unknown) => error)
    await until('it arrived', () => api.requests.length === 1)
    abort.abort()
    expect(await result).toMatchObject({ failure: 'Unreachable' })
    await clock.advance(60_000)
    expect(api.requests).toHaveLength(1)
    expect(clock.pending).toEqual([])
  })

  it('that has passed before the request sends nothing', async () => {
    await expect(send(READ, AbortSignal.abort())).rejects.toMatchObject({ failure: 'Unreachable' })
    expect(api.requests).toHaveLength(0)
  })
})

describe('an error response', () => {
  const tooLong = { details: { causes: [{ field: 'data', reason: 'FieldValueTooLong', message: 'Too long' }] } }
  const kinds: [number, string, object, ApiFailure][] = [
    [404, 'NotFound', {}, 'NotFound'],
    [409, 'AlreadyExists', {}, 'AlreadyExists'],
    [409, 'Conflict', {}, 'Conflict'],
    [403, 'Forbidden', {}, 'Forbidden'],
    [422, 'Invalid', {}, 'Invalid'],
    [400, 'BadRequest', {}, 'Invalid'],
    [410, 'Expired', {}, 'Gone'],
    [413, 'RequestEntityTooLarge', {}, 'TooLarge'],
    [422, 'Invalid', tooLong, 'TooLarge'],
    [500, 'InternalError', { message: 'etcdserver: request is too large' }, 'TooLarge'],
    [405, 'MethodNotAllowed', {}, 'Unknown'],
  ]
  it.each(kinds)('%i %s %o is %s', async (code, reason, rest, failure) => {
    const error = await outcome(WRITE, (_request, reply) => reply.refuse(code, reason, rest))
    expect(error).toMatchObject({ name: 'ApiError', failure, status: code })
  })

  it('of a proxy does not prove that an object is gone', async () => {
    const error = await outcome(READ, (_request, reply) => reply.text('404 page not found', 404))
    expect(error).toMatchObject({ failure: 'Unknown', status: 404 })
    expect((error as Error).message).toContain('CustomResourceDefinitions')
  })

  it('names the invalid fields', async () => {
    const causes = [{ field: 'spec.account', reason: 'FieldValueInvalid', message: 'Invalid value: "alice"' }]
    const error = await outcome(WRITE, (_request, reply) => reply.refuse(422, 'Invalid', { details: { causes } }))
    expect((error as Error).message).toBe(`PATCH ${WRITE.path} answered 422 Invalid (spec.account: FieldValueInvalid)`)
  })

  it('names the missing permission, and not the user', async () => {
    const message =
      'secrets is forbidden: User "bob@example.com" cannot create resource "secrets" in API group "" in the namespace "booking"'
    const error = await outcome(WRITE, (_request, reply) => reply.refuse(403, 'Forbidden', { message }))
    expect((error as Error).message).toBe(
      `PATCH ${WRITE.path} answered 403 Forbidden (cannot create resource "secrets" in API group "" in the namespace "booking")`,
    )
  })

  it('never repeats a value of the request', async () => {
    const word = fc.stringMatching(/^[A-Za-z0-9+/]{12,40}={0,2}$/)
    const status = fc.constantFrom(400, 403, 404, 409, 422, 500)
    await fc.assert(
      fc.asyncProperty(word, status, async (secret, code) => {
        const causes = [{ field: 'data', reason: `${secret} `, message: `Invalid value: "${secret}"` }]
        const message = `Secret "x" is invalid: data: Invalid value: {"token":"${secret}"}`
        const reply: Script = (_request, to) =>
          to.refuse(code, 'Invalid', { message, details: { name: secret, causes } }, { warning: secret })
        const error = (await outcome(WRITE, reply)) as ApiError
        expect(JSON.stringify([error.message, error.stack, error])).not.toContain(secret)
      }),
      { numRuns: 30, seed: 5 },
    )
  })
})
