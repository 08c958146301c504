import { beforeEach, describe, expect, test } from 'vitest'
import { PerUserLimitError } from '../../src/google/client-rate-limiter.ts'
import { Bypass } from '../../src/google/bypass.ts'
import { type GoogleError, type GoogleFailure } from '../../src/google/port.ts'
import { failureOf } from './support/harness.ts'
import { HOUR, LimitedClient, MINUTE, refusal } from './support/limited-client.ts'

let at: LimitedClient
let clock: LimitedClient['clock']
let limiter: LimitedClient['limiter']
let send: LimitedClient['send']
let sendInTurn: LimitedClient['sendInTurn']
let meet: LimitedClient['meet']
let underWay: LimitedClient['underWay']

beforeEach(() => {
  at = new LimitedClient()
  ;({ clock, limiter, send, sendInTurn, meet, underWay } = at)
})

describe('a limit', () => {
  test('pauses everybody: what comes then fails at once and is not sent', async () => {
    const first = await meet(refusal('RateLimited'))
    expect(first.retryAfterMs).toBe(5_000)
    expect(await failureOf(send())).toMatchObject({ failure: 'RateLimited', retryAfterMs: 6_500 })
    expect(at.sent).toBe(1)
    expect(limiter.limit).toEqual({ failure: 'RateLimited', since: clock.now(), leftMs: 5_000 })
  })

  test('after its end one request goes first, and the others only once that was answered', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    const probe = await underWay()
    expect(await failureOf(send())).toMatchObject({ failure: 'RateLimited', retryAfterMs: 1_500 })
    await probe.succeed()
    expect(limiter.limit).toBeUndefined()
    expect(await sendInTurn()).toBe('sent 3')
  })

  test('is over when the first request is refused for another reason', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    await meet(refusal('NotFound'))
    expect(limiter.limit).toBeUndefined()
  })

  test.each<GoogleFailure>(['Unreachable', 'Unknown'])(
    'is not over when the first request ends %s: another one finds out',
    async (failure) => {
      await meet(refusal('RateLimited'))
      await clock.advance(5_000)
      await meet(refusal(failure))
      expect(limiter.limit?.failure).toBe('RateLimited')
      expect(await send()).toBe('sent 3')
      expect(limiter.limit).toBeUndefined()
    },
  )

  test('is not over, and blocks nobody, when the first request fails by a mistake of our own', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    await expect(limiter.run('calendar', () => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours')
    expect(await send()).toBe('sent 2')
  })

  test('is probed again when the first request never ends', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    const lost = await underWay()
    await clock.advance(20_000)
    // Those who wait stay away for as long as the probe has taken already: no storm while Google hangs.
    expect((await failureOf(send())).retryAfterMs).toBe(30_000)
    await clock.advance(40_000)
    expect(await send()).toBe('sent 3')
    await lost.succeed()
    expect(limiter.limit).toBeUndefined()
  })

  test('that applies again soon pauses twice as long each time, at most five minutes', async () => {
    const pauses: (number | undefined)[] = []
    for (let round = 0; round < 8; round++) {
      const { retryAfterMs = 0 } = await meet(refusal('RateLimited'))
      pauses.push(retryAfterMs / 1000)
      await clock.advance(retryAfterMs)
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300])
  })

  test('that applies between good answers is still the same one; after a minute without a limit it is a new one', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    await send()
    await clock.advance(10)
    expect((await meet(refusal('RateLimited'))).retryAfterMs).toBe(10_000)
    await clock.advance(10_000 + MINUTE)
    await send()
    await clock.advance(10)
    expect((await meet(refusal('RateLimited'))).retryAfterMs).toBe(5_000)
  })

  test('says since when, over all of its pauses', async () => {
    const since = clock.now()
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    await meet(refusal('RateLimited'))
    expect(limiter.limit).toEqual({ failure: 'RateLimited', since, leftMs: 10_000 })
  })

  test('that nobody asks about any more is forgotten a minute after its end', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000 + MINUTE - 1)
    expect(limiter.limit).toBeDefined()
    await clock.advance(1)
    expect(limiter.limit).toBeUndefined()
  })

  test('pauses for as long as Google says, and never for nothing', async () => {
    expect((await meet(refusal('RateLimited', 42_000))).retryAfterMs).toBe(42_000)
    await clock.advance(42_000)
    expect((await meet(refusal('RateLimited', 0))).retryAfterMs).toBe(1_000)
  })

  test('of a day is asked about hourly', async () => {
    expect((await meet(refusal('DailyQuotaExceeded'))).retryAfterMs).toBe(HOUR)
    expect(await failureOf(send())).toMatchObject({ failure: 'DailyQuotaExceeded' })
  })

  test.each([-24, 24])('is neither longer nor shorter when the time of day is set by %s hours', async (hours) => {
    await meet(refusal('RateLimited', 42_000))
    clock.setTimeOfDay(hours * HOUR)
    expect(limiter.limit?.leftMs).toBe(42_000)
    await clock.advance(41_999)
    expect((await failureOf(send())).failure).toBe('RateLimited')
    await clock.advance(1)
    expect(await send()).toBe('sent 2')
  })

  test('says since when by the time of day as it is now, and does not move by milliseconds', async () => {
    const since = clock.now()
    await meet(refusal('DailyQuotaExceeded'))
    clock.setTimeOfDay(3)
    expect(limiter.limit?.since).toBe(since)
    clock.setTimeOfDay(-HOUR)
    expect(limiter.limit?.since).toBe(since + 3 - HOUR)
  })
})

test.each([refusal('NotFound'), new RangeError('ours')])(
  'an error that is no limit is passed on as it is: %s',
  async (error) => {
    await expect(limiter.run('calendar', () => Promise.reject(error))).rejects.toBe(error)
  },
)

describe('what was under way when the breaker opened', () => {
  test('does not open it again, however well it ends', async () => {
    const [early, late] = [await underWay(), await underWay()]
    await meet(refusal('RateLimited'))
    await early.succeed()
    expect((await failureOf(send())).failure).toBe('RateLimited')
    await clock.advance(5_000)
    await late.succeed()
    expect(limiter.limit?.failure).toBe('RateLimited')
  })

  test('does not make a second probe of the next request, however it ends', async () => {
    const before = [await underWay(), await underWay(), await underWay()] as const
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    const probe = await underWay()
    await before[0].succeed()
    await before[1].fail(refusal('Unreachable'))
    await before[2].fail(refusal('NotFound'))
    expect((await failureOf(send())).failure).toBe('RateLimited')
    await probe.succeed()
    expect(await sendInTurn()).toBe('sent 6')
  })

  test('is one refusal together: twenty do not pause twenty times as long', async () => {
    const requests = await Promise.all(Array.from({ length: 20 }, underWay))
    const pauses = await Promise.all(requests.map((request) => request.fail(refusal('RateLimited'))))
    expect(new Set(pauses.map(({ retryAfterMs }) => retryAfterMs))).toEqual(new Set([5_000]))
    await clock.advance(5_000)
    expect((await meet(refusal('RateLimited'))).retryAfterMs).toBe(10_000)
  })

  test('makes a pause longer where Google says so, and never shorter', async () => {
    const [longer, shorter] = [await underWay(), await underWay()]
    await meet(refusal('RateLimited', 10_000))
    expect((await longer.fail(refusal('RateLimited', 60_000))).retryAfterMs).toBe(60_000)
    expect((await shorter.fail(refusal('RateLimited', 2_000))).retryAfterMs).toBe(60_000)
  })

  test('never turns the limit of a day into one of seconds, but the other way round', async () => {
    const [rate, day] = [await underWay(), await underWay()]
    await meet(refusal('RateLimited'))
    expect((await day.fail(refusal('DailyQuotaExceeded'))).retryAfterMs).toBe(HOUR)
    expect((await rate.fail(refusal('RateLimited'))).retryAfterMs).toBe(HOUR)
    expect(limiter.limit?.failure).toBe('DailyQuotaExceeded')
  })
})

describe('a personal limit', () => {
  const personal = (retryAfterMs?: number): PerUserLimitError =>
    new PerUserLimitError('RateLimited', '403 userRateLimitExceeded', { status: 403, retryAfterMs })

  test('keeps nobody else waiting', async () => {
    expect(await meet(personal())).toMatchObject({ failure: 'RateLimited', retryAfterMs: 22_500 })
    expect(limiter.limit).toBeUndefined()
    expect(await send()).toBe('sent 2')
  })

  test('lasts as long as Google says', async () => {
    expect((await meet(personal(90_000))).retryAfterMs).toBe(90_000)
  })

  test('of the probe leaves the state open, and the next request is the probe', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    await meet(personal())
    expect(limiter.limit?.failure).toBe('RateLimited')
    expect(await send()).toBe('sent 3')
  })
})

describe('a request that somebody asked for', () => {
  const asked = (bypass = new Bypass()): Promise<string> =>
    limiter.run('calendar', () => Promise.resolve(`sent ${++at.sent}`), { bypass })
  const askedAndMeets = (error: Error): Promise<GoogleError> =>
    failureOf(limiter.run('calendar', () => (at.sent++, Promise.reject(error)), { bypass: new Bypass() }))

  test.each<GoogleFailure>(['RateLimited', 'DailyQuotaExceeded'])(
    'goes out over a pause because of %s, and all learn that it works again',
    async (failure) => {
      await meet(refusal(failure))
      expect(await asked()).toBe('sent 2')
      expect(limiter.limit).toBeUndefined()
      expect(await sendInTurn()).toBe('sent 3')
    },
  )

  test('goes once: what follows it in the same look waits', async () => {
    await meet(refusal('RateLimited'))
    const bypass = new Bypass()
    expect(
      (await failureOf(limiter.run('calendar', () => Promise.reject(refusal('RateLimited')), { bypass }))).status,
    ).toBe(403)
    await clock.advance(10_000)
    await meet(refusal('RateLimited', 60_000))
    expect((await failureOf(asked(bypass))).message).toBe('Google is limiting this client just now')
    expect(bypass.retryInMs).toBeUndefined()
  })

  test('that is refused leaves the pause as it is: neither shorter, nor twice as long', async () => {
    await meet(refusal('RateLimited', 60_000))
    await clock.advance(1_000)
    expect((await askedAndMeets(refusal('RateLimited'))).retryAfterMs).toBe(59_000)
    await clock.advance(59_000)
    expect((await meet(refusal('RateLimited'))).retryAfterMs).toBe(10_000)
  })

  test('is one in ten seconds for a client, on both of its services; the next one waits its turn', async () => {
    await meet(refusal('DailyQuotaExceeded'))
    await failureOf(limiter.run('token', () => Promise.reject(refusal('RateLimited', 60_000))))
    await askedAndMeets(refusal('DailyQuotaExceeded'))
    await clock.advance(4_000)
    const bypass = new Bypass()
    const early = await failureOf(limiter.run('token', () => Promise.resolve('fresh'), { bypass }))
    expect([early.retryAfterMs, bypass.retryInMs]).toEqual([6_000, 6_000])
    await clock.advance(6_000)
    expect(await limiter.run('token', () => Promise.resolve('fresh'), { bypass })).toBe('fresh')
    expect(bypass.retryInMs).toBeUndefined()
  })

  test('costs no bypass without a pause', async () => {
    const bypass = new Bypass()
    await asked(bypass)
    await meet(refusal('RateLimited'))
    expect(await asked(bypass)).toBe('sent 3')
  })

  test('is one among the others while their probe is under way', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    const probe = await underWay()
    expect(await asked()).toBe('sent 3')
    expect(limiter.limit).toBeUndefined()
    await probe.succeed()
  })

  test('is no probe where nothing pauses, and costs no bypass then', () => {
    const bypass = new Bypass()
    expect(limiter.probeCalendar(bypass)).toBe(false)
    expect(limiter.tryBypass(bypass)).toBe(true)
  })

  test('may end the pause for the next request', async () => {
    await meet(refusal('DailyQuotaExceeded'))
    expect(limiter.probeCalendar(new Bypass())).toBe(true)
    expect(limiter.limit).toMatchObject({ failure: 'DailyQuotaExceeded', leftMs: 0 })
    const probe = await underWay()
    expect((await failureOf(send())).failure).toBe('DailyQuotaExceeded')
    await probe.fail(refusal('DailyQuotaExceeded'))
    expect(limiter.limit?.leftMs).toBe(HOUR)
    expect(limiter.probeCalendar(new Bypass())).toBe(false)
    await clock.advance(10_000)
    expect(limiter.probeCalendar(new Bypass())).toBe(true)
  })
})

describe('the two services', () => {
  const refresh = (): Promise<string> => limiter.run('token', () => Promise.resolve('fresh'))

  test('have limits of their own: tokens are renewed while the Calendar API’s quota is used up', async () => {
    await meet(refusal('DailyQuotaExceeded'))
    expect(await refresh()).toBe('fresh')
    expect(limiter.limit?.failure).toBe('DailyQuotaExceeded')
  })

  test('answer for themselves: a token that was renewed says nothing of the Calendar API', async () => {
    await meet(refusal('RateLimited'))
    await clock.advance(5_000)
    await refresh()
    const probe = await underWay()
    expect((await failureOf(send())).failure).toBe('RateLimited')
    await probe.succeed()
  })

  test('are both told of', async () => {
    await failureOf(limiter.run('token', () => Promise.reject(refusal('RateLimited'))))
    expect(limiter.limit?.failure).toBe('RateLimited')
    expect(await send()).toBe('sent 1')
  })
})
