/**
 * JSON logs by pino: one object per line, with every string scrubbed, and without values whose keys name secrets.
 */
import { pino, type Level } from 'pino'
import type { Clock } from './clock.ts'
import { clean, cleanLines, scrub } from './scrub.ts'

type Fields = Record<string, unknown>

/** A structured log with four levels. */
export interface Log {
  debug: (fields: Fields, message: string) => void
  info: (fields: Fields, message: string) => void
  warn: (fields: Fields, message: string) => void
  error: (fields: Fields, message: string) => void
}

/** The options of a log. */
interface LogOptions {
  level: Level | 'silent'
  clock: Pick<Clock, 'now'>
  /** Writes one line, including its newline. */
  write: (line: string) => void
}

/** Values with these keys are never logged. (`data`: of Secrets; `code` may be an error's, as in ECONNRESET.) */
const SECRET_NAMES =
  /^(access_?token|refresh_?token|id_?token|token|client_?secret|authorization_?code|code_?verifier|authorization|(set-)?cookie|password|private_?key|data|stringdata|email|summary|attendees)$/i
const MAX_DEPTH = 4
const MAX_TEXT_LENGTH = 2_000
const MAX_LIST_LENGTH = 50
const MAX_FRAMES = 8

/** Creates a log that redacts secrets. */
export function createLog({ level, clock, write }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  const line =
    (to: Level) =>
    (fields: Fields, message: string): void => {
      if (logger.isLevelEnabled(to)) logger[to](redact(fields, 0) as Fields, cleaned(message))
    }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** The stack frames of an error, without the first line of the stack, which is the message. */
export function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined
  const frames = error.stack.split('\n').filter((frame) => frame.startsWith('    at '))
  return scrub(frames.slice(0, MAX_FRAMES).join('\n'))
}

/** Truncates a very long text, so that no part of a secret is left at the end. */
function cleaned(text: string): string {
  const scrubbed = scrub(cleanLines(text.length > 4 * MAX_TEXT_LENGTH ? text.slice(0, 4 * MAX_TEXT_LENGTH) : text))
  return scrubbed.length > MAX_TEXT_LENGTH ? `${scrubbed.slice(0, MAX_TEXT_LENGTH)}…` : scrubbed
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleaned(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  return redactObject(value, depth)
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Error) return describe(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return '[binary]'
  if (depth >= MAX_DEPTH) return '[…]'
  if (Array.isArray(value)) return value.slice(0, MAX_LIST_LENGTH).map((item) => redact(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => redactEntry(name, item, depth)))
}

const redactEntry = (name: string, item: unknown, depth: number): [string, unknown] => {
  const isSecret = SECRET_NAMES.test(name) && item !== undefined && item !== null
  return [cleaned(name), isSecret ? '[redacted]' : redact(item, depth + 1)]
}

/** Name, code and message of an error and of its cause, but no other properties, which may contain whole requests. */
function describe(error: Error & { code?: unknown }, depth: number): Fields {
  const code = typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(error.code) ? error.code : undefined
  const cause = error.cause instanceof Error && depth < MAX_DEPTH ? describe(error.cause, depth + 1) : undefined
  return { name: clean(error.name, 100), code, message: cleaned(error.message), cause }
}
