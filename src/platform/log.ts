/**
 * JSON logs by pino: one line per state change, every string in them scrubbed.
 */
import { pino, type Level } from 'pino'
import type { Clock } from './clock.ts'
import { scrub } from './scrub.ts'

type Fields = Record<string, unknown>

export interface Log {
  debug(fields: Fields, message: string): void
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
  error(fields: Fields, message: string): void
}

export interface LogOptions {
  level: Level | 'silent'
  clock: Pick<Clock, 'now'>
  /** Takes one line, with its end. */
  write(line: string): void
}

/** Whatever stands under these names is not for a log. */
const SECRET_NAMES =
  /^(access_?token|refresh_?token|id_?token|client_?secret|code|authorization|cookie|password|data)$/i
const DEEPEST = 4

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
    (fields: Fields, message: string): void =>
      logger[to](redact(fields, 0) as Fields, scrub(message))
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrub(value)
  if (value instanceof Error) return describe(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEEPEST) return '[…]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  const entries = Object.entries(value).map(([name, item]): [string, unknown] => [
    name,
    SECRET_NAMES.test(name) ? '[redacted]' : redact(item, depth + 1),
  ])
  return Object.fromEntries(entries)
}

/** Name and scrubbed message, and where it came from: never the error's other properties, which hold whole requests. */
function describe(error: Error): Fields {
  const frames = (error.stack ?? '').split('\n').filter((frame) => frame.startsWith('    at '))
  return { name: error.name, message: scrub(error.message), stack: frames.slice(0, 5).join('\n') }
}
