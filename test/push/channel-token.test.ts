import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  calendarTag,
  channelToken,
  isChannelIdAccepted,
  madeAt,
  newChannelId,
  verifyChannel,
} from '../../src/push/channel-token.ts'

const UID = '8f0c1f52-3a5e-4c8b-9d6a-0e6a51f1c111'
const OTHER_UID = '8f0c1f52-3a5e-4c8b-9d6a-0e6a51f1c112'
const ADDRESS = 'https://booking.example.com/google-calendar/notifications'
const purpose = { uid: UID, address: ADDRESS }
const current = { channel: Buffer.alloc(32, 1) }
const previous = { channel: Buffer.alloc(32, 2) }
const forgotten = { channel: Buffer.alloc(32, 3) }
const keys = [current, previous]

const tag = calendarTag(UID, 'alice@example.com')
const making = { randomBytes, now: Date.parse('2026-11-23T10:00:00.400Z') }
const id = newChannelId(current, purpose, making)
const token = channelToken(current, id, tag)

describe('the id of a channel', () => {
  test('begins with the uid of its Agent, and is new each time', () => {
    expect(id.startsWith(`${UID}-`)).toBe(true)
    expect(newChannelId(current, purpose, making)).not.toBe(id)
  })

  test('has the form and the length that Google accepts', () => expect(id).toMatch(/^[A-Za-z0-9\-_+/=]{1,64}$/))

  test('tells whether the key that it was made with is still accepted', () => {
    expect(isChannelIdAccepted(keys, id, ADDRESS)).toBe(true)
    expect(isChannelIdAccepted(keys, newChannelId(previous, purpose, making), ADDRESS)).toBe(true)
    expect(isChannelIdAccepted(keys, newChannelId(forgotten, purpose, making), ADDRESS)).toBe(false)
    expect(isChannelIdAccepted([], id, ADDRESS)).toBe(false)
    expect(isChannelIdAccepted(keys, id.replace(UID, OTHER_UID), ADDRESS)).toBe(false)
    expect(isChannelIdAccepted(keys, 'some other id', ADDRESS)).toBe(false)
  })
})

test('the id of a channel tells when it was made, and two of one moment have nothing in common', () => {
  const other = newChannelId(current, purpose, making)
  expect([madeAt(id), madeAt(other)]).toEqual(Array(2).fill(Date.parse('2026-11-23T10:00:00Z')))
  expect(other.slice(-12, -6)).not.toBe(id.slice(-12, -6))
  expect(madeAt('some other id')).toBeUndefined()
})

test('the id of a channel tells whether it was made for the URL that is served now', () => {
  expect(isChannelIdAccepted(keys, id, 'https://other.example.com/google-calendar/notifications')).toBe(false)
})

describe('the tag of a calendar', () => {
  test('differs for calendars and for Agents, and does not contain the id', () => {
    expect(calendarTag(UID, 'alice@example.com')).toBe(tag)
    expect(calendarTag(UID, 'team@example.com')).not.toBe(tag)
    expect(calendarTag(OTHER_UID, 'alice@example.com')).not.toBe(tag)
    expect(tag).toMatch(/^[\w-]{12}$/)
  })
})

describe('the token of a channel', () => {
  test('fits into the 256 characters that Google accepts', () => expect(token.length).toBeLessThanOrEqual(256))

  test('says whose calendar it is for', () => {
    expect(verifyChannel(keys, id, token)).toEqual({ uid: UID, tag, check: id.slice(-6), currentKey: true })
  })

  test('is accepted with the previous key too, and says so', () => {
    const older = newChannelId(previous, purpose, making)
    const madeBefore = channelToken(previous, older, tag)
    expect(verifyChannel(keys, older, madeBefore)).toEqual({ uid: UID, tag, check: older.slice(-6), currentKey: false })
  })

  const otherTag = calendarTag(UID, 'team@example.com')
  test.each<[string, string | undefined, string | undefined]>([
    ['of another channel', newChannelId(current, purpose, making), token],
    ['of another Agent', id.replace(UID, OTHER_UID), token],
    ['for another calendar', id, token.replace(tag, otherTag)],
    ['made with a key that is no longer accepted', id, channelToken(forgotten, id, tag)],
    ['cut off', id, token.slice(0, -1)],
    ['with something added', id, `${token}A`],
    ['of another form', id, tag],
    ['that is missing', id, undefined],
    ['without an id', undefined, token],
    ['with an id of another form', 'x'.repeat(10_000), token],
    ['with characters outside of ASCII', id, `${token.slice(0, -1)}é`],
  ])('is refused %s', (_, givenId, givenToken) => {
    expect(verifyChannel(keys, givenId, givenToken)).toBeUndefined()
  })

  test('is refused without keys', () => expect(verifyChannel([], id, token)).toBeUndefined())
})
