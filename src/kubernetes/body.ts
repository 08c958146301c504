/** Reads a response body up to a limit, because the API server contains objects that others wrote. */
import type { Dispatcher } from 'undici'

/** An object has at most about 3 MB as JSON; a list that exceeds this is read in smaller pages. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** A response body is larger than the limit. */
export class TooLargeBodyError extends Error {
  constructor() {
    super(`more than ${MAX_BODY_BYTES / 1024 / 1024} MiB`)
  }
}

/** Reads the body as text. @throws TooLargeBodyError if it exceeds the limit; the rest is not read. */
export async function readBody({ body }: Pick<Dispatcher.ResponseData, 'body'>): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > MAX_BODY_BYTES) throw new TooLargeBodyError()
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

/** Applies the same limit to one line of a stream. @throws TooLargeBodyError */
export function assertBounded(length: number): void {
  if (length > MAX_BODY_BYTES) throw new TooLargeBodyError()
}
