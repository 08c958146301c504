import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ApiError } from '../../src/kubernetes/port.ts'
import { type ApiFailure } from '../../src/kubernetes/port.ts'
import { wasNotProcessed, errorFromResponse } from '../../src/kubernetes/api-errors.ts'

const WRITE = { method: 'POST', path: '/api/v1/namespaces/booking/configmaps' } as const

/** A Status as a 1.34 API server sends it. */
const refused = (code: number, reason: string | undefined, message: string, causes: object[] = []): ApiError => {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
  const text = JSON.stringify({ ...status, details: { name: 'alice-calendar', kind: 'configmaps', causes } })
  return errorFromResponse(WRITE, { statusCode: code, headers: {} }, text)
}

const POLICY = `configmaps "alice-calendar" is forbidden: ValidatingAdmissionPolicy 'no-busy' with binding 'no-busy-here' denied request: failed expression: !('busy.json' in object.data)`
const IMMUTABLE = 'field is immutable when `immutable` is set'

describe('a write that is denied', () => {
  const cases: [string, ApiError, string, ApiFailure][] = [
    [
      'by a webhook',
      refused(403, 'Forbidden', 'admission webhook "deny.example.com" denied the request: no token=c2VjcmV0 here'),
      '403 Forbidden (the admission webhook deny.example.com denied it)',
      'Forbidden',
    ],
    [
      'by a webhook that gives no reason',
      refused(400, undefined, 'admission webhook "deny.example.com" denied the request without explanation'),
      '400 (the admission webhook deny.example.com denied it)',
      'Forbidden',
    ],
    [
      'by a webhook that answers as if there were a conflict',
      refused(409, 'Conflict', 'admission webhook "deny.example.com" denied the request: busy'),
      '409 Conflict (the admission webhook deny.example.com denied it)',
      'Forbidden',
    ],
    [
      'by a webhook that answers as if there were too many requests',
      refused(429, 'TooManyRequests', 'admission webhook "deny.example.com" denied the request: busy'),
      '429 TooManyRequests (the admission webhook deny.example.com denied it)',
      'Forbidden',
    ],
    [
      'because a webhook is away',
      refused(
        500,
        'InternalError',
        'Internal error occurred: failed calling webhook "deny.example.com": failed to call webhook: Post "https://deny.booking.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused',
      ),
      '500 InternalError (the admission webhook deny.example.com could not be called)',
      'Unreachable',
    ],
    [
      'by a policy',
      refused(422, 'Invalid', POLICY, [{ message: POLICY.split('forbidden: ')[1] }]),
      '422 Invalid (the ValidatingAdmissionPolicy no-busy (binding no-busy-here) denied it)',
      'Forbidden',
    ],
    [
      'by a policy that calls it unauthorized',
      refused(401, 'Unauthorized', POLICY),
      '401 Unauthorized (the ValidatingAdmissionPolicy no-busy (binding no-busy-here) denied it)',
      'Forbidden',
    ],
    [
      'by a quota',
      refused(
        403,
        'Forbidden',
        'configmaps "alice-calendar" is forbidden: exceeded quota: team-quota, requested: count/configmaps=1, used: count/configmaps=3, limited: count/configmaps=3',
      ),
      '403 Forbidden (exceeded quota: team-quota)',
      'Forbidden',
    ],
    [
      'by a quota that was made just now',
      refused(
        403,
        'Forbidden',
        'configmaps "alice-calendar" is forbidden: status unknown for quota: team-quota, resources: count/configmaps',
      ),
      '403 Forbidden (what counts for the quota team-quota is not counted yet)',
      'Forbidden',
    ],
    [
      'because its ConfigMap is immutable',
      refused(422, 'Invalid', `ConfigMap "alice-calendar" is invalid: data: Forbidden: ${IMMUTABLE}`, [
        { reason: 'FieldValueForbidden', message: `Forbidden: ${IMMUTABLE}`, field: 'data' },
      ]),
      '422 Invalid (it is immutable: delete it, and it is made anew)',
      'Invalid',
    ],
    [
      'because its Secret is immutable, among other things',
      refused(
        422,
        'Invalid',
        `Secret "alice-token" is invalid: [data: Forbidden: ${IMMUTABLE}, immutable: Forbidden: ${IMMUTABLE}]`,
      ),
      '422 Invalid (it is immutable: delete it, and it is made anew)',
      'Invalid',
    ],
    [
      'because its namespace goes away',
      refused(
        403,
        'Forbidden',
        'configmaps "alice-calendar" is forbidden: unable to create new content in namespace booking because it is being terminated',
        [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace booking is being terminated',
            field: 'metadata.namespace',
          },
        ],
      ),
      '403 Forbidden (the namespace booking is being terminated)',
      'Forbidden',
    ],
    [
      'by a webhook whose name is none',
      refused(403, 'Forbidden', 'admission webhook "<b>\u202Ex" denied the request: no'),
      '403 Forbidden',
      'Forbidden',
    ],
  ]
  it.each(cases)('%s names the cause', (_what, error, words, failure) => {
    expect(error.message).toBe(`POST ${WRITE.path} answered ${words}`)
    expect(error.failure).toBe(failure)
    expect(wasNotProcessed(error)).toBe(false)
    expect(error.stack).toBeUndefined()
  })

  it('never repeats the rest of the message of a webhook, a policy or the server', () => {
    const before = fc.constantFrom(
      'admission webhook "a.b" denied the request: ',
      `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' denied request: `,
      'configmaps "x" is forbidden: exceeded quota: q, requested: ',
      'ConfigMap "x" is invalid: data: ',
      '',
    )
    fc.assert(
      fc.property(before, fc.stringMatching(/^[A-Za-z0-9+/]{12,40}$/), (start, secret) => {
        expect(refused(403, 'Forbidden', `${start}${secret}`).message).not.toContain(secret)
      }),
      { seed: 5 },
    )
  })
})
