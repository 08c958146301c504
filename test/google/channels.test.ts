import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DAY_MS } from '../../src/platform/time-units.ts'
import { backEnd, failureOf, startHarness, type Harness } from './support/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const ACCESS = 'ya29.access'
const REQUEST = {
  calendarId: 'alice+team@example.com',
  channelId: 'uid-random',
  token: 'tag.mac',
  address: 'https://booking.example.com/google-calendar/notifications',
}

const watch = (): ReturnType<Harness['client']['watch']> => harness.client.watch(ACCESS, REQUEST)
const stop = (): Promise<void> => harness.client.stopChannel(ACCESS, { channelId: 'uid-random', resourceId: 'r1' })

describe('a request for a channel', () => {
  test('names the calendar, the address, and id and token of the channel', async () => {
    harness.next({ json: { kind: 'api#channel', id: 'uid-random', resourceId: 'r1', expiration: '1' } })
    await watch()
    const [asked] = harness.asked
    expect(asked?.method).toBe('POST')
    expect(asked?.path).toBe('/calendar/v3/calendars/alice%2Bteam%40example.com/events/watch')
    expect(asked?.headers.authorization).toBe(`Bearer ${ACCESS}`)
    expect(asked?.headers['content-type']).toContain('application/json')
    expect(JSON.parse(asked?.body ?? '')).toEqual({
      id: 'uid-random',
      type: 'web_hook',
      address: REQUEST.address,
      token: 'tag.mac',
    })
    expect(harness.observed.map(([kind, outcome]) => [kind, outcome])).toEqual([['events.watch', 'ok']])
  })

  test('answers the resource id and the end that Google gave it', async () => {
    const expiresAt = harness.clock.now() + DAY_MS
    harness.next({ json: { resourceId: 'r1', expiration: String(expiresAt) } })
    expect(await watch()).toEqual({ resourceId: 'r1', expiresAt })
  })

  test.each([undefined, 'soon', '1'])('answers the end after a week where Google says %s', async (expiration) => {
    harness.next({ json: { resourceId: 'r1', expiration } })
    expect((await watch()).expiresAt).toBe(harness.clock.now() + 7 * DAY_MS)
  })

  test.each([undefined, '', 7, 'x'.repeat(513)])('fails where the resource id is %s', async (resourceId) => {
    harness.next({ json: { resourceId } })
    expect((await failureOf(watch())).failure).toBe('Unknown')
  })

  test('tells a calendar that cannot be watched', async () => {
    harness.next(backEnd(400, 'pushNotSupportedForRequestedResource'))
    expect((await failureOf(watch())).failure).toBe('PushNotSupported')
  })
})

describe('a request to stop a channel', () => {
  test('names its id and its resource id', async () => {
    harness.next({ status: 204, text: '' })
    await stop()
    expect(harness.asked[0]?.path).toBe('/calendar/v3/channels/stop')
    expect(JSON.parse(harness.asked[0]?.body ?? '')).toEqual({ id: 'uid-random', resourceId: 'r1' })
  })

  test('succeeds if the channel has ended already', async () => {
    harness.next(backEnd(404, 'notFound'))
    await expect(stop()).resolves.toBeUndefined()
  })

  test('fails if Google refuses it', async () => {
    harness.next(backEnd(401, 'authError'))
    expect((await failureOf(stop())).failure).toBe('Unauthenticated')
  })
})
