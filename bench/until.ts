/** Waits in a bench. */
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 100
const LONGEST_MS = 5 * 60_000

/** Looks ten times a second until there is something. @throws Error after five minutes, or `ms`. */
export async function until<T>(look: () => Promise<T | false>, ms = LONGEST_MS): Promise<T> {
  for (const began = performance.now(); performance.now() - began < ms; await pause(POLL_MS)) {
    const found = await look()
    if (found !== false) return found
  }
  throw new Error('It takes too long.')
}
