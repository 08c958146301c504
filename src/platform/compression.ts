/** Compresses texts that are held in memory. What it returns is never stored or sent. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Most texts are small. For these, zlib's default tables of 256 kB cost more than compressing does (docs/decisions/0278). */
const SMALL_CHARACTERS = 4096
const SMALL = { level: 1, windowBits: 12, memLevel: 5, chunkSize: 4096 }

/** Compresses a text; the same text always gives the same bytes. */
export const compress = (text: string): Uint8Array =>
  // Copied: zlib returns a slice of a larger buffer, which would stay alive as a whole.
  new Uint8Array(deflateRawSync(text, text.length <= SMALL_CHARACTERS ? SMALL : { level: 1 }))

/** Returns the text that `compress` was given. */
export const decompress = (compressed: Uint8Array): string =>
  inflateRawSync(compressed, compressed.length <= SMALL_CHARACTERS / 4 ? { chunkSize: 4096 } : {}).toString('utf8')
