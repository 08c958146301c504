/** Reads a stream of JSON values, one per line, as a watch sends them. */
import { assertBounded } from './body.ts'

/**
 * Yields each value as soon as its line is complete. Leaving the loop destroys the stream. An incomplete last line is dropped.
 *
 * @throws SyntaxError if a line is not JSON.
 * @throws TooLargeBodyError if a line exceeds the limit.
 * @throws errors of the stream.
 */
export async function* jsonLines<T>(stream: AsyncIterable<Buffer>): AsyncGenerator<T> {
  const decoder = new TextDecoder()
  // Joined only when a line is complete: joining at every piece would take quadratic time for a large object.
  let pieces: string[] = []
  let length = 0
  for await (const chunk of stream) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n')
    pieces.push(first)
    length += first.length
    assertBounded(length)
    for (const next of rest) {
      const line = pieces.join('')
      pieces = [next]
      length = next.length
      if (line !== '') yield JSON.parse(line) as T
    }
  }
}
