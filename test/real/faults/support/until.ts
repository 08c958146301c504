/** Waiting for what comes about in processes of their own, by real time. */
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 180_000
const POLL_MS = 100

/**
 * Looks until it finds something. A look that fails is made again: the API server may be away just now.
 *
 * @throws Error that says what was waited for, and what the last look found.
 */
export async function until<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
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
    await sleep(POLL_MS)
  }
  throw new Error(`waited in vain until ${what}; the last look: ${last instanceof Error ? last.message : String(last)}`)
}
