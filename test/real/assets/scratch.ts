import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const PREFIX = 'unfinished-'
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000

/**
 * Runs `work` in a directory of its own beside the finished programs, on the same file system so that a rename is whole
 * or not at all: whoever is interrupted leaves nothing that looks like a program. Leftovers of a day ago are removed.
 */
export async function inScratch(directory: string, work: (scratch: string) => Promise<void>): Promise<void> {
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith(PREFIX))) {
    const path = join(directory, name)
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_AFTER_MS) rmSync(path, { recursive: true, force: true })
  }
  const scratch = mkdtempSync(join(directory, PREFIX))
  try {
    await work(scratch)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Moves finished programs from the scratch directory to the cache. */
export function install(programs: readonly string[], scratch: string, directory: string): void {
  for (const program of programs) {
    chmodSync(join(scratch, program), 0o755)
    renameSync(join(scratch, program), join(directory, program))
  }
}
