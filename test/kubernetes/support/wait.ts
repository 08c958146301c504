import type { Log } from '../../../src/platform/log.ts'
import { exchange, settle, threadPool, type ManualClock } from '../../support/clock.ts'

const PATIENCE_MS = 60_000

/** Waits for a condition, in real time, while the test's clock does not move. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await settle()
}

/** The same, with the test's clock moving on meanwhile, slowly enough for requests to be answered in time. */
export async function untilTime(clock: ManualClock, what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  for (let step = 0; !isSo(); step++) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await clock.advance(100)
    await exchange()
    if (step % 10 === 0) await threadPool()
  }
  await settle()
}

/** Keeps what was logged. */
export class LogBook implements Log {
  readonly lines: { level: string; fields: Record<string, unknown>; message: string }[] = []

  debug(fields: Record<string, unknown>, message: string): void {
    this.lines.push({ level: 'debug', fields, message })
  }

  info(fields: Record<string, unknown>, message: string): void {
    this.lines.push({ level: 'info', fields, message })
  }

  warn(fields: Record<string, unknown>, message: string): void {
    this.lines.push({ level: 'warn', fields, message })
  }

  error(fields: Record<string, unknown>, message: string): void {
    this.lines.push({ level: 'error', fields, message })
  }
}
