/** Writes responses: JSON, and errors as a `Status`. */
import type { ServerResponse } from 'node:http'
import type { APIError } from '../model/api-errors.ts'

/** Answers with JSON. */
export function sendJson(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

/** Adds warnings to an answer. */
export function warn(response: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0) return
  response.setHeader(
    'Warning',
    warnings.map((one) => `299 - ${JSON.stringify(one)}`),
  )
}

/** Answers with text. */
export function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' })
  response.end(text)
}

/** Answers with a `Status`. */
export const sendError = (response: ServerResponse, error: APIError): void =>
  sendJson(response, error.code, JSON.stringify(error.status))
