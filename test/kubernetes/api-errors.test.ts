/** What an answer of the API server means, and what people are told about it. */
import { describe, expect, it } from 'vitest'
import { errorFromException, errorFromResponse, wasNotProcessed } from '../../src/kubernetes/api-errors.ts'
import type { ApiRequest } from '../../src/kubernetes/api-request.ts'
import { TooLargeBodyError } from '../../src/kubernetes/body.ts'
import { CredentialsError } from '../../src/kubernetes/credentials.ts'
import type { ApiError, ApiFailure } from '../../src/kubernetes/port.ts'

const WRITE: ApiRequest = { method: 'PATCH', path: '/api/v1/configmaps/x?limit=1' }
const WHAT = 'PATCH /api/v1/configmaps/x'

/** The error for an answer with this body. */
function answered(code: number, body: unknown, headers: Record<string, string | string[]> = {}): ApiError {
  const response = { statusCode: code, headers } as unknown as Parameters<typeof errorFromResponse>[1]
  return errorFromResponse(WRITE, response, typeof body === 'string' ? body : JSON.stringify(body))
}

const status = (reason: string, rest: object = {}): object => ({ kind: 'Status', reason, ...rest })
const causes = (...list: object[]): object => status('Invalid', { details: { causes: list } })
const tooLong = (field: string): object => causes({ field, reason: 'FieldValueTooLong' })

describe('an object', () => {
  it.each<[string, unknown, ApiFailure]>([
    ['the API server says so', status('NotFound'), 'NotFound'],
    ['a proxy says so in JSON of its own', { reason: 'NotFound' }, 'Unknown'],
    ['the API server does not serve the path', status('NotServed'), 'Unknown'],
    ['a page says so', '404 page not found', 'Unknown'],
  ])('is gone only if the API server says so: %s', (_, body, failure) => {
    expect(answered(404, body).failure).toBe(failure)
  })

  it.each<[string, number, unknown, ApiFailure]>([
    ['its data are too long', 422, tooLong('data'), 'TooLarge'],
    ['all of it is too long', 422, tooLong(''), 'TooLarge'],
    ['etcd does not take it', 500, status('InternalError', { message: 'request is too large' }), 'TooLarge'],
    [
      'etcd does not take it, by gRPC',
      500,
      status('InternalError', { message: 'trying to send message larger than max (3 vs. 2)' }),
      'TooLarge',
    ],
    ['one field is too long', 422, tooLong('spec.displayName'), 'Invalid'],
    ['a key of its data is too long', 422, tooLong('data[x]'), 'Invalid'],
    ['a field that is called like its data is too long', 422, tooLong('metadata.data'), 'Invalid'],
    ['its data are wrong', 422, causes({ field: 'data', reason: 'FieldValueInvalid' }), 'Invalid'],
    ['a webhook speaks of a large request', 400, status('x', { message: 'request is too large' }), 'Invalid'],
    ['a conflict lists a long field', 409, tooLong('data'), 'Conflict'],
  ])('is too large only if all of it is: %s', (_, code, body, failure) => {
    expect(answered(code, body).failure).toBe(failure)
  })
})

describe('a request', () => {
  it.each([
    [401, {}, true],
    [429, {}, true],
    [503, { 'retry-after': '1' }, true],
    [503, {}, false],
    [500, { 'retry-after': '1' }, false],
    [403, {}, false],
  ])('that is answered %i %o was certainly not processed: %s', (code, headers, expected) => {
    expect(wasNotProcessed(answered(code, status('x'), headers))).toBe(expected)
  })

  it('that was stopped may have been processed, whatever it failed with', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
    const { signal } = new AbortController()
    expect(wasNotProcessed(errorFromException(WRITE, refused, signal))).toBe(true)
    expect(wasNotProcessed(errorFromException(WRITE, refused, AbortSignal.abort(new Error('late'))))).toBe(false)
  })
})

describe('the time that a server asks for', () => {
  it.each<[string | string[] | undefined, number | undefined]>([
    ['5', 5_000],
    ['86400', 60_000],
    [undefined, undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['2.5', undefined],
    ['-1', undefined],
  ])('is read from Retry-After %s', (header, expected) => {
    expect(answered(429, '', header === undefined ? {} : { 'retry-after': header }).retryAfterMs).toBe(expected)
  })
})

describe('a person is told', () => {
  const fields = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ field: `f${index}`, reason: 'Bad' }))

  it.each<[string, number, unknown, string]>([
    ['the code and the reason', 500, status('InternalError'), 'answered 500 InternalError'],
    ['only the code, if there is no reason', 502, '<html>', 'answered 502'],
    [
      'that the API is not served',
      404,
      'page not found',
      'answered 404 (this API is not served: are the CustomResourceDefinitions installed?)',
    ],
    ['only that an object is gone, if it is gone', 404, status('NotFound'), 'answered 404 NotFound'],
    [
      'no more than five fields',
      422,
      causes(...fields(6)),
      'answered 422 Invalid (f0: Bad; f1: Bad; f2: Bad; f3: Bad; f4: Bad)',
    ],
    ['a field without a reason', 422, causes({ field: 'spec.a' }), 'answered 422 Invalid (spec.a)'],
    [
      'no more than 200 characters of a field',
      422,
      causes({ field: 'f.'.repeat(150) }),
      `answered 422 Invalid (${'f.'.repeat(100)})`,
    ],
    ['no reason that is not one word', 400, status('Bad: ya29'), 'answered 400'],
    [
      'no right that is only mentioned',
      422,
      status('Invalid', { message: 'cannot get resource "x" in API group ""' }),
      'answered 422 Invalid',
    ],
    [
      'who denied a write',
      403,
      status('Forbidden', { message: 'admission webhook "a.example.com" denied the request: bob@example.com' }),
      'answered 403 Forbidden (the admission webhook a.example.com denied it)',
    ],
    [
      'nothing of a body with numbers where texts belong',
      422,
      { kind: 7, reason: 7, message: 7, details: { causes: [{ field: 7, reason: 7 }, 7] } },
      'answered 422',
    ],
  ])('%s', (_, code, body, message) => {
    expect(answered(code, body).message).toBe(`${WHAT} ${message}`)
  })

  it.each<[string, unknown, string]>([
    [
      'that credentials are missing, and which',
      new CredentialsError('the token file is empty'),
      'failed: the token file is empty',
    ],
    [
      'that an answer is no JSON, and nothing of it',
      new SyntaxError('Unexpected token ya29'),
      'failed: the answer is not JSON',
    ],
    [
      'the code of an error of the network',
      Object.assign(new Error('10.0.0.1'), { code: 'ECONNRESET' }),
      'failed: ECONNRESET',
    ],
    ['that there was no answer', new Error('ya29'), 'failed: no answer'],
    ['that an answer is too large', new TooLargeBodyError(), 'answered more than 16 MiB'],
  ])('%s', (_, thrown, message) => {
    expect(errorFromException(WRITE, thrown, new AbortController().signal).message).toBe(`${WHAT} ${message}`)
  })

  it('which status code a verdict had', () => {
    const body = status('x', { message: 'admission webhook "a.example.com" denied the request' })
    expect(answered(418, body)).toMatchObject({ failure: 'Forbidden', status: 418 })
  })
})
