/** Waits, by real time, for what happens in other processes. */
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 240_000
const POLL_MS = 100

/**
 * Calls `look` until it returns something. A failed call is repeated: the API server may be unavailable.
 *
 * @throws Error that says what it waited for, and what the last call returned.
 */
export async function until<T>(what: string, look: () => Promise<T | false | undefined>, pollMs = POLL_MS): Promise<T> {
  const end = Date.now() + PATIENCE_MS
  let last: unknown
  while (Date.now() < end) {
    try {
      const found = await look()
      if (found !== false && found !== undefined) return found
      last = 'nothing'
    } catch (error) {
      last = error
    }
    await sleep(pollMs)
  }
  throw new Error(`waited in vain until ${what}; the last look: ${last instanceof Error ? last.message : String(last)}`)
}
