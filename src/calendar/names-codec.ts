/**
 * Encodes the names of a small snapshot as if they were base64: six bits for each character, which takes a tenth more than zlib, and
 * a small part of its time. Google's own ids consist of digits, small letters and underscores.
 */

/** Searched for, because a match of all characters remembers each of them, to go back. */
const NO_WORD = /\W/
const SEPARATOR = '-'
/** Longer ones are worth a stream of zlib's. In characters. */
const MAX_LENGTH = 4096

/** Encodes names; undefined if they are too long together, or have other characters. */
export function encodeNames(names: readonly string[]): Uint8Array | undefined {
  const text = names.join(SEPARATOR)
  // No name has a separator in it.
  if (text.length > MAX_LENGTH || NO_WORD.test(names.join(''))) return undefined
  // Four characters are three bytes.
  return Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4, SEPARATOR), 'base64url')
}

/** Decodes what `encodeNames` returned. Empty names may follow. */
export const decodeNames = (encoded: Uint8Array): string[] =>
  Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString('base64url').split(SEPARATOR)
