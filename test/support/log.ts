import { createLog, type Log } from '../../src/platform/log.ts'
import { ManualClock } from './clock.ts'

/** A log of which nothing is read. */
export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** A log that keeps its lines as objects. */
interface KeptLog extends Log {
  readonly lines: Record<string, unknown>[]
  /** Everything that was written, as text, to search it for secrets. */
  readonly text: string
}

export function keepLog(level: 'debug' | 'info' | 'warn' = 'debug', clock = new ManualClock()): KeptLog {
  const written: string[] = []
  const log = createLog({ level, clock, write: (line) => void written.push(line) })
  return {
    ...log,
    get lines() {
      return written.map((line) => JSON.parse(line) as Record<string, unknown>)
    },
    get text() {
      return written.join('')
    },
  }
}
