/**
 * Keeps the states of our objects during journeys, for the tests that validate them afterwards: one file for all states that
 * differ only in names, times and messages. They are kept in the directory that SNAPSHOTS names, if it is set.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Snapshot {
  apiVersion: string
  kind: string
  metadata: { name: string; generation?: number; deletionTimestamp?: string; finalizers?: string[] }
  spec?: { suspend?: boolean }
  status?: { observedGeneration?: number; conditions?: { type: string; status: string; reason: string }[] }
}

/** @param directory that of SNAPSHOTS; nothing is kept if it is empty. */
export function keepSnapshot(object: Snapshot, directory = process.env.SNAPSHOTS ?? ''): void {
  if (directory === '') return
  mkdirSync(directory, { recursive: true })
  const name = createHash('sha256')
    .update(JSON.stringify(characterOf(object)))
    .digest('hex')
    .slice(0, 16)
  const path = join(directory, `${name}.json`)
  if (!existsSync(path)) writeFileSync(path, JSON.stringify(object))
}

/** @throws Error if nothing was kept. */
export function keptSnapshots(directory = process.env.SNAPSHOTS ?? ''): Snapshot[] {
  if (!existsSync(directory)) throw new Error('No journey ran: run all of vitest.kubernetes.config.ts.')
  return readdirSync(directory)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as Snapshot)
}

/** The parts of an object that a state consists of. */
function characterOf({ kind, metadata, spec, status }: Snapshot): unknown {
  const { generation = 0, deletionTimestamp, finalizers = [] } = metadata
  const conditions = status?.conditions?.map(({ type, status: holds, reason }) => [type, holds, reason])
  const behind = status?.observedGeneration === undefined ? 'unseen' : generation - status.observedGeneration
  return [kind, deletionTimestamp !== undefined, finalizers, spec?.suspend ?? false, behind, conditions]
}
