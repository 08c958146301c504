/**
 * Channel ids and tokens, by which every replica recognises a notification without a look-up. Pure.
 *
 * A channel's id begins with the uid of its Agent and looks random otherwise. It also holds when the channel was made, which tells how
 * long it lives, and ends with a short HMAC of the rest and of the URL that it posts to, so that a restarted operator can tell which
 * key and URL the channel was made with. Its token is a tag of the
 * calendar, followed by an HMAC over id and tag. Google returns both with each notification.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The part of an operator key that channel tokens are made with. */
export interface ChannelKey {
  channel: Uint8Array
}

/** What the id and the token of a genuine notification say. */
export interface VerifiedChannel {
  /** The uid of the Agent that the channel is for. */
  uid: string
  /** `calendarTag` of the calendar that the channel is for. */
  tag: string
  /** `channelCheck` of the channel. */
  check: string
  /** False if the token was made with the previous key. */
  currentKey: boolean
}

/** What a channel is made for. */
interface ChannelPurpose {
  /** The uid of the Agent. */
  uid: string
  /** The URL that notifications are posted to. */
  address: string
}

const RANDOM_BYTES = 8
const TIME_BYTES = 4
const CHECK_BYTES = 4
const TAG_BYTES = 9
const UID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** The uid, the random part with the time, and the check. */
const CHANNEL_ID = new RegExp(`^(${UID})-([\\w-]{16})([\\w-]{6})$`)
const TOKEN = /^([\w-]{12})\.[\w-]{43}$/

const mac = ({ channel }: ChannelKey, ...parts: readonly string[]): Buffer =>
  createHmac('sha256', channel).update(JSON.stringify(parts)).digest()

/**
 * A new id for a channel of an Agent.
 *
 * @param key the current key, with which the token is made too.
 * @param making.randomBytes cryptographically secure.
 * @param making.now the time of day.
 * @returns 59 characters, of those that Google accepts in an id; it accepts 64.
 */
export function newChannelId(
  key: ChannelKey,
  { uid, address }: ChannelPurpose,
  { randomBytes, now }: { randomBytes: (count: number) => Uint8Array; now: number },
): string {
  const bytes = Buffer.alloc(RANDOM_BYTES + TIME_BYTES)
  bytes.set(randomBytes(RANDOM_BYTES))
  bytes.writeUInt32BE(masked(bytes, now / 1000), RANDOM_BYTES)
  const random = bytes.toString('base64url')
  return `${uid}-${random}${check(key, { uid, address }, random)}`
}

/** When the channel with this id was made, to the second; a meaningless instant for an id that an earlier version made. */
export function madeAt(id: string): number | undefined {
  const random = CHANNEL_ID.exec(id)?.[2]
  if (random === undefined) return undefined
  const bytes = Buffer.from(random, 'base64url')
  return masked(bytes, bytes.readUInt32BE(RANDOM_BYTES)) * 1000
}

/**
 * The check at the end of a channel's id, which tells it from the Agent's other channels, those for other URLs included; empty for
 * any other text. @returns 6 characters.
 */
export const channelCheck = (id: string): string => CHANNEL_ID.exec(id)?.[3] ?? ''

/** The time is no secret. It is masked with the random bytes before it, so that ids made one after another have nothing in common. */
const masked = (bytes: Buffer, value: number): number => (Math.floor(value) ^ bytes.readUInt32BE(0)) >>> 0

const check = (key: ChannelKey, { uid, address }: ChannelPurpose, random: string): string =>
  mac(key, 'id', uid, random, address).subarray(0, CHECK_BYTES).toString('base64url')

/**
 * Whether one of these keys made this channel id for this URL. If none did, notifications of the channel get 404 or do not arrive:
 * it has to be replaced.
 *
 * @param keys the accepted keys.
 * @param address the URL that notifications are posted to.
 */
export function isChannelIdAccepted(keys: readonly ChannelKey[], id: string, address: string): boolean {
  const [, uid, random, given] = CHANNEL_ID.exec(id) ?? []
  if (uid === undefined || random === undefined) return false
  return keys.some((key) => check(key, { uid, address }, random) === given)
}

/** Stands for a calendar of an Agent in tokens and annotations, which must not contain its id. @returns 12 characters. */
export const calendarTag = (uid: string, calendarId: string): string =>
  createHash('sha256')
    .update(JSON.stringify([uid, calendarId]))
    .digest()
    .subarray(0, TAG_BYTES)
    .toString('base64url')

/** The token of the channel with this id. @param tag made by `calendarTag`. @returns 56 characters; Google accepts 256. */
export const channelToken = (key: ChannelKey, id: string, tag: string): string =>
  `${tag}.${mac(key, 'channel', id, tag).toString('base64url')}`

/**
 * Verifies the id and the token that a notification carries. The time that it takes says nothing about the right token.
 *
 * @param keys the accepted keys, the current one first.
 * @returns undefined if no accepted key made the token for this id.
 */
export function verifyChannel(keys: readonly ChannelKey[], id = '', token = ''): VerifiedChannel | undefined {
  const [, uid, , idCheck] = CHANNEL_ID.exec(id) ?? []
  const tag = TOKEN.exec(token)?.[1]
  if (tag === undefined || uid === undefined || idCheck === undefined) return undefined
  const given = Buffer.from(token)
  // Both have the same length, because the form of the token is checked.
  const madeBy = keys.findIndex((key) => timingSafeEqual(given, Buffer.from(channelToken(key, id, tag))))
  return madeBy < 0 ? undefined : { uid, tag, check: idCheck, currentKey: madeBy === 0 }
}
