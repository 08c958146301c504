/** A stream of JSON values, a line each, as a watch sends them. Pure but for what it is given to read. */
import { assertBounded } from './body.ts'

/**
 * Each value as soon as its line is complete. Breaking off destroys the stream; what it ends with without a line break is no
 * whole value, and is dropped.
 *
 * @throws SyntaxError where a line is no JSON; whatever the stream fails with.
 */
export async function* jsonLines<T>(stream: AsyncIterable<Buffer>): AsyncGenerator<T> {
  const decoder = new TextDecoder()
  // Kept in pieces until a line is whole: joining at every piece would be quadratic for a large object.
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
