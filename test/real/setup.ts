import { rmSync } from 'node:fs'
import { findPrograms } from './assets.ts'

/** Returns the function that runs after all tests. */
export default async function setup(): Promise<() => void> {
  const programs = await findPrograms()
  process.stderr.write(`==> a real API server: ${programs['kube-apiserver']}\n`)
  return () => {
    if (process.env.AUDIT_LOGS) rmSync(process.env.AUDIT_LOGS, { recursive: true, force: true })
  }
}
