/** Reads and parses request bodies, up to a limit. */
import type { IncomingMessage } from 'node:http'
import { parse as parseYaml } from 'yaml'
import { readProtobuf } from './protobuf.ts'
import { badRequest, tooLarge, unsupportedMedia } from '../model/api-errors.ts'

const MAX_BYTES = 3 * 1024 * 1024

/** Reads a body to its end even if it is too large: an unread body blocks the connection for the next request. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BYTES) chunks.push(chunk)
  }
  if (size > MAX_BYTES) throw tooLarge(`Request entity too large: limit is ${MAX_BYTES}`)
  return Buffer.concat(chunks)
}

/** The media type of a body, without parameters. */
export const mediaType = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? 'application/json').split(';', 1)[0]!.trim().toLowerCase()

/** Parses an object from JSON, YAML or Protobuf. @throws APIError 415 for other media types. */
export function parseObject(body: Buffer, type: string): unknown {
  if (type === 'application/vnd.kubernetes.protobuf') return readProtobuf(body)
  if (type === 'application/yaml') return parsed(body, parseYaml)
  if (type === 'application/json' || type === '*/*') return parsed(body, JSON.parse)
  throw unsupportedMedia(
    `the body of the request was in an unknown format - this sandbox accepts application/json and application/yaml, not ${type}`,
  )
}

/** Parses a body. @throws APIError 400 */
export function parsed(body: Buffer, parse: (text: string) => unknown): unknown {
  try {
    return parse(body.toString('utf8'))
  } catch (error) {
    throw badRequest(`the body can't be read: ${error instanceof Error ? error.message.split('\n', 1)[0]! : 'unknown'}`)
  }
}
