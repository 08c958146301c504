/** Reads the body of a response, of a bounded size: what the API server holds is written by many people. */
import type { Dispatcher } from 'undici'

/** An object has at most some 3 MB as JSON; what has more comes in smaller pages. */
const LARGEST_BODY = 16 * 1024 * 1024

export class TooLargeBodyError extends Error {
  constructor() {
    super(`more than ${LARGEST_BODY / 1024 / 1024} MiB`)
  }
}

/** @throws TooLargeBodyError, having let go of the rest. */
export async function readBody({ body }: Pick<Dispatcher.ResponseData, 'body'>): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > LARGEST_BODY) throw new TooLargeBodyError()
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

/** The same bound, for one line of a stream. */
export function assertBounded(length: number): void {
  if (length > LARGEST_BODY) throw new TooLargeBodyError()
}
