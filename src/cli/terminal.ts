/**
 * Makes text safe for a terminal. Names, messages and ids come from objects that others wrote; none of them may break a line,
 * colour it, or change its direction.
 */
import { clean } from '../platform/scrub.ts'

type Write = (line: string) => void

/** Returns a writer that cleans each line first. */
export const singleLineWriter =
  (write: Write): Write =>
  (line) =>
    write(clean(line, Infinity))

/** Renders JSON in which characters that a terminal would interpret are escaped, so that the values are unchanged. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(/[^\n]/gu, (one) => (clean(one, 2) === one ? one : escaped(one)))

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
