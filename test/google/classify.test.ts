import { describe, expect, test } from 'vitest'
import { classifyAPI, classifyOAuth } from '../../src/google/classify.ts'
import type { GoogleFailure } from '../../src/google/port.ts'

const backEnd = (reason: string): object => ({ error: { errors: [{ domain: 'calendar', reason }], code: 0 } })

/** The front end's envelope: a reason in `errors`, a narrower one in `details`, with the quota it is about. */
function frontEnd(reason: string, narrower: string, quota?: string): object {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: narrower, domain: 'googleapis.com' }
  const metadata = { service: 'calendar-json.googleapis.com', quota_limit: quota }
  return {
    error: {
      code: 0,
      errors: [{ domain: 'global', reason }],
      status: 'PERMISSION_DENIED',
      details: [{ ...info, metadata }],
    },
  }
}

const outcome = (status: number, body: unknown, sentSyncToken = false): GoogleFailure =>
  classifyAPI(status, body, sentSyncToken).failure

describe('refusals of the token endpoint', () => {
  test.each<[number, object, GoogleFailure]>([
    [400, { error: 'invalid_grant' }, 'InvalidGrant'],
    [400, { error: 'invalid_grant', error_subtype: 'invalid_rapt' }, 'SessionExpired'],
    [400, { error: 'invalid_grant', error_subtype: 'other' }, 'InvalidGrant'],
    [401, { error: 'invalid_client', error_subtype: 'invalid_rapt' }, 'InvalidClient'],
    [200, { error: 'invalid_grant' }, 'Unknown'],
    [302, { error: 'invalid_grant' }, 'Unknown'],
    [429, { error: 'invalid_grant' }, 'RateLimited'],
    [503, { error: 'invalid_grant' }, 'Unreachable'],
    [400, { error: 'of tomorrow' }, 'Unknown'],
    [400, { error: { code: 400 } }, 'Unknown'],
    [400, {}, 'Unknown'],
  ])('%i %j is %s: nothing is said about a grant that Google did not say', (status, body, failure) => {
    expect(classifyOAuth(status, body).failure).toBe(failure)
  })
})

describe('refusals of the Calendar API', () => {
  test.each<[number, string, GoogleFailure]>([
    [400, 'timeRangeEmpty', 'Unknown'],
    [400, 'invalid', 'Unknown'],
    [400, 'required', 'Unknown'],
    [401, 'authError', 'Unauthenticated'],
    [403, 'userRateLimitExceeded', 'RateLimited'],
    [403, 'rateLimitExceeded', 'RateLimited'],
    [429, 'rateLimitExceeded', 'RateLimited'],
    [429, 'quotaExceeded', 'DailyQuotaExceeded'],
    [403, 'quotaExceeded', 'DailyQuotaExceeded'],
    [403, 'dailyLimitExceeded', 'DailyQuotaExceeded'],
    [403, 'accessNotConfigured', 'APIDisabled'],
    [403, 'insufficientPermissions', 'ScopeInsufficient'],
    [403, 'forbidden', 'Forbidden'],
    [403, 'forbiddenForNonOrganizer', 'Forbidden'],
    [403, 'notACalendarUser', 'CalendarDisabled'],
    [404, 'notFound', 'NotFound'],
    [409, 'duplicate', 'Unknown'],
    [410, 'fullSyncRequired', 'SyncTokenExpired'],
    [410, 'updatedMinTooLongAgo', 'SyncTokenExpired'],
    [410, 'deleted', 'Unknown'],
    [412, 'conditionNotMet', 'Unknown'],
    [500, 'backendError', 'Unreachable'],
    [502, 'backendError', 'Unreachable'],
    [503, 'backendError', 'Unreachable'],
    [504, 'backendError', 'Unreachable'],
  ])('of the back end: %i %s is %s', (status, reason, failure) => {
    expect(outcome(status, backEnd(reason))).toBe(failure)
  })

  test.each<[number, string, string, GoogleFailure]>([
    [401, 'authError', 'ACCESS_TOKEN_EXPIRED', 'Unauthenticated'],
    [403, 'rateLimitExceeded', 'RATE_LIMIT_EXCEEDED', 'RateLimited'],
    [429, 'rateLimitExceeded', 'RATE_LIMIT_EXCEEDED', 'RateLimited'],
    [403, 'accessNotConfigured', 'SERVICE_DISABLED', 'APIDisabled'],
    [403, 'forbidden', 'SERVICE_DISABLED', 'APIDisabled'],
    [403, 'insufficientPermissions', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'ScopeInsufficient'],
    [403, 'forbidden', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'ScopeInsufficient'],
    [403, 'quotaExceeded', 'RATE_LIMIT_EXCEEDED', 'DailyQuotaExceeded'],
  ])('of the front end: %i %s with %s is %s', (status, reason, narrower, failure) => {
    expect(outcome(status, frontEnd(reason, narrower))).toBe(failure)
  })

  test.each([
    ['userRateLimitExceeded', undefined, 'RateLimited', true],
    ['rateLimitExceeded', 'defaultPerMinutePerProjectPerUser', 'RateLimited', true],
    ['rateLimitExceeded', 'defaultPerMinutePerProject', 'RateLimited', false],
    ['rateLimitExceeded', 'defaultPerDayPerProject', 'DailyQuotaExceeded', undefined],
  ])('a limit (%s, %s) tells whose it is and of how long', (reason, quota, failure, personal) => {
    const refusal = classifyAPI(403, frontEnd(reason, 'RATE_LIMIT_EXCEEDED', quota), false)
    expect(refusal.failure).toBe(failure)
    expect(refusal.personal).toBe(personal)
  })

  test('a refusal that is no limit does not become one because it names a quota', () => {
    expect(outcome(403, frontEnd('accessNotConfigured', 'SERVICE_DISABLED', 'defaultPerDayPerProject'))).toBe(
      'APIDisabled',
    )
  })

  test('a limit is nobody’s own because its description says "PerUser"', () => {
    const body = { error: { errors: [{ reason: 'rateLimitExceeded', message: 'limit PerUser' }] } }
    expect(classifyAPI(403, body, false).personal).toBe(false)
  })

  test.each<[number, GoogleFailure, GoogleFailure]>([
    [400, 'Unknown', 'Unknown'],
    [401, 'Unauthenticated', 'Unauthenticated'],
    [403, 'Unknown', 'Unknown'],
    [404, 'Unknown', 'Unknown'],
    [408, 'Unreachable', 'Unreachable'],
    [410, 'Unknown', 'SyncTokenExpired'],
    [429, 'RateLimited', 'RateLimited'],
    [500, 'Unreachable', 'Unreachable'],
    [302, 'Unknown', 'Unknown'],
  ])('a page of somebody in between, with %i, says no more than its status', (status, without, withToken) => {
    for (const body of [undefined, null, '<html>', [], { error: 'x' }, { error: { errors: [null, 7], details: {} } }]) {
      expect(outcome(status, body)).toBe(without)
      expect(outcome(status, body, true)).toBe(withToken)
    }
  })

  test.each([
    [500, 'notFound', 'Unreachable'],
    [403, 'notFound', 'Unknown'],
    [404, 'rateLimitExceeded', 'Unknown'],
    [403, 'fullSyncRequired', 'Unknown'],
    [403, 'constructor', 'Unknown'],
  ])('a reason that doesn’t belong to its status is not believed: %i %s', (status, reason, failure) => {
    expect(outcome(status, backEnd(reason))).toBe(failure)
  })

  test.each([[backEnd('ya29.token of alice@example.com')], [backEnd('x'.repeat(65))], [undefined]])(
    'what is no word of Google’s is not repeated',
    (body) => {
      expect(classifyAPI(400, body, false).reason).toBe('no reason given')
    },
  )
})
