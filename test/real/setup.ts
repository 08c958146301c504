import { findPrograms } from './assets.ts'

export default async function setup(): Promise<void> {
  const programs = await findPrograms()
  process.stderr.write(`==> a real API server: ${programs['kube-apiserver']}\n`)
}
