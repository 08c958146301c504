/** Derives the ids of a Booking's events, so that a lost answer or a restart can never lead to a second event. Pure. */

const DIGITS = '0123456789abcdefghijklmnopqrstuv'
/** Google accepts no shorter id. */
const MIN_LENGTH = 5
/** Google accepts 1,024 characters. */
const MAX_BYTES = 512
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The id of a Booking's event: its uid in base32hex (RFC 4648, section 7, lower case), followed by how often the event was made
 * again. The id of an event that was deleted stays reserved at Google.
 */
export const eventIdOf = (uid: string, remade: number): string =>
  `${base32hex(bytesOf(uid)).padEnd(MIN_LENGTH, '0')}${remade > 0 ? remade.toString(32) : ''}`

const bytesOf = (uid: string): Buffer =>
  UUID.test(uid) ? Buffer.from(uid.replaceAll('-', ''), 'hex') : Buffer.from(uid).subarray(0, MAX_BYTES)

function base32hex(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => DIGITS.charAt(Number.parseInt(group.padEnd(5, '0'), 2))).join('')
}
